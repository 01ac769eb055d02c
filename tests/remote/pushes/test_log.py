"""What of pushes survives, and what it costs."""

from __future__ import annotations

import logging
from pathlib import Path

import msgspec
import pytest

from engine.foundation.errors import ConfigError
from engine.remote.pushes.groups import Groups
from engine.remote.pushes.log import PushLog
from tests.foundation.full import no_room


def pushed(groups: Groups, job: str, value: int) -> None:
    groups.push({"job": job}, f"a {value}\n".encode(), 1_000, replace=False)


def held(file: Path) -> dict[str, float]:
    log = PushLog(file)
    try:
        return {dict(group.labels)["job"]: group.families["a"].samples[0][2] for group in log.groups}
    finally:
        log.close()


def noted(log: PushLog, groups: Groups, job: str) -> bool:
    key = (("job", job),)
    group = groups.get(key)
    return log.delete(key, len(groups)) if group is None else log.put(group, len(groups))


def test_groups_are_as_they_were_after_the_last_push(tmp_path: Path) -> None:
    log, groups = PushLog(tmp_path / "pushes.log"), Groups()
    for job, value in (("a", 1), ("b", 2), ("a", 3), ("c", 4)):
        pushed(groups, job, value)
        noted(log, groups, job)
    groups.delete({"job": "c"})
    noted(log, groups, "c")
    log.close()
    assert held(tmp_path / "pushes.log") == {"a": 3, "b": 2}


def test_a_push_adds_what_it_brings_and_no_more(tmp_path: Path) -> None:
    file = tmp_path / "pushes.log"
    log, groups = PushLog(file), Groups()
    sizes = []
    for number in range(20):
        pushed(groups, f"job{number:02}", number)
        before = file.stat().st_size
        noted(log, groups, f"job{number:02}")
        sizes.append(file.stat().st_size - before)
    log.close()
    assert max(sizes) == min(sizes)


def test_a_log_of_which_most_is_gone_is_written_anew(tmp_path: Path) -> None:
    file = tmp_path / "pushes.log"
    log, groups = PushLog(file), Groups()
    asked = False
    for number in range(1100):
        pushed(groups, "a", number)
        asked = noted(log, groups, "a") or asked
    assert asked
    before = file.stat().st_size
    log.rewrite(groups)
    pushed(groups, "a", 7)
    noted(log, groups, "a")
    log.close()
    assert file.stat().st_size < before / 100
    assert held(file) == {"a": 7}


def test_a_log_that_cannot_be_written_anew_goes_on_as_it_is(tmp_path: Path, caplog: pytest.LogCaptureFixture) -> None:
    file = tmp_path / "pushes.log"
    log, groups = PushLog(file), Groups()
    pushed(groups, "a", 1)
    noted(log, groups, "a")
    with no_room(), caplog.at_level(logging.WARNING):
        log.rewrite(groups)
    assert "not made smaller" in caplog.text
    pushed(groups, "b", 2)
    noted(log, groups, "b")
    log.close()
    assert held(file) == {"a": 1, "b": 2}
    assert [path.name for path in tmp_path.iterdir()] == ["pushes.log"]


def test_a_file_of_the_form_before_is_read(tmp_path: Path) -> None:
    groups = Groups()
    pushed(groups, "a", 5)
    (tmp_path / "pushes").write_bytes(msgspec.msgpack.encode({"format": 1, "groups": list(groups)}))
    assert held(tmp_path / "pushes.log") == {"a": 5}
    assert not (tmp_path / "pushes").exists()
    assert held(tmp_path / "pushes.log") == {"a": 5}


def test_a_torn_record_is_passed_over(tmp_path: Path) -> None:
    file = tmp_path / "pushes.log"
    log, groups = PushLog(file), Groups()
    for job in ("a", "b"):
        pushed(groups, job, 1)
        noted(log, groups, job)
    log.close()
    file.write_bytes(file.read_bytes()[:-3])
    assert held(file) == {"a": 1}


def test_something_else_in_its_place_is_refused(tmp_path: Path) -> None:
    (tmp_path / "pushes").write_bytes(b"nonsense")
    with pytest.raises(ConfigError, match="move the file away"):
        PushLog(tmp_path / "pushes.log")
