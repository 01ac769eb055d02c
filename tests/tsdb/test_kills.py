"""A process that is killed while it appends: all that it was told to be appended is there, and nothing else."""

from __future__ import annotations

import random
from pathlib import Path

from engine.tsdb.store import Store
from tests.storing import killed
from tests.tsdb.appender import OPTIONS, expected
from tests.tsdb.twin import answer, everything

ROUNDS = 4


def test_what_was_acknowledged_survives_a_kill_and_nothing_else_appears(tmp_path: Path) -> None:
    chance = random.Random(7)
    commits = 0
    for _ in range(ROUNDS):
        acknowledged = killed("tests.tsdb.appender", tmp_path, commits, chance.randint(1, 300))
        store = Store.open(tmp_path, OPTIONS)
        found = answer(store, everything())
        store.close()
        # The one after the last acknowledged may have been logged when the process died, but then it is there whole.
        assert found in (expected(acknowledged), expected(acknowledged + 1))
        assert store.recovery.lost_commits == 0
        commits = acknowledged + (found != expected(acknowledged))
