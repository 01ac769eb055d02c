"""Engines behind the terminal: started, found, ended, and what they leave removed."""

from __future__ import annotations

import sys
from collections.abc import Callable
from pathlib import Path
from subprocess import CompletedProcess, run

import psutil
import pytest

from engine.app.process.datafolder import DataFolder, is_ours, running
from engine.cli.running.life import StillRunningError, clear, end
from engine.foundation.errors import ConfigError
from engine.foundation.files import FolderLockedError, is_locked
from tests.end_to_end.processes import fetch
from tests.unprivileged import unprivileged


def engine(*words: str, cwd: Path) -> CompletedProcess[str]:
    command = [sys.executable, "-m", "engine", *words]
    return run(command, check=False, cwd=cwd, capture_output=True, text=True, timeout=60)


def test_an_engine_is_detached_found_stopped_and_cleared_away(tmp_path: Path) -> None:
    (tmp_path / "prometheus.yml").write_text("")
    started = engine("run", "--detach", "--listen", "prometheus=127.0.0.1:0", cwd=tmp_path)
    assert started.returncode == 0, started.stderr
    assert "ready in" in started.stderr
    found = running(tmp_path / "engine-data")
    assert found is not None
    try:
        assert b"Ready" in fetch(f"http://{found.ports['prometheus']}/-/ready")
        examined = engine("doctor", "--json", cwd=tmp_path)
        assert "nothing is scraped" in examined.stdout, examined.stderr
        asked = engine("query", "instant", "vector(1)", cwd=tmp_path)  # which finds it where it listens
        assert asked.stdout.split() == ["{}", "1"], asked.stderr
        again = engine("run", "--detach", cwd=tmp_path)
        assert (again.returncode, "runs with this folder already" in again.stderr) == (2, True)
        kept = engine("clear", "--yes", cwd=tmp_path)
        assert (kept.returncode, f"pid {found.pid}" in kept.stderr) == (1, True)
    finally:
        stopped = engine("stop", cwd=tmp_path)
    assert stopped.stdout == f"stopped (pid {found.pid})\n"
    assert not psutil.pid_exists(found.pid)
    assert engine("stop", cwd=tmp_path).returncode == 2
    assert engine("clear", "--yes", cwd=tmp_path).stdout == "engine-data is empty\n"
    assert engine("clear", cwd=tmp_path).stdout == "engine-data is empty\n"  # and is not asked for again
    assert [one.name for one in (tmp_path / "engine-data").iterdir()] == ["lock"]


def test_one_that_fails_says_why_and_leaves_its_code(tmp_path: Path) -> None:
    (tmp_path / "prometheus.yml").write_text("scrape: 1")
    failed = engine("run", "--detach", cwd=tmp_path)
    assert failed.returncode == 2
    assert 'unknown key "scrape"' in failed.stderr


def test_a_folder_that_is_not_an_engines_is_left_alone(tmp_path: Path) -> None:
    (tmp_path / "letters").mkdir()
    (tmp_path / "letters" / "dear").write_text("you")
    refused = engine("clear", "--yes", "--data-dir", "letters", cwd=tmp_path)
    assert refused.returncode == 2
    assert (tmp_path / "letters" / "dear").exists()


def test_a_folder_is_one_engines_at_a_time_and_a_killed_one_leaves_it_free(tmp_path: Path) -> None:
    first = DataFolder(tmp_path)
    assert running(tmp_path) is None  # it is not ready yet
    first.tell_ready({"prometheus": "127.0.0.1:1"})
    with pytest.raises(FolderLockedError):
        DataFolder(tmp_path)
    first.release()
    (tmp_path / "run.json").write_text('{"pid": 1, "ports": {}}')  # as one that was killed leaves it
    assert running(tmp_path) is None
    assert is_ours(tmp_path)


def test_to_look_whether_an_engine_runs_leaves_its_lock_alone(tmp_path: Path) -> None:
    """Else one that starts at that moment finds its folder in use, and ends."""
    folder = DataFolder(tmp_path)
    folder.tell_ready({})
    lock = tmp_path / "lock"
    before = lock.stat().st_mtime_ns
    assert running(tmp_path) is not None
    folder.release()
    assert not is_locked(tmp_path)
    assert running(tmp_path) is None
    assert lock.stat().st_mtime_ns == before
    lock.unlink()
    assert running(tmp_path) is None
    assert not lock.exists()


def test_whoever_may_only_read_the_folder_sees_who_runs_there(tmp_path: Path) -> None:
    folder = DataFolder(tmp_path)
    folder.tell_ready({"prometheus": "127.0.0.1:1"})
    (tmp_path / "lock").chmod(0o444)
    try:
        found = unprivileged(lambda: running(tmp_path))
        assert found is not None
        (tmp_path / "run.json").chmod(0)
        with pytest.raises(ConfigError, match="whether an engine uses it can't be seen: Permission denied"):
            unprivileged(lambda: running(tmp_path))
    finally:
        folder.release()


def test_a_folder_that_may_not_be_written_to_is_not_emptied(tmp_path: Path) -> None:
    (tmp_path / "lock").touch(0o444)
    clearing = clear.callback
    assert clearing is not None
    with pytest.raises(ConfigError, match="can't be written to: Permission denied: whoever's it is may empty it"):
        unprivileged(lambda: clearing(tmp_path, yes=True))


@pytest.mark.parametrize("yes", [True, False])
def test_what_is_anothers_within_a_folder_is_told(*, yes: bool, tmp_path: Path) -> None:
    (tmp_path / "lock").touch()
    theirs = tmp_path / "metrics" / "theirs"
    theirs.mkdir(parents=True)
    (theirs / "part").touch()
    theirs.chmod(0o444)
    clearing = clear.callback
    assert clearing is not None
    try:
        with pytest.raises(ConfigError, match=r"can't be emptied: .*part: Permission denied"):
            unprivileged(lambda: clearing(tmp_path, yes=yes))
    finally:
        theirs.chmod(0o755)


@pytest.mark.parametrize("record", [b"", b"{}", b'{"pid": 1, "ports": {"prometheus": "\xff"}}'])
def test_a_record_that_is_none_is_of_no_engine(record: bytes, tmp_path: Path) -> None:
    folder = DataFolder(tmp_path)
    (tmp_path / "run.json").write_bytes(record)
    assert running(tmp_path) is None
    folder.release()


@pytest.mark.parametrize("folder", ["file", "/proc/nothere"])
def test_a_data_folder_that_can_be_none_is_told_before_anything_is_detached(folder: str, tmp_path: Path) -> None:
    (tmp_path / "file").touch()
    (tmp_path / "prometheus.yml").touch()
    refused = engine("run", "--detach", "--data-dir", folder, cwd=tmp_path)
    assert (refused.returncode, refused.stderr.count("\n")) == (2, 1)
    assert refused.stderr.startswith(f"engine: the data folder {folder} can't be written to: ")


def test_none_is_detached_beside_one_that_starts_and_its_log_is_left_alone(tmp_path: Path) -> None:
    (tmp_path / "prometheus.yml").touch()
    starting = DataFolder(tmp_path / "engine-data")
    (tmp_path / "engine-data" / "engine.log").write_text("its own")
    refused = engine("run", "--detach", cwd=tmp_path)
    assert "another process" in refused.stderr
    assert (tmp_path / "engine-data" / "engine.log").read_text() == "its own"
    starting.release()


class Process:
    pid = 7

    def __init__(self, wait: Callable[[], object]) -> None:
        self._wait = wait

    def send_signal(self, sig: int) -> None:
        self._wait()

    def wait(self, timeout: float) -> object:
        return self._wait()


def raising(error: Exception) -> Callable[[], object]:
    def wait() -> object:
        raise error

    return wait


def test_an_engine_of_another_user_is_told_to_be_so_and_one_that_has_ended_is_stopped() -> None:
    end(Process(raising(psutil.NoSuchProcess(7))))
    with pytest.raises(StillRunningError, match=r"\(pid 7\) is another user's: they, or root, may end it"):
        end(Process(raising(psutil.AccessDenied(7))))
