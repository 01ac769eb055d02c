"""Whoever takes commits elsewhere misses none, from memory or from the log, and over restarts."""

from __future__ import annotations

from pathlib import Path

import numpy as np
from hypothesis import given, settings
from hypothesis import strategies as st
from msgspec.structs import replace

from engine.tsdb.batch import Batch
from engine.tsdb.log.feed import Feed, Piece, Position
from engine.tsdb.options import StoreOptions
from engine.tsdb.store import Store
from promql.model.labels import Labels

START = 1_700_000_000_000
SMALL = StoreOptions(segment_bytes=2_000)


def append(store: Store, number: int, key: str = "a") -> None:
    """One row of two series; the value is the row's number."""
    source = store.source(key)
    columns = source.columns([Labels.of(__name__="m", of=key, n=str(n)) for n in range(2)])
    store.append(source, [Batch(START + number * 1000, columns, np.full(2, float(number)))])


def taken(feed: Feed, most: int = 1_000_000) -> list[float]:
    """All that there is, as values of the first series' samples."""
    found: list[Piece] = []
    while True:
        if feed.behind:
            for one in feed.older():
                if isinstance(one, Position):
                    feed.pass_to(one)
                else:
                    found.append(one)
            continue
        pieces, position = feed.recent(most)
        if not pieces:
            break
        found += pieces
        feed.pass_to(position)
    return [float(value) for piece in found for value in piece.values[::2]]


def test_what_is_committed_is_given_out_once_and_in_its_order() -> None:
    with_memory = Store.open(None)
    feed = with_memory.follow(None, 1_000)
    for number in range(10):
        append(with_memory, number)
    assert taken(feed, most=3) == list(range(10))
    assert taken(feed) == []
    assert feed.pending == 0


def test_what_came_before_is_not_given_out(tmp_path: Path) -> None:
    store = Store.open(tmp_path)
    append(store, 0)
    feed = store.follow(None, 1_000)
    append(store, 1)
    assert taken(feed) == [1.0]
    store.close()


@settings(max_examples=25)
@given(most=st.integers(1, 30), rows=st.lists(st.integers(0, 25), min_size=1, max_size=5), sources=st.integers(1, 3))
def test_whoever_is_far_behind_reads_the_log_and_misses_nothing(
    tmp_path_factory: object, most: int, rows: list[int], sources: int
) -> None:
    folder = tmp_path_factory.mktemp("store")  # type: ignore[attr-defined]
    store = Store.open(folder, SMALL)
    feed = store.follow(None, most)
    found: list[float] = []
    number = 0
    for some in rows:
        for _ in range(some):
            append(store, number, key=f"s{number % sources}")
            number += 1
        found += taken(feed)
    assert sorted(found) == list(range(number))
    for source in range(sources):
        own = [value for value in found if value % sources == source]
        assert own == sorted(own)
    store.close()


def test_a_position_holds_over_a_restart_and_the_log_is_kept_for_it(tmp_path: Path) -> None:
    store = Store.open(tmp_path, SMALL)
    feed = store.follow(None, 4)
    for number in range(5):
        append(store, number)
    assert taken(feed) == list(range(5))
    kept = feed.position
    for number in range(5, 300):
        append(store, number)
    for _ in range(3):
        store.maintain(START + 40_000_000)  # seals, and would drop the log
    store.close()
    again = Store.open(tmp_path, SMALL)
    assert taken(again.follow(kept, 4)) == list(range(5, 300))
    again.close()


def test_the_log_is_not_kept_for_ever_for_whoever_does_not_come(tmp_path: Path) -> None:
    store = Store.open(tmp_path, replace(SMALL, held_bytes=6_000))
    feed = store.follow(None, 4)
    for number in range(300):
        append(store, number)
    before = store.size.bytes_stored
    for _ in range(3):
        store.maintain(START + 40_000_000)
    assert sum(path.stat().st_size for path in (tmp_path / "wal").iterdir()) <= 6_000 + SMALL.segment_bytes
    assert store.size.bytes_stored < before
    found = taken(feed)
    assert found == sorted(found)
    assert found[-1] == 299.0
    assert 0.0 not in found
    store.close()


def test_a_position_of_another_store_begins_now(tmp_path: Path) -> None:
    store = Store.open(tmp_path)
    append(store, 0)
    feed = store.follow(Position(1_000, 7), 10)
    append(store, 1)
    assert taken(feed) == [1.0]
    store.close()


def test_without_a_log_what_memory_cannot_hold_is_counted_as_lost() -> None:
    store = Store.open(None)
    feed = store.follow(None, 6)
    for number in range(10):
        append(store, number)
    assert taken(feed) == [7.0, 8.0, 9.0]
    assert feed.lost == 7
