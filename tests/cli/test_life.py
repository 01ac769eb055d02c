"""Engines behind the terminal: started, found, ended, and what they leave removed."""

from __future__ import annotations

import sys
from pathlib import Path
from subprocess import CompletedProcess, run

import psutil
import pytest

from engine.app.datafolder import DataFolder, is_ours, running
from engine.foundation.files import FolderLockedError
from tests.end_to_end.processes import fetch


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
