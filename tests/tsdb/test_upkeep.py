"""Maintenance: sealing, storing, shortening the log, forgetting; locks and restarts."""

from __future__ import annotations

import os
import resource
import threading
from pathlib import Path

import pytest

from engine.foundation.files import FolderLockedError, beside
from engine.tsdb.options import StoreOptions
from engine.tsdb.store import Store
from promql.model.panel import Kind
from promql.model.staleness import STALE_NAN
from tests.tsdb.twin import HOUR, answer, batch, equal, everything, named

SERIES = [named("m", i=str(i)) for i in range(70)]


def scrape(store: Store, key: str, times: range, series: list[object] | None = None) -> None:
    source = store.source(key)
    for time in times:
        store.append(source, [batch(source, time, [(s, float(time)) for s in series or SERIES])])


def logs(folder: Path) -> list[str]:
    return sorted(path.name for path in (folder / "wal").iterdir())


def parts(folder: Path) -> list[str]:
    return sorted(path.name for path in (folder / "parts").iterdir())


def test_sealing_and_storing_change_no_answer(tmp_path: Path) -> None:
    store = Store.open(tmp_path, StoreOptions(seal_rows=10))
    scrape(store, "a", range(0, 300_000, 15_000))
    before = answer(store, everything())
    assert store.maintain(0).stored_parts == 1
    assert answer(store, everything()) == before
    assert store.maintain(0).stored_parts == 0
    store.close()
    store = Store.open(tmp_path)
    assert answer(store, everything()) == before
    store.close()


def test_the_log_goes_once_its_samples_are_in_parts(tmp_path: Path) -> None:
    options = StoreOptions(seal_rows=10, segment_bytes=3000, log_compression=False)
    store = Store.open(tmp_path, options)
    scrape(store, "a", range(0, 450_000, 15_000))
    held = logs(tmp_path)
    store.maintain(0)
    assert set(logs(tmp_path)) < set(held)
    assert parts(tmp_path) == ["00000001.part"]
    before = answer(store, everything())
    store.close()
    store = Store.open(tmp_path, options)
    assert answer(store, everything()) == before
    store.close()


def test_a_wide_source_is_sealed_after_fewer_rows() -> None:
    store = Store.open(None, StoreOptions(seal_cells=70 * 20))
    scrape(store, "a", range(0, 450_000, 15_000))
    assert [len(part.table.times) for part in store.source("a").view.parts if part.table] == [20]
    store.close()


def test_a_slow_source_is_sealed_by_age_and_does_not_keep_the_log(tmp_path: Path) -> None:
    options = StoreOptions(segment_bytes=1000)
    store = Store.open(tmp_path, options)
    scrape(store, "slow", range(0, 1, 1))
    scrape(store, "fast", range(0, 3 * HOUR, 60_000))
    store.maintain(0)
    assert "00000001.wal" not in logs(tmp_path)
    store.close()


def test_of_a_small_fleet_the_log_keeps_no_more_than_is_open_and_a_dead_source_keeps_nothing(tmp_path: Path) -> None:
    store = Store.open(tmp_path)
    scrape(store, "dead", range(0, 1, 1))
    for hour in range(6):
        scrape(store, "alive", range(hour * HOUR, (hour + 1) * HOUR, 15_000), SERIES[:2])
        store.maintain(hour * HOUR)
    assert len(logs(tmp_path)) <= 3
    assert store.source("dead").open_since() is None
    store.close()
    store = Store.open(tmp_path)
    assert store.recovery.commits < 240
    store.close()


def test_a_crash_between_storing_a_part_and_shortening_the_log_doubles_nothing(tmp_path: Path) -> None:
    store = Store.open(tmp_path, StoreOptions(seal_rows=10, segment_bytes=1 << 20))
    scrape(store, "a", range(0, 300_000, 15_000))
    store.maintain(0)
    before = answer(store, everything())
    assert logs(tmp_path) == ["00000001.wal"]
    store.close()
    store = Store.open(tmp_path)
    assert store.recovery.commits == 10
    assert answer(store, everything()) == before
    store.close()


@pytest.mark.parametrize("folder", [True, False])
def test_retention_drops_whole_old_files_and_forgets_series_without_samples(folder: bool, tmp_path: Path) -> None:
    store = Store.open(tmp_path if folder else None, StoreOptions(retention_ms=10 * HOUR, seal_age_ms=HOUR))
    scrape(store, "old", range(0, HOUR, 60_000), [named("gone")])
    for hour in range(24):
        scrape(store, "new", range(hour * HOUR, (hour + 1) * HOUR, 60_000), [named("kept")])
        store.maintain(0)
    kept = answer(store, everything())
    assert list(kept) == [named("kept")]
    first = kept[named("kept")][0][0]
    assert 10 * HOUR < 24 * HOUR - first < 13 * HOUR
    assert store.series((equal("__name__", "gone"),), 0, 24 * HOUR) == []
    assert store.label_values("__name__", None, 0, 24 * HOUR) == ["kept"]
    source = store.source("old")
    store.append(source, [batch(source, 24 * HOUR, [(named("gone"), 1.0)])])
    assert store.label_values("__name__", None, 0, 24 * HOUR) == ["gone", "kept"]
    store.close()


def test_a_series_that_came_back_after_it_was_forgotten_survives_a_restart(tmp_path: Path) -> None:
    options = StoreOptions(retention_ms=4 * HOUR, seal_age_ms=HOUR, segment_bytes=2000)
    store = Store.open(tmp_path, options)
    scrape(store, "old", range(0, HOUR, 60_000), [named("gone")])
    for hour in range(12):
        scrape(store, "new", range(hour * HOUR, (hour + 1) * HOUR, 60_000), [named("kept")])
        store.maintain(0)
    scrape(store, "old", range(12 * HOUR, 12 * HOUR + 1, 1), [named("gone")])
    before = answer(store, everything())
    store.close()
    store = Store.open(tmp_path, options)
    assert answer(store, everything()) == before
    store.close()


def test_a_new_retention_holds_from_the_next_turn_on() -> None:
    store = Store.open(None, StoreOptions(seal_rows=10, retention_ms=0))
    for at in range(0, 12 * HOUR, HOUR):
        scrape(store, "a", range(at, at + 15 * 60_000, 60_000))
        store.maintain(at)
    kept = store.size.parts
    store.set_retention(3 * HOUR, 0)
    store.maintain(12 * HOUR)
    assert store.size.parts < kept
    assert store.size.min_time >= 7 * HOUR
    store.set_retention(0, 1)
    store.maintain(12 * HOUR)
    assert store.size.parts == 1  # what is open stays
    assert (store.options.retention_ms, store.options.retention_bytes) == (0, 1)
    store.close()


def test_what_was_done_is_counted() -> None:
    store = Store.open(None, StoreOptions(seal_rows=10, retention_ms=3 * HOUR))
    scrape(store, "gone", range(0, 300_000, 15_000), [named("gone")])
    store.maintain(0)
    assert (store.counts.files, store.counts.series_created, store.counts.series_removed) == (1, 1, 0)
    scrape(store, "a", range(5 * HOUR, 5 * HOUR + 60_000, 15_000))
    store.maintain(0)
    counts = store.counts
    assert (counts.series_created, counts.series_removed) == (71, 1)
    assert (counts.time_retentions, counts.size_retentions, counts.files) == (1, 0, 0)
    scrape(store, "a", range(5 * HOUR + 60_000, 5 * HOUR + 300_000, 15_000))
    store.set_retention(0, 1)
    store.maintain(0)
    assert (store.counts.time_retentions, store.counts.size_retentions, store.counts.files) == (1, 1, 0)
    store.close()


def test_retention_by_size_drops_the_oldest_files_until_the_rest_fits(tmp_path: Path) -> None:
    options = StoreOptions(seal_rows=10, segment_bytes=5000, retention_bytes=16_000, log_compression=False)
    store = Store.open(tmp_path, options)
    for at in range(0, 6_000_000, 300_000):
        scrape(store, "a", range(at, at + 300_000, 15_000))
        store.maintain(0)
    sizes = sum(path.stat().st_size for path in tmp_path.rglob("*.*"))
    assert sizes <= 16_000
    assert parts(tmp_path)
    assert "00000001.part" not in parts(tmp_path)
    store.close()


def test_a_full_disk_keeps_sealed_samples_in_the_log_and_says_so(tmp_path: Path) -> None:
    store = Store.open(tmp_path, StoreOptions(seal_rows=10))
    scrape(store, "a", range(0, 300_000, 15_000))
    before = answer(store, everything())
    soft, hard = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (100, hard))
    try:
        done = store.maintain(0)
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, (soft, hard))
    assert "no room" in done.problem
    assert parts(tmp_path) == []
    assert answer(store, everything()) == before
    assert store.maintain(0).stored_parts == 1
    assert answer(store, everything()) == before
    store.close()


def test_a_second_process_is_told_who_holds_the_folder(tmp_path: Path) -> None:
    store = Store.open(tmp_path)
    with pytest.raises(FolderLockedError, match=rf"{tmp_path}: another process \(pid {os.getpid()}\)"):
        Store.open(tmp_path)
    store.close()
    Store.open(tmp_path).close()


def test_a_target_that_goes_down_seals_its_table_and_its_up_stays_in_rows() -> None:
    store = Store.open(None)
    source = store.source("a")
    scrape(store, "a", range(0, 300_000, 15_000))
    down = [(s, STALE_NAN) for s in SERIES[1:]]
    store.append(source, [batch(source, 300_000, [(SERIES[0], 0.0), *down])])
    for time in range(315_000, 600_000, 15_000):
        store.append(source, [batch(source, time, [(SERIES[0], 0.0)])])
    (panel,) = store.select(everything(Kind.RANGE, 400_000, 600_000))
    assert list(panel.labels) == [SERIES[0]]
    assert source.view.ragged is None


def test_samples_of_a_few_columns_at_a_time_do_not_widen_the_table() -> None:
    store = Store.open(None)
    source = store.source("containers")
    for at in range(100):
        found = [batch(source, at * 1000 + i, [(s, 1.0)]) for i, s in enumerate(SERIES)]
        store.append(source, found)
    assert source.view.table is not None
    assert len(source.view.table.columns) < 8
    assert {len(samples) for samples in answer(store, everything()).values()} == {100}


def test_the_rules_of_a_group_fill_one_row() -> None:
    store = Store.open(None)
    source = store.source("group")
    for at in range(10):
        for one in SERIES:
            store.append(source, [batch(source, at * 1000, [(one, float(at))])])
    (panel,) = store.select(everything(Kind.RANGE))
    assert panel.values.shape == (70, 10)


def test_a_series_that_changes_its_source_stays_one_panel() -> None:
    store = Store.open(None, StoreOptions(seal_rows=10))
    scrape(store, "before reload", range(0, 300_000, 15_000))
    scrape(store, "after reload", range(300_000, 600_000, 15_000))
    store.maintain(0)
    (panel,) = store.select(everything(Kind.RANGE))
    assert panel.values.shape == (70, 40)
    assert panel.refs.tolist() == list(range(70))


def test_a_query_in_another_thread_sees_whole_commits_only(tmp_path: Path) -> None:
    store = Store.open(tmp_path, StoreOptions(seal_rows=7, seal_age_ms=5000))
    source = store.source("a")
    columns = source.columns(SERIES)
    done = threading.Event()
    wrong: list[object] = []

    def ask() -> None:
        while not done.is_set():
            panels = store.select(everything(Kind.RANGE))
            shapes = {(len(p.labels), p.values.shape) for p in panels}
            if len(shapes) > 1 or any((p.values != p.times).any() for p in panels):
                wrong.append(shapes)

    def keep() -> None:
        while not done.is_set():
            store.maintain(0)

    threads = [threading.Thread(target=ask), threading.Thread(target=keep)]
    for thread in threads:
        thread.start()
    template = batch(source, 0, [(s, 0.0) for s in SERIES])
    for time in range(1000):
        store.append(source, [type(template)(time, columns, template.values + time)])
    done.set()
    for thread in threads:
        thread.join()
    assert wrong == []
    store.close()


def test_what_a_killed_process_left_half_written_is_removed(tmp_path: Path) -> None:
    (tmp_path / "parts").mkdir()
    (tmp_path / "parts" / "00000001.part.tmp").write_text("half")
    Store.open(tmp_path).close()
    assert parts(tmp_path) == []


def test_a_file_that_could_not_be_finished_leaves_the_old_one(tmp_path: Path) -> None:
    path = tmp_path / "file"
    path.write_text("old")
    with pytest.raises(TypeError), beside(path) as file:
        file.writelines([b"new", None])  # type: ignore[list-item]
    assert path.read_text() == "old"
    assert list(tmp_path.iterdir()) == [path]
