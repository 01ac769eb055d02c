"""How long lines are kept, and what is deleted on request."""

from __future__ import annotations

from pathlib import Path

import pytest

from engine.foundation.errors import DamagedError
from engine.foundation.values import GoDuration, Size
from engine.logs.config.document import CompactorConfig, LokiConfig
from engine.logs.config.limits import Limits, StreamRetention
from engine.logs.config.settings import NOBODY, LogSettings
from engine.logs.service import LogService
from engine.logs.store.options import LogOptions
from engine.logs.store.store import LogStore
from engine.testing.manual_clock import ManualClock
from promql.model.durations import Duration
from promql.model.labels import Labels
from tests.logs.twin import EVER, EVERYTHING, answer, named, run

HOUR = 3600 * 10**9
DAY = 24 * HOUR
NOW = 1_795_600_800 * 10**9
A, B = named(job="a"), named(job="b")


def service(folder: Path | None = None, limits: Limits | None = None, **compactor: object) -> LogService:
    kept = CompactorConfig(retention_enabled=True, delete_request_cancel_period=GoDuration(3_600_000), **compactor)  # type: ignore[arg-type]
    config = LokiConfig(auth_enabled=False, limits_config=limits or Limits(), compactor=kept)
    return LogService(folder, LogSettings(config), ManualClock(NOW // 10**6))


def texts(found: LogService) -> list[bytes]:
    return [line for held in answer(found.store).values() for _, line in held]


def visible(found: LogService) -> list[bytes]:
    blocks = found.reader(NOBODY).blocks(EVERYTHING, *EVER)
    return [line for block in blocks for line in block.text().splitlines()]


def test_lines_go_when_their_time_is_over_and_stay_gone(tmp_path: Path) -> None:
    kept = service(tmp_path, Limits(retention_period=Duration(48 * 3_600_000)))
    for age, line in ((5 * DAY, b"old"), (HOUR, b"new")):
        kept.store.append([(A, run([(NOW - age, line)]))], {}, NOW)
        kept.store.seal()
    kept.clean(NOW)
    assert texts(kept) == [b"new"]
    assert len(list(tmp_path.glob("*.lines"))) == 1
    kept.close()
    store = LogStore(tmp_path)
    assert answer(store) == {'{job="a"}': [(NOW - HOUR, b"new")]}
    store.close()


def test_a_stream_may_be_kept_for_another_time() -> None:
    rule = StreamRetention(selector='{job="b"}', period=Duration(24 * 3_600_000))
    kept = service(None, Limits(retention_stream=(rule,)))
    kept.store.append([(A, run([(NOW - 5 * DAY, b"a")])), (B, run([(NOW - 5 * DAY, b"b")]))], {}, NOW)
    kept.store.seal()
    kept.clean(NOW)
    assert texts(kept) == [b"a"]
    assert [stream.named for stream in kept.store.catalog.streams()] == [A]


def test_size_bounds_what_is_kept_and_the_oldest_go_first() -> None:
    kept = service(None, retention_size=Size(1500))
    for hours in range(9, 0, -1):
        noise = bytes(33 + (n * 7919 * hours) % 90 for n in range(300))
        kept.store.append([(A, run([(NOW - hours * HOUR, noise)]))], {}, NOW)
        kept.store.seal()
    before = texts(kept)
    kept.clean(NOW)
    after = texts(kept)
    assert 0 < len(after) < 9
    assert after == before[-len(after) :]
    assert kept.store.files.size <= 1500


def test_files_that_were_made_one_hold_the_same_lines(tmp_path: Path) -> None:
    store = LogStore(tmp_path, LogOptions(compact_files=3))
    for n in range(3):
        store.append([(A, run([(n, b"x"), (7, b"same")])), (named(job=f"s{n}"), run([(n, b"y")]))], {}, 0)
        store.seal()
    before = answer(store)
    assert store.compact()
    assert len(list(tmp_path.glob("*.lines"))) == 1
    assert answer(store) == before
    store.close()
    store = LogStore(tmp_path)
    assert answer(store) == before
    store.close()


def test_a_crash_between_a_new_file_and_the_end_of_the_old_ones_doubles_nothing(tmp_path: Path) -> None:
    store = LogStore(tmp_path, LogOptions(compact_files=2))
    for n in range(2):
        store.append([(A, run([(n, b"x")]))], {}, 0)
        store.seal()
    olds = {path: path.read_bytes() for path in tmp_path.glob("*.lines")}
    before = answer(store)
    assert store.compact()
    store.close()
    for path, content in olds.items():
        path.write_bytes(content)
    store = LogStore(tmp_path)
    assert answer(store) == before
    assert not any(path.exists() for path in olds)
    store.close()


@pytest.mark.parametrize("mode", ["filter-only", "filter-and-delete"])
def test_lines_that_are_asked_to_go_are_hidden_at_once_and_deleted_later(mode: str, tmp_path: Path) -> None:
    kept = service(tmp_path, Limits(deletion_mode=mode))  # type: ignore[arg-type]
    kept.store.append([(A, run([(NOW - 3, b"secret 1"), (NOW - 2, b"fine"), (NOW - 1, b"secret 2")]))], {}, NOW)
    kept.deletions.add(NOBODY, '{job="a"} |= "secret"', NOW - 3, NOW - 2, NOW)
    assert visible(kept) == [b"fine", b"secret 2"]
    kept.clean(NOW + 2 * HOUR)
    assert visible(kept) == [b"fine", b"secret 2"]
    assert texts(kept) == ([b"secret 1"] if mode == "filter-only" else []) + [b"fine", b"secret 2"]
    kept.close()


def test_a_request_that_is_taken_back_hides_nothing(tmp_path: Path) -> None:
    kept = service(tmp_path)
    kept.store.append([(A, run([(NOW, b"x")]))], {}, NOW)
    kept.deletions.add(NOBODY, '{job="a"}', NOW - 1, NOW, NOW)
    assert visible(kept) == []
    (request,) = kept.deletions.of(NOBODY)
    kept.deletions.cancel(NOBODY, request.request_id)
    assert visible(kept) == [b"x"]
    kept.close()


def test_requests_outlive_a_restart(tmp_path: Path) -> None:
    kept = service(tmp_path)
    kept.deletions.add(NOBODY, '{job="a"}', 0, NOW, NOW)
    kept.close()
    again = service(tmp_path)
    assert [one.query for one in again.deletions.of(NOBODY)] == ['{job="a"}']
    assert again.reader(NOBODY).streams(EVERYTHING, *EVER) == list[Labels]()
    again.close()


@pytest.mark.parametrize("content", [b"[{", b"[{}]", b"\xff", b""], ids=["cut", "shape", "text", "empty"])
def test_damaged_requests_are_told_and_never_forgotten_in_silence(content: bytes, tmp_path: Path) -> None:
    (tmp_path / "deletions.json").write_bytes(content)
    with pytest.raises(DamagedError, match=r"deletions\.json: the requests to delete lines can't be read"):
        service(tmp_path)
    (tmp_path / "deletions.json").unlink()
    service(tmp_path).close()
