"""A disk that is really full: appends stop with a clear error, queries go on, and all goes on once there is room."""

from __future__ import annotations

import subprocess
import sys
from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path

import pytest

from engine.foundation.errors import DiskError, DiskFullError
from engine.tsdb.options import StoreOptions
from engine.tsdb.store import Store
from tests.storing import ROOT, fill_up, small_disk
from tests.tsdb.appender import OPTIONS, expected
from tests.tsdb.twin import Twin, answer, batch, equal, everything, named

SERIES = [named("m", i=str(i)) for i in range(40)]


@pytest.fixture
def disk(tmp_path: Path) -> Iterator[Path]:
    with small_disk(tmp_path) as place:
        yield place


def append(store: Store, twin: Twin, time: int, name: str = "m") -> None:
    source = store.source("s")
    series = [(labels.set("__name__", name), time / 3) for labels in SERIES]
    counts = store.append(source, [batch(source, time, series)])
    assert counts == twin.append([(time, series)])


def until_full(store: Store, twin: Twin, time: int, name: str = "m") -> int:
    """Append until the disk has no room for it; the time of the first commit that was not taken."""
    with suppress(DiskFullError):
        while True:
            append(store, twin, time, name)
            time += 1000
    with pytest.raises(DiskFullError, match=r"no room to write.*: nothing more is taken until there is"):
        append(store, twin, time, name)
    return time


def test_appends_stop_queries_go_on_and_writing_resumes_when_there_is_room(disk: Path) -> None:
    store, twin = Store.open(disk / "data"), Twin()
    append(store, twin, 0)
    filler = fill_up(disk)
    time = until_full(store, twin, 1000)
    assert answer(store, everything()) == twin.select(everything())
    until_full(store, twin, time)
    filler.unlink()
    append(store, twin, time)
    assert answer(store, everything()) == twin.select(everything())
    store.close()
    store = Store.open(disk / "data")
    assert store.recovery.damages == ()
    assert answer(store, everything()) == twin.select(everything())
    store.close()


def test_a_new_series_whose_name_has_no_room_leaves_no_trace_and_may_come_later(disk: Path) -> None:
    store, twin = Store.open(disk / "data"), Twin()
    append(store, twin, 0)
    filler = fill_up(disk)
    time = until_full(store, twin, 1000)
    with pytest.raises(DiskFullError, match=r"series\.log"):
        store.append(
            store.source("t"), [batch(store.source("t"), time, [(named("n", i=str(i)), 1.0) for i in range(2000)])]
        )
    assert store.series((equal("__name__", "n"),), 0, time) == []
    filler.unlink()
    append(store, twin, time, "n")
    store.close()
    store = Store.open(disk / "data")
    assert (store.recovery.damages, store.recovery.lost_commits) == ((), 0)
    assert answer(store, everything()) == twin.select(everything())
    store.close()


def test_maintenance_keeps_sealed_samples_in_the_log_until_there_is_room_for_a_part(disk: Path) -> None:
    store, twin = Store.open(disk / "data", StoreOptions(seal_rows=20)), Twin()
    for at in range(50):
        append(store, twin, at * 1000)
    filler = fill_up(disk)
    for _ in range(2):
        done = store.maintain(0)
        assert done.stored_parts == 0
        assert "no room to store sealed samples" in done.problem
        assert answer(store, everything()) == twin.select(everything())
    assert list((disk / "data" / "parts").iterdir()) == []
    filler.unlink()
    assert store.maintain(0).stored_parts == 2
    assert answer(store, everything()) == twin.select(everything())
    store.close()
    store = Store.open(disk / "data")
    assert answer(store, everything()) == twin.select(everything())
    store.close()


def test_a_process_that_dies_on_a_full_disk_loses_nothing_that_was_appended(disk: Path) -> None:
    command = [sys.executable, "-m", "tests.tsdb.appender", str(disk / "data"), "0"]
    died = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=False)
    assert "DiskFullError" in died.stderr
    store = Store.open(disk / "data", OPTIONS)
    assert (store.recovery.damages, store.recovery.lost_commits) == ((), 0)
    assert answer(store, everything()) == expected(died.stdout.count("\n"))
    store.close()


def test_a_store_that_has_no_room_to_be_opened_says_so(disk: Path) -> None:
    fill_up(disk)
    with pytest.raises(DiskError, match=r"can't open the store \(No space left on device\)"):
        Store.open(disk / "data")


def test_a_store_is_opened_and_queried_on_a_full_disk(disk: Path) -> None:
    store, twin = Store.open(disk / "data"), Twin()
    for at in range(5):
        append(store, twin, at * 1000)
    store.close()
    with (disk / "data" / "series.log").open("ab") as log:
        log.write(b"rubbish, for which the names would be written anew")
    filler = fill_up(disk)
    store = Store.open(disk / "data")
    assert answer(store, everything()) == twin.select(everything())
    time = until_full(store, twin, 5000)
    filler.unlink()
    append(store, twin, time, "later")
    store.close()
    store = Store.open(disk / "data")
    assert answer(store, everything()) == twin.select(everything())
    store.close()
