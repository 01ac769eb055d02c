"""Requests become commits: whole or not at all, and in the log before they are answered."""

from __future__ import annotations

import struct
from collections.abc import Callable
from pathlib import Path
from typing import ParamSpec, TypeVar

import cramjam
import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from engine.foundation.workers import InlineWorkers
from engine.remote.places import COLUMN_BITS
from engine.remote.receiver import Receiver, WriteError, grouped
from engine.testing.manual_clock import ManualClock
from engine.tsdb.options import StoreOptions
from engine.tsdb.store import Store
from promql.model.labels import Labels
from promql.model.matchers import Matcher, MatchOp
from tests.remote.client import EXEMPLAR, chunk, label, labels, packed, series, varint
from tests.tsdb.twin import HOUR, answer, everything, named

NOW = 1_700_000_000_000

P = ParamSpec("P")
R = TypeVar("R")


class CountingWorkers(InlineWorkers):
    """Tells how often work was handed over."""

    def __init__(self) -> None:
        self.runs = 0

    async def run(self, function: Callable[P, R], /, *args: P.args, **kwargs: P.kwargs) -> R:
        self.runs += 1
        return function(*args, **kwargs)


def receiver(store: Store) -> Receiver:
    return Receiver(store, InlineWorkers(), ManualClock(NOW))


async def write(to: Receiver, *request: tuple[Labels, list[tuple[int, float]]]) -> None:
    await to.write(packed(b"".join(series(labels(one), *samples) for one, samples in request)))


def stored(store: Store) -> dict[Labels, list[tuple[int, float]]]:
    found = answer(store, everything())
    return {one: [(time, struct.unpack("d", value)[0]) for time, value in samples] for one, samples in found.items()}


def target(at: int) -> list[Labels]:
    return [named("m", job="j", instance=str(at), i=str(i)) for i in range(5)]


async def test_what_was_answered_is_there_and_there_after_a_restart(tmp_path: Path) -> None:
    store = Store.open(tmp_path)
    to = receiver(store)
    wanted = {one: [(NOW + at * 15_000, float(at)) for at in range(4)] for one in [*target(1), *target(2)]}
    for at in range(4):
        await write(to, *((one, [samples[at]]) for one, samples in wanted.items()))
        assert stored(Store.open(None)) == {}
    assert stored(store) == wanted
    store.close()
    again = Store.open(tmp_path)
    assert stored(again) == wanted
    await write(receiver(again), *((one, [(NOW + 90_000, 9.0)]) for one in wanted))
    assert stored(again) == {one: [*samples, (NOW + 90_000, 9.0)] for one, samples in wanted.items()}
    again.close()


async def test_the_series_of_a_target_are_one_panel() -> None:
    store = Store.open(None)
    to = receiver(store)
    for at in range(3):
        for one in target(1):
            await write(to, (one, [(NOW + at * 15_000, float(at))]))
    (panel,) = store.select(everything())
    assert (len(panel.labels), len(panel.times)) == (5, 3)


@pytest.mark.parametrize(
    ("sample", "said"),
    [
        ((NOW, 2.0), "duplicate sample for timestamp"),
        ((NOW - 1, 1.0), "out of order sample"),
        ((NOW - HOUR - 1, 1.0), "out of bounds"),
    ],
)
async def test_one_sample_that_is_refused_refuses_them_all(sample: tuple[int, float], said: str) -> None:
    store = Store.open(None)
    to = receiver(store)
    one, two, three = target(1)[0], target(2)[0], target(3)[0]
    await write(to, (one, [(NOW, 1.0)]))
    before = stored(store)
    with pytest.raises(WriteError, match=rf"^{said}$"):
        await write(to, (two, [(NOW, 1.0)]), (one, [sample]), (three, [(NOW, 1.0)]))
    assert stored(store) == before
    assert store.totals.appended == 1
    await write(to, (two, [(NOW, 1.0)]), (one, [(NOW, 1.0)]), (three, [(NOW, 1.0)]))
    assert stored(store).keys() == {one, two, three}


async def test_samples_of_one_request_that_contradict_each_other_are_passed_over() -> None:
    store = Store.open(None)
    to = receiver(store)
    one, two = target(1)[:2]
    await write(to, (one, [(NOW + 10, 1.0), (NOW + 5, 2.0), (NOW + 10, 3.0), (NOW + 20, 4.0)]), (two, [(NOW + 5, 5.0)]))
    assert stored(store) == {one: [(NOW + 10, 1.0), (NOW + 20, 4.0)], two: [(NOW + 5, 5.0)]}


async def test_bounds_are_taken_once_at_the_start_of_a_request() -> None:
    store = Store.open(None)
    one, two = target(1)[:2]
    to = receiver(store)
    await write(to, (one, [(NOW, 1.0)]))
    await write(to, (one, [(NOW + 3 * HOUR, 1.0)]), (two, [(NOW - HOUR, 1.0)]))
    assert stored(store)[two] == [(NOW - HOUR, 1.0)]


@pytest.mark.parametrize("body", [b"", b"garbage", bytes(cramjam.zstd.compress(b"abc" * 100))])
async def test_what_is_not_snappy_is_told(body: bytes) -> None:
    with pytest.raises(WriteError, match=r"^snappy: corrupt input$"):
        await receiver(Store.open(None)).write(body)


async def test_a_request_that_would_grow_without_bound_is_refused_before_it_does() -> None:
    with pytest.raises(WriteError, match="send smaller ones"):
        await receiver(Store.open(None)).write(varint(2**31) + b"\x00a")


async def test_an_empty_request_is_fine() -> None:
    store = Store.open(None)
    await receiver(store).write(packed(b""))
    assert stored(store) == {}


async def test_large_requests_are_decoded_in_a_worker() -> None:
    store, workers = Store.open(None), CountingWorkers()
    to = Receiver(store, workers, ManualClock(NOW))
    await to.write(packed(series(labels({"a": "small"}), (NOW, 1.0))))
    assert workers.runs == 0
    names = [named("m", i=f"{i * 2654435761:032x}") for i in range(5000)]
    await write(to, *((one, [(NOW, 1.0)]) for one in names))
    assert workers.runs == 1
    assert stored(store).keys() >= set(names)


@given(samples=st.lists(st.tuples(st.integers(0, 2), st.integers(0, 3), st.integers(0, 3)), min_size=1, max_size=30))
def test_grouping_keeps_every_sample_and_the_order_of_each_series(samples: list[tuple[int, int, int]]) -> None:
    series_ = np.array([(lane << COLUMN_BITS) + column for lane, column, _ in samples], np.int64)
    times = np.array([time for _, _, time in samples], np.int64)
    found: list[tuple[int, int, int, float]] = []
    lanes = []
    for lane, batches in grouped(series_, times, np.arange(float(len(samples)))):
        lanes.append(lane)
        for batch in batches:
            assert len(set(batch.columns.tolist())) == len(batch.columns)
            rows = zip(batch.columns.tolist(), batch.values.tolist(), strict=True)
            found += [(lane, column, batch.time, value) for column, value in rows]
    assert len(set(lanes)) == len(lanes)
    given_ = [(lane, column, time, float(at)) for at, (lane, column, time) in enumerate(samples)]
    assert sorted(found, key=lambda one: (one[:2], one[3])) == sorted(given_, key=lambda one: (one[:2], one[3]))
    for key in {one[:2] for one in given_}:
        assert [one[3] for one in found if one[:2] == key] == [one[3] for one in given_ if one[:2] == key]


def traced(trace: str, time: int) -> bytes:
    return chunk(EXEMPLAR, label("trace", trace) + b"\x11" + struct.pack("<d", 1.5) + b"\x18" + varint(time))


async def test_exemplars_come_with_their_samples_or_after_them() -> None:
    store = Store.open(None, StoreOptions(max_exemplars=10))
    to, one, other = receiver(store), named("m", job="j", i="1"), named("m", job="j", i="2")
    await to.write(packed(series(labels(one), (NOW, 1.0), more=traced("a", NOW))))
    await to.write(
        packed(series(labels(one), more=traced("b", NOW + 1)) + series(labels(other), more=traced("c", NOW)))
    )
    await to.write(packed(series(labels(one), (NOW + 9, 2.0)) + series(labels(one), more=traced("b", NOW - 1))))
    found = store.exemplars.select([(Matcher("__name__", MatchOp.EQUAL, "m"),)], 0, 2 * NOW)
    assert [(series, [(e.labels.get("trace"), e.value, e.time) for e in kept]) for series, kept in found] == [
        (one, [("a", 1.5, NOW), ("b", 1.5, NOW + 1)])
    ]


async def test_without_room_for_exemplars_they_are_passed_over() -> None:
    store = Store.open(None)
    await receiver(store).write(packed(series(labels(named("m")), (NOW, 1.0), more=traced("a", NOW))))
    assert len(store.exemplars) == 0
