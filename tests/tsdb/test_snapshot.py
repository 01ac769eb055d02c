"""A snapshot opens like the store, answers like it at one commit, and lives on its own."""

from __future__ import annotations

import resource
import threading
from pathlib import Path

import pytest

from engine.foundation.errors import DiskFullError, StoreError
from engine.tsdb.options import StoreOptions
from engine.tsdb.store import Store
from promql.model.panel import Kind
from tests.tsdb.twin import EVER, Answer, answer, batch, equal, everything, named


def scrape(store: Store, times: range, key: str = "s") -> None:
    source = store.source(key)
    for time in times:
        store.append(source, [batch(source, time, [(named("m", i=str(i), key=key), float(time)) for i in range(8)])])


def opened(folder: Path) -> Answer:
    store = Store.open(folder)
    assert store.recovery.damages == ()
    found = answer(store, everything())
    store.close()
    return found


def test_a_snapshot_answers_exactly_like_the_store_parts_open_rows_and_deletions(tmp_path: Path) -> None:
    store = Store.open(tmp_path / "store", StoreOptions(seal_rows=10))
    scrape(store, range(0, 300_000, 15_000))
    store.maintain(0)
    store.delete([[equal("i", "3")]], 0, 100_000)
    scrape(store, range(300_000, 345_000, 15_000))
    before = answer(store, everything())
    store.snapshot(tmp_path / "copies" / "one")
    assert answer(store, everything()) == before
    assert opened(tmp_path / "copies" / "one") == before
    scrape(store, range(345_000, 400_000, 15_000))
    store.delete([[equal("i", "4")]], 0, EVER)
    store.clean_tombstones()
    assert opened(tmp_path / "copies" / "one") == before, "it is not touched by what happens to the store"
    store.close()


def test_without_the_head_it_has_what_files_of_parts_have(tmp_path: Path) -> None:
    store = Store.open(tmp_path / "store", StoreOptions(seal_rows=10))
    scrape(store, range(0, 300_000, 15_000))
    store.maintain(0)
    store.snapshot(tmp_path / "copy", with_open=False)
    assert {len(samples) for samples in opened(tmp_path / "copy").values()} == {10}
    store.close()


def test_files_of_parts_are_shared_and_not_copied(tmp_path: Path) -> None:
    store = Store.open(tmp_path / "store")
    scrape(store, range(0, 300_000, 15_000))
    store.snapshot(tmp_path / "copy")
    (ours,), (theirs,) = ((tmp_path / name / "parts").iterdir() for name in ("store", "copy"))
    assert ours.samefile(theirs)
    store.close()


def test_an_empty_store_has_an_empty_snapshot(tmp_path: Path) -> None:
    store = Store.open(tmp_path / "store")
    store.snapshot(tmp_path / "copy")
    assert opened(tmp_path / "copy") == {}
    store.close()


def test_a_copy_can_be_written_to_like_any_store(tmp_path: Path) -> None:
    store = Store.open(tmp_path / "store")
    scrape(store, range(0, 300_000, 15_000))
    store.snapshot(tmp_path / "copy")
    store.close()
    copy = Store.open(tmp_path / "copy")
    scrape(copy, range(300_000, 315_000, 15_000))
    copy.close()
    assert {len(samples) for samples in opened(tmp_path / "copy").values()} == {21}


def test_a_snapshot_under_appends_is_of_one_commit(tmp_path: Path) -> None:
    store = Store.open(tmp_path / "store", StoreOptions(seal_rows=7))

    def take() -> None:
        for number in range(5):
            store.snapshot(tmp_path / str(number))

    thread = threading.Thread(target=take)
    thread.start()
    for time in range(1_000):  # not for ever: it could be faster than the other
        scrape(store, range(time, time + 1), "first")
        scrape(store, range(time, time + 1), "second")
    thread.join()
    store.close()
    for number in range(5):
        copy = Store.open(tmp_path / str(number))
        ends = [source.latest for source in (copy.source("first"), copy.source("second"))]
        assert ends[0] - ends[1] in (0, 1)
        assert all((panel.values == panel.times).all() for panel in copy.select(everything(Kind.RANGE)))
        copy.close()


def test_a_store_in_memory_has_none() -> None:
    store = Store.open(None)
    with pytest.raises(StoreError, match="name a folder with --data-dir"):
        store.snapshot(Path("nowhere"))
    store.close()


def test_a_full_disk_leaves_nothing_of_a_snapshot(tmp_path: Path) -> None:
    store = Store.open(tmp_path / "store")
    scrape(store, range(0, 300_000, 15_000))
    store.maintain(0)
    soft, hard = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (10, hard))
    try:
        with pytest.raises(DiskFullError, match="no room"):
            store.snapshot(tmp_path / "copies" / "one")
        with pytest.raises(DiskFullError, match="nothing is left of it"):
            store.snapshot(tmp_path / "copies" / "one", with_open=False)
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, (soft, hard))
    assert list((tmp_path / "copies").iterdir()) == []
    store.snapshot(tmp_path / "copies" / "one")
    assert opened(tmp_path / "copies" / "one") == answer(store, everything())
    store.close()
