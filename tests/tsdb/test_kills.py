"""A process that is killed while it appends: all that it was told to be appended is there, and nothing else."""

from __future__ import annotations

import random
import signal
import subprocess
import sys
from pathlib import Path

from engine.tsdb.store import Store
from tests.tsdb.appender import OPTIONS, expected
from tests.tsdb.twin import answer, everything

ROUNDS = 4
ROOT = Path(__file__).resolve().parents[2]


def killed(folder: Path, first: int, after: int) -> int:
    """Let a process append from commit `first` on, kill it after some more; how many were acknowledged."""
    command = [sys.executable, "-m", "tests.tsdb.appender", str(folder), str(first)]
    with subprocess.Popen(command, cwd=ROOT, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True) as process:
        assert process.stdout is not None
        assert process.stderr is not None
        for _ in range(after):
            assert process.stdout.readline(), process.stderr.read()
        process.send_signal(signal.SIGKILL)
        rest = process.stdout.read().count("\n")
    assert process.returncode == -signal.SIGKILL
    return first + after + rest


def test_what_was_acknowledged_survives_a_kill_and_nothing_else_appears(tmp_path: Path) -> None:
    chance = random.Random(7)
    commits = 0
    for _ in range(ROUNDS):
        acknowledged = killed(tmp_path, commits, chance.randint(1, 300))
        store = Store.open(tmp_path, OPTIONS)
        found = answer(store, everything())
        store.close()
        # The one after the last acknowledged may have been logged when the process died, but then it is there whole.
        assert found in (expected(acknowledged), expected(acknowledged + 1))
        assert store.recovery.lost_commits == 0
        commits = acknowledged + (found != expected(acknowledged))
