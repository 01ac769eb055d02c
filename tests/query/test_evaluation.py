"""Queries in blocks of steps: the same answers, less memory at a time."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from functools import partial

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from msgspec.structs import replace

from engine.query.deadline import Deadline
from engine.query.evaluation import Evaluated, Room, blocks, evaluate
from engine.testing.manual_clock import ManualClock
from engine.tsdb.batch import Batch
from engine.tsdb.store import Store
from promql.errors import QueryTimeoutError, TooManySamplesError
from promql.model.labels import Labels
from promql.model.panel import Later, Need, Selected, Size
from promql.model.results import Matrix
from promql.model.staleness import STALE_NAN
from promql.plan.build import build
from promql.plan.window import Options, Window
from promql.syntax.parser import parse

STEP = 15_000
ROWS = 480
QUERIES = (
    "x",
    "rate(x[1m])",
    "sum by (a) (rate(x[2m]))",
    "x offset 1m + x",
    "topk(2, x)",
    "x @ end() - x",
    "x - x @ start()",
    "max_over_time(x[3m:30s])",
    "absent(x{a='1'})",
    "count_values('v', x > 400)",
    "vector(time())",
    "x{a='2'}",
    "quantile by (a) (0.5, x)",
)


@pytest.fixture(scope="module")
def store() -> Iterator[Store]:
    """Six counters over two hours; two end early, two begin late."""
    store = Store.open(None)
    source = store.source("test")
    columns = source.columns([Labels.of(__name__="x", a=str(i % 3), b=str(i)) for i in range(6)])
    for row in range(ROWS):
        values = np.array([float(row * (i + 1) % 500) for i in range(6)])
        values[:2] = np.where(row > 300, STALE_NAN, values[:2])
        some = columns if row > 150 else columns[:4]
        store.append(source, [Batch(row * STEP, some, values[: len(some)])])
    yield store
    store.close()


def evaluated(
    store: Store,
    query: str,
    window: Window,
    block: int = 1 << 30,
    portion: int = 1 << 30,
    *,
    limit: int = 1 << 30,
    measured: bool = False,
) -> Evaluated:
    expr = parse(query)
    plan = build(expr, window, Options(max_samples=limit))
    deadline = Deadline(ManualClock(0), 1.0)
    return evaluate(store, expr, plan, deadline, measured=measured, room=Room(block, portion))


def rows(result: object) -> dict[Labels, list[float | None]]:
    assert isinstance(result, Matrix)
    return {
        labels: [v if here else None for v, here in zip(row.tolist(), present, strict=True)]
        for labels, row, present in zip(result.labels, result.values, result.present, strict=True)
    }


@settings(max_examples=60)
@given(
    query=st.sampled_from(QUERIES),
    step=st.sampled_from([1, 7_000, 15_000, 60_000, 600_000]),
    count=st.integers(1, 60),
    start=st.integers(-300_000, ROWS * STEP),
    block=st.sampled_from([1, 500, 3_000]),
    portion=st.sampled_from([1, 30, 500, 3_000]),
)
def test_pieces_give_what_the_whole_gives(
    store: Store, *, query: str, step: int, count: int, start: int, block: int, portion: int
) -> None:
    window = Window(start, start + step * (count - 1), step)
    whole, cut = evaluated(store, query, window), evaluated(store, query, window, block, portion)
    if isinstance(whole.result, Matrix):
        assert isinstance(cut.result, Matrix)
        assert rows(cut.result) == rows(whole.result)
        assert list(cut.result.labels) == list(whole.result.labels)
        assert cut.result.times.tolist() == whole.result.times.tolist()


@pytest.mark.parametrize("query", QUERIES)
def test_blocks_count_the_samples_that_the_whole_counts(store: Store, query: str) -> None:
    window = Window(600_000, 6_000_000, 60_000)
    whole = evaluated(store, query, window, measured=True)
    assert whole.samples is not None
    for block, portion in ((500, 1 << 30), (500, 30), (1 << 30, 1)):
        cut = evaluated(store, query, window, block, portion, measured=True)
        assert cut.samples is not None
        assert cut.samples.tolist() == whole.samples.tolist()


@pytest.mark.parametrize("query", [*QUERIES, "x[5m]", "sum(rate(x[10m]))", "last_over_time(x[5m:10s])"])
def test_portions_count_the_samples_that_the_whole_counts_at_an_instant(store: Store, query: str) -> None:
    window = Window(3_000_000, 3_000_000, 0)
    whole, cut = (evaluated(store, query, window, portion=most, measured=True) for most in (1 << 30, 1))
    assert whole.samples is not None
    assert cut.samples is not None
    assert cut.samples.tolist() == whole.samples.tolist()


def test_a_block_reads_about_as_much_as_it_may(store: Store) -> None:
    plan = build(parse("rate(x[1m])"), Window(0, ROWS * STEP, STEP))
    (need,) = plan.needs
    assert store.weight(need) == pytest.approx(6 * ROWS, rel=0.4)
    windows = blocks(plan, store.weight, 500)
    assert len(windows) > 4
    assert [one.start for one in windows[1:]] == [one.end + STEP for one in windows[:-1]]
    assert (windows[0].start, windows[-1].end) == (0, ROWS * STEP)
    for window in windows:
        (need,) = build(parse("rate(x[1m])"), window).needs
        assert store.weight(need) < 1000


def test_a_block_is_no_shorter_than_the_range_that_each_of_its_steps_needs(store: Store) -> None:
    plan = build(parse("rate(x[1h])"), Window(3_600_000, ROWS * STEP, STEP))
    assert len(blocks(plan, store.weight, 1)) <= 2
    assert len(blocks(build(parse("vector(1)"), plan.window), store.weight, 1)) == 1


class Spy:
    """A store that remembers the widest answer that it gave."""

    def __init__(self, store: Store) -> None:
        self.widest = 0
        self.portions_asked = 0
        self._store = store

    def weight(self, need: Need) -> int:
        return self._store.weight(need)

    def glance(self, need: Need) -> Size | None:
        return self._store.glance(need)

    def portions(self, need: Need, most: int) -> list[Later]:
        return [replace(one, fetch=partial(self._portion, one)) for one in self._store.portions(need, most)]

    def _portion(self, one: Later) -> Sequence[Selected]:
        self.portions_asked += 1
        return self._seen(one.fetch())

    def select(self, need: Need) -> Sequence[Selected]:
        return self._seen(self._store.select(need))

    def _seen(self, selected: Sequence[Selected]) -> Sequence[Selected]:
        self.widest = max(self.widest, sum(one.values.size for one in selected))
        return selected


def test_a_wide_query_reads_a_block_at_a_time(store: Store) -> None:
    expr, spy = parse("sum(rate(x[1m])) / count(rate(x[1m]))"), Spy(store)
    plan = build(expr, Window(0, ROWS * STEP, STEP))
    evaluate(spy, expr, plan, Deadline(ManualClock(0), 1.0), room=Room(500))
    assert 0 < spy.widest < 1000


@pytest.mark.parametrize("query", ["sum(sum_over_time(x[2h]))", "topk(1, max_over_time(x[2h]))", "x[2h]"])
def test_an_instant_query_over_a_long_range_reads_a_portion_at_a_time(store: Store, query: str) -> None:
    expr, spy = parse(query), Spy(store)
    plan = build(expr, Window(ROWS * STEP, ROWS * STEP, 0))
    got = evaluate(spy, expr, plan, Deadline(ManualClock(0), 1.0), room=Room(portion=500))
    want = evaluate(store, expr, plan, Deadline(ManualClock(0), 1.0))
    assert str(got.result) == str(want.result)
    assert spy.portions_asked > 3
    assert 0 < spy.widest <= 500


@pytest.mark.parametrize("block", [1 << 30, 500])
def test_values_of_all_blocks_count_against_the_limit(store: Store, block: int) -> None:
    window = Window(600_000, 6_000_000, 60_000)
    result = evaluated(store, "x", window).result
    assert isinstance(result, Matrix)
    evaluated(store, "x", window, block, limit=result.values.size)
    with pytest.raises(TooManySamplesError):
        evaluated(store, "x", window, block, limit=result.values.size // 2)


def test_a_query_that_holds_too_much_is_refused_before_it_is_evaluated(store: Store) -> None:
    window = Window(600_000, 6_000_000, 60_000)
    for query in ("rate(x[1m])", "x + x offset 1m", "sum(rate(x[1m]))", "x[1h]"):
        instant = Window(6_000_000, 6_000_000, 0)
        with pytest.raises(TooManySamplesError, match="query processing would load too many samples into memory"):
            evaluated(store, query, instant if query.endswith("]") else window, limit=100)


def test_time_is_looked_at_between_blocks(store: Store) -> None:
    clock = ManualClock(0)

    class Slow(Spy):
        def select(self, need: Need) -> Sequence[Selected]:
            clock._now_ns += 400_000_000
            return super().select(need)

    expr = parse("sum(rate(x[1m])) / count(rate(x[1m]))")
    plan = build(expr, Window(0, ROWS * STEP, STEP))
    with pytest.raises(QueryTimeoutError):
        evaluate(Slow(store), expr, plan, Deadline(clock, clock.monotonic() + 1.0), room=Room(500))
