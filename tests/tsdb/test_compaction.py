"""Compaction: fewer files, the same answers, at whatever moment the process is killed."""

from __future__ import annotations

import os
import resource
import shutil
from collections.abc import Sequence
from dataclasses import dataclass, replace
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from engine.tsdb.batch import Batch
from engine.tsdb.options import StoreOptions
from engine.tsdb.store import Store
from engine.tsdb.upkeep.compactplan import Job, plan
from promql.model.labels import Labels
from tests.tsdb.twin import HOUR, Twin, answer, batch, equal, everything, named

SERIES = [named("m", i=str(i)) for i in range(30)]
OPTIONS = StoreOptions(seal_rows=40)
MINUTE = HOUR // 60


@dataclass(frozen=True)
class Ended:
    name: str
    level: int
    end: int


def planned(files: Sequence[Ended], newest: int, retention: int = 0) -> tuple[str, int] | None:
    job = plan(files, newest, retention)
    return None if job is None else ("".join(file.name for file in job.files), job.level)


def test_what_ended_in_the_same_two_hours_becomes_one_file_when_they_are_over() -> None:
    files = [Ended("a", 0, 1 * HOUR), Ended("b", 0, 2 * HOUR - 1), Ended("c", 0, 2 * HOUR)]
    assert planned(files, 2 * HOUR) is None
    assert planned(files, 2 * HOUR + 15 * MINUTE) == ("ab", 2)
    assert planned(files[1:], 2 * HOUR + 15 * MINUTE) is None
    assert planned([Ended("d", 1, HOUR)], 2 * HOUR + 15 * MINUTE) == ("d", 2)


def test_spans_become_three_times_as_long_up_to_a_tenth_of_the_retention() -> None:
    files = [Ended(str(n), 2, (2 * n + 1) * HOUR) for n in range(9)]
    assert planned(files, 20 * HOUR, 20 * HOUR) is None
    assert planned(files, 20 * HOUR, 60 * HOUR) == ("012", 3)
    assert planned([replace(file, level=3) for file in files], 20 * HOUR, 60 * HOUR) is None
    assert planned([replace(file, level=3) for file in files], 20 * HOUR) == ("012345678", 4)


def test_a_latecomer_waits_for_the_next_span() -> None:
    files = [Ended("a", 2, HOUR), Ended("b", 0, HOUR), Ended("c", 2, 3 * HOUR)]
    assert planned(files, 5 * HOUR) is None
    assert planned(files, 7 * HOUR) == ("abc", 3)


def test_sixteen_fresh_files_are_laid_together_whatever_the_time() -> None:
    files = [Ended(f"{n:x}", 0, n) for n in range(16)]
    assert planned(files[:15], HOUR) is None
    assert planned(files, HOUR) == ("0123456789abcdef", 1)
    assert Job((), 1).joins is False


def series_of(key: str) -> list[Labels]:
    return [labels.set("source", key) for labels in SERIES]


def scrape(store: Store, key: str, start: int, end: int, every: int = MINUTE) -> None:
    source = store.source(key)
    columns = source.columns(series_of(key))
    for time in range(start, end, every):
        store.append(source, [Batch(time, columns, np.arange(30) + time / 8)])


def files(folder: Path) -> list[str]:
    return sorted(path.name for path in (folder / "parts").iterdir())


def filled(folder: Path, until: int = 3 * HOUR) -> Store:
    """Two steady sources and a ragged one, with files of parts each half hour, none compacted yet."""
    store = Store.open(folder, OPTIONS)
    for start in range(0, until, 30 * MINUTE):
        scrape(store, "a", start, start + 30 * MINUTE)
        scrape(store, "b", start + 7, start + 30 * MINUTE, MINUTE // 2)
        late = store.source("late")
        for at, one in enumerate(SERIES[:7]):
            store.append(late, [batch(late, start + 1000 * at + 3, [(named("late", of=one.get("i")), float(at))])])
        if start == 60 * MINUTE:
            late.seal()
        store._maintenance.store(store._maintenance.unstored())
    return store


def test_a_store_answers_the_same_after_compaction_and_a_restart(tmp_path: Path) -> None:
    store = filled(tmp_path)
    before, many = answer(store, everything()), len(files(tmp_path))
    assert store.maintain(0).compactions == 1
    assert len(files(tmp_path)) < many
    assert answer(store, everything()) == before
    store.close()
    store = Store.open(tmp_path, OPTIONS)
    assert answer(store, everything()) == before
    store.close()


def test_the_old_files_count_while_the_new_one_is_damaged(tmp_path: Path) -> None:
    store = filled(tmp_path)
    before, kept = answer(store, everything()), tmp_path / "kept"
    shutil.copytree(tmp_path / "parts", kept, copy_function=os.link)
    store.maintain(0)
    (new,) = (file for file in store._state.files if file.replaces)
    store.close()
    data = bytearray(Path(new.name).read_bytes())
    data[int(new._footer.indexes["offset"][0]) + 5] ^= 1
    Path(new.name).write_bytes(data)
    for path in kept.iterdir():
        path.replace(tmp_path / "parts" / path.name)
    store = Store.open(tmp_path, OPTIONS)
    assert answer(store, everything()) == before
    store.close()


def test_series_are_found_in_their_oldest_samples_after_compaction_and_a_restart(tmp_path: Path) -> None:
    store = filled(tmp_path)
    store.maintain(0)
    store.close()
    store = Store.open(tmp_path, OPTIONS)
    assert len(store.series([equal("source", "a")], 0, 10 * MINUTE)) == 30
    store.delete([[equal("source", "a")]], 0, 10 * MINUTE)
    assert min(time for samples in answer(store, everything()).values() for time, _ in samples) > 0
    assert len(store.deletions) == 1
    store.close()


def test_rows_of_a_source_become_one_part(tmp_path: Path) -> None:
    store = filled(tmp_path)
    store.maintain(0)
    tables = [part.table for part in store.source("b").view.parts if part.table is not None]
    assert max(len(table.times) for table in tables) == 5 * 40
    store.close()


def test_a_store_in_memory_is_compacted_too() -> None:
    store = Store.open(None, OPTIONS)
    for start in range(0, 3 * HOUR, 30 * MINUTE):
        scrape(store, "a", start, start + 30 * MINUTE)
        store.maintain(0)
    parts = store.source("a").view.parts
    assert len(parts) < 4
    assert {len(samples) for samples in answer(store, everything()).values()} == {180}


@pytest.mark.parametrize("removed", [0, 1, 2])
def test_a_process_killed_before_it_removed_the_old_files_doubles_nothing(removed: int, tmp_path: Path) -> None:
    store = filled(tmp_path)
    before = answer(store, everything())
    kept = tmp_path / "kept"
    shutil.copytree(tmp_path / "parts", kept, copy_function=os.link)
    store.maintain(0)
    left = files(tmp_path)
    store.close()
    for path in sorted(kept.iterdir())[removed:]:
        if path.name not in left:
            path.rename(tmp_path / "parts" / path.name)
    store = Store.open(tmp_path, OPTIONS)
    assert files(tmp_path) == left
    assert answer(store, everything()) == before
    store.close()


def test_a_process_killed_while_it_wrote_the_new_file_keeps_the_old_ones(tmp_path: Path) -> None:
    store = filled(tmp_path)
    before, old = answer(store, everything()), files(tmp_path)
    compaction = store._maintenance._compaction
    while files(tmp_path) == old:
        compaction.work(1, 0)
    assert set(files(tmp_path)) > set(old)
    store.close()
    assert files(tmp_path) == old
    store = Store.open(tmp_path, OPTIONS)
    assert answer(store, everything()) == before
    store.close()


def test_a_query_that_began_before_goes_on_reading_the_old_parts(tmp_path: Path) -> None:
    store = filled(tmp_path)
    parts = [part for part in store.source("a").view.parts if part.table is not None]
    store.maintain(0)
    assert not {part.file for part in parts} <= {part.file for part in store.source("a").view.parts}
    for part in parts:
        assert part.table is not None
        out = np.empty((30, len(part.table.times)))
        part.table.fill(out, np.arange(30), 0, out.shape[1])
        assert (out == np.arange(30)[:, None] + part.table.times / 8).all()
    store.close()


def test_a_damaged_file_is_left_as_it_is_and_the_others_are_compacted(tmp_path: Path) -> None:
    store = filled(tmp_path)
    store.close()
    worst = tmp_path / "parts" / files(tmp_path)[0]
    data = bytearray(worst.read_bytes())
    data[40] ^= 1
    worst.write_bytes(data)
    store = Store.open(tmp_path, OPTIONS)
    done = [store.maintain(0).compactions for _ in range(3)]
    assert sum(done) == 1
    assert worst.read_bytes() == data
    store.close()


def test_without_room_for_the_new_file_the_old_ones_stay(tmp_path: Path) -> None:
    store = filled(tmp_path)
    before, old = answer(store, everything()), files(tmp_path)
    soft, hard = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (100, hard))
    try:
        assert "no room to compact" in store.compact()
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, (soft, hard))
    assert files(tmp_path) == old
    assert answer(store, everything()) == before
    assert store.maintain(0).compactions == 1
    assert answer(store, everything()) == before
    store.close()


def test_what_retention_dropped_meanwhile_does_not_come_back(tmp_path: Path) -> None:
    store = filled(tmp_path)
    compaction = store._maintenance._compaction
    compaction.work(1, 0)
    store.set_retention(HOUR, 0)
    store.maintain(0)
    starts = [part.end for key in "ab" for part in store.source(key).view.parts]
    assert min(starts) >= HOUR
    assert len(files(tmp_path)) == len(store._state.files)
    store.close()


@pytest.mark.parametrize(("series", "rows"), [(3, slice(0, 40)), (5, slice(7, 20)), (30, slice(0, 40))])
def test_a_rewritten_file_has_no_more_than_can_be_seen(series: int, rows: slice, tmp_path: Path) -> None:
    store = filled(tmp_path)
    before = answer(store, everything())
    part = store.source("a").view.parts[0]
    assert part.table is not None
    gone = part.table.times[rows].tolist()
    hidden = series_of("a")[:series]
    store.delete([[equal("source", "a"), equal("i", one.get("i"))] for one in hidden], gone[0], gone[-1])
    expected = {s: [x for x in found if s not in hidden or x[0] not in gone] for s, found in before.items()}
    assert answer(store, everything()) == expected
    (file,) = (file for file in store._state.files if file.key == part.file)
    with store._maintenance.exclusive():
        store._maintenance.rewrite(file)
    assert file not in store._state.files
    assert not any(part.deletions for part in store.source("a").view.parts)
    assert answer(store, everything()) == expected
    store.close()
    store = Store.open(tmp_path, OPTIONS)
    assert answer(store, everything()) == expected
    store.maintain(0)
    assert answer(store, everything()) == expected
    store.close()


lives = st.lists(st.tuples(st.integers(0, 11), st.integers(0, 60), st.integers(1, 40)), min_size=1, max_size=12)


@given(found=lives, every=st.sampled_from([MINUTE, 3 * MINUTE]))
def test_series_that_come_and_go_answer_the_same_after_compaction(
    found: list[tuple[int, int, int]], every: int
) -> None:
    store, twin = Store.open(None, StoreOptions(seal_rows=9)), Twin()
    source = store.source("a")
    for row in range(90):
        alive = sorted({n for n, first, length in found if first <= row < first + length})
        if alive:
            series = [(SERIES[n], float(row * n)) for n in alive]
            store.append(source, [batch(source, row * every, series)])
            twin.append([(row * every, series)])
        if row % 20 == 0:
            store.maintain(0)
    assert store.compact() == ""
    assert answer(store, everything()) == twin.select(everything())


def test_compaction_leaves_out_what_was_deleted_and_then_the_deletion_is_forgotten(tmp_path: Path) -> None:
    store = filled(tmp_path)
    store.delete([[equal("source", "a")]], 10 * MINUTE, 70 * MINUTE)
    before = answer(store, everything())
    assert len(store.deletions) == 1
    for _ in range(3):
        store.maintain(0)
    assert store.deletions == ()
    assert answer(store, everything()) == before
    store.close()
    store = Store.open(tmp_path, OPTIONS)
    assert answer(store, everything()) == before
    store.close()


def test_a_deletion_while_files_are_compacted_holds(tmp_path: Path) -> None:
    store = filled(tmp_path)
    old, compaction = files(tmp_path), store._maintenance._compaction
    while files(tmp_path) == old:
        compaction.work(1, 0)
    store.delete([[equal("source", "a")]], 10 * MINUTE, 70 * MINUTE)
    before = answer(store, everything())
    for _ in range(3):
        store.maintain(0)
        assert answer(store, everything()) == before
    store.close()
    store = Store.open(tmp_path, OPTIONS)
    assert answer(store, everything()) == before
    store.close()
