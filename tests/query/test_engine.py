"""Queries within their limits."""

from __future__ import annotations

import asyncio
import threading
from collections.abc import Awaitable, Callable, Sequence
from typing import ParamSpec, TypeVar

import numpy as np
import pytest

from engine.foundation.clock import SystemClock
from engine.foundation.workers import InlineWorkers, ThreadWorkers
from engine.query.engine import QueryEngine, QueryLimits
from engine.query.evaluation import is_narrow
from engine.query.wishes import Wishes
from engine.testing.manual_clock import ManualClock
from promql.errors import (
    ParseError,
    PromQLError,
    QueryCanceledError,
    QueryTimeoutError,
    RangeQueryError,
    TooManySamplesError,
)
from promql.model.labels import Labels
from promql.model.panel import Need, Panel, Size
from promql.model.results import Matrix, Scalar, Vector
from promql.plan.build import build
from promql.plan.window import Window
from promql.syntax.parser import parse

P = ParamSpec("P")
R = TypeVar("R")
NOW = 1_700_000_000_000


class Shelf:
    """A store of one series with a sample every 15 s, which tells what it was asked and can take its time."""

    def __init__(self, while_selecting: Callable[[], None] = lambda: None) -> None:
        self.asked: list[Need] = []
        self.size: Size | None = None
        self._while_selecting = while_selecting

    def select(self, need: Need) -> Sequence[Panel]:
        self.asked.append(need)
        self._while_selecting()
        times = np.arange(NOW - 600_000, NOW + 1, 15_000)
        inside = times[(times >= need.start) & (times <= need.end)]
        return [Panel(inside, np.ones((1, len(inside))), (Labels.of(__name__="up"),), np.array([0]))]

    def weight(self, need: Need) -> int:
        return 41

    def portions(self, need: Need, _most: int) -> Sequence[Panel]:
        return self.select(need)

    def glance(self, _need: Need) -> Size | None:
        return self.size


class Gate:
    """Workers that begin only when they are let."""

    def __init__(self) -> None:
        self.opened = asyncio.Event()

    async def run(self, function: Callable[P, R], /, *args: P.args, **kwargs: P.kwargs) -> R:
        await self.opened.wait()
        return function(*args, **kwargs)


def engine(clock: ManualClock, shelf: Shelf | None = None, **limits: float) -> QueryEngine:
    return QueryEngine(shelf or Shelf(), InlineWorkers(), clock, QueryLimits(**limits))  # type: ignore[arg-type] # ints


async def said(query: Awaitable[object]) -> str:
    """The error of a query."""
    with pytest.raises(PromQLError) as raised:
        await query
    return str(raised.value)


async def test_an_instant_query_looks_back_as_far_as_it_may(manual_clock: ManualClock) -> None:
    shelf = Shelf()
    result = await engine(manual_clock, shelf, lookback_ms=60_000).instant("up", NOW)
    assert isinstance(result, Vector)
    assert result.values.tolist() == [1.0]
    (need,) = shelf.asked
    assert NOW - need.start in (59_999, 60_000)


async def test_a_range_query_has_a_value_at_each_step(manual_clock: ManualClock) -> None:
    result = await engine(manual_clock).range("up", NOW - 60_000, NOW, 30_000)
    assert isinstance(result, Matrix)
    assert result.times.tolist() == [NOW - 60_000, NOW - 30_000, NOW]


async def test_a_subquery_without_a_step_follows_the_evaluation_interval(manual_clock: ManualClock) -> None:
    queries = engine(manual_clock)
    queries.default_step_ms = 20_000
    result = await queries.instant("count_over_time(up[1m:])", NOW)
    assert isinstance(result, Vector)
    assert result.values.tolist() == [4.0]


async def test_mistakes_are_told_before_anything_is_fetched(manual_clock: ManualClock) -> None:
    shelf = Shelf()
    queries = engine(manual_clock, shelf)
    with pytest.raises(ParseError):
        await queries.instant("up{", NOW)
    with pytest.raises(RangeQueryError, match='invalid expression type "range vector" for range query'):
        await queries.range("up[5m]", NOW, NOW, 1000)
    assert shelf.asked == []
    assert queries.counts.current == 0


async def test_a_query_of_too_many_samples_is_refused(manual_clock: ManualClock) -> None:
    with pytest.raises(TooManySamplesError):
        await engine(manual_clock, max_samples=3).instant("up[10m]", NOW)


@pytest.mark.parametrize(("own", "limit"), [(None, 2.0), (1.0, 2.0), (5.0, 2.0)])
async def test_a_query_ends_when_its_time_is_up(own: float | None, limit: float, manual_clock: ManualClock) -> None:
    allowed = min(own or limit, limit)
    shelf = Shelf(lambda: setattr(manual_clock, "_now_ns", manual_clock._now_ns + round(allowed * 0.6e9)))
    queries = engine(manual_clock, shelf, timeout_seconds=limit)
    with pytest.raises(QueryTimeoutError, match="query timed out in expression evaluation"):
        await queries.instant("up + up offset 1m + up offset 2m", NOW, Wishes(timeout=own))
    assert len(shelf.asked) == 2


async def test_queries_beyond_the_limit_wait_and_are_counted(manual_clock: ManualClock) -> None:
    gate = Gate()
    queries = QueryEngine(Shelf(), gate, manual_clock, QueryLimits(max_concurrency=1, timeout_seconds=5))
    async with asyncio.TaskGroup() as group:
        first = group.create_task(queries.instant("scalar(up)", NOW))
        second = group.create_task(queries.instant("scalar(up) + 1", NOW))
        await manual_clock.advance(4_000)
        assert queries.counts.current == 2
        gate.opened.set()
    assert (first.result(), second.result()) == (Scalar(NOW, 1.0), Scalar(NOW, 2.0))
    counts = queries.counts
    assert (counts.current, counts.total, counts.queue_seconds, counts.evaluate_seconds) == (0, 2, 4.0, 4.0)


async def test_a_query_that_waits_too_long_is_ended_in_the_queue(manual_clock: ManualClock) -> None:
    gate = Gate()
    queries = QueryEngine(Shelf(), gate, manual_clock, QueryLimits(max_concurrency=1, timeout_seconds=5))
    async with asyncio.TaskGroup() as group:
        group.create_task(queries.instant("scalar(up)", NOW))
        waiting = group.create_task(said(queries.instant("scalar(up) + 1", NOW, Wishes(timeout=2))))
        await manual_clock.advance(2_000)
        assert waiting.result() == "query timed out in query queue"
        gate.opened.set()


async def test_what_takes_hardly_longer_than_to_hand_it_over_is_answered_at_once(manual_clock: ManualClock) -> None:
    shelf, nobody = Shelf(), Gate()
    queries = QueryEngine(shelf, nobody, manual_clock)
    assert await queries.instant("1 + 1", NOW) == Scalar(NOW, 2.0)
    shelf.size = Size(series=1, sources=1, samples=41)
    assert await queries.instant("scalar(up)", NOW) == Scalar(NOW, 1.0)
    assert isinstance(await queries.range("avg_over_time(up[1m])", NOW - 60_000, NOW, 1000), Matrix)
    measured = await queries.answer("scalar(up)", Window(NOW, NOW, 0), Wishes(measured=True))
    assert (measured.result, measured.evaluated.samples) == (Scalar(NOW, 1.0), np.array([1]))


@pytest.mark.parametrize(
    ("query", "steps", "size"),
    [
        ("up", 1, Size(series=1, sources=1, samples=100_000)),
        ("up", 1, Size(series=100, sources=100, samples=2_000)),
        ("up", 1, None),
        ("up", 10_000, Size(series=10, sources=1, samples=400)),
        ("quantile_over_time(0.5, up[1h])", 360, Size(series=1, sources=1, samples=1440)),
        ("count_over_time(vector(1)[1d:1s])", 1, Size(series=0, sources=0, samples=0)),
        ("+".join(["up"] * 30), 1, Size(series=1, sources=1, samples=41)),
    ],
)
def test_what_takes_longer_is_work_for_a_worker(query: str, steps: int, size: Size | None) -> None:
    shelf = Shelf()
    shelf.size = size
    window = Window(NOW - (steps - 1) * 1000, NOW, 1000 if steps > 1 else 0)
    assert not is_narrow(shelf, build(parse(query), window))


async def test_a_cancelled_query_stops_in_its_worker() -> None:
    selecting, go_on, ended = threading.Event(), threading.Event(), threading.Event()

    def pause() -> None:
        selecting.set()
        go_on.wait(10)

    class Watched(ThreadWorkers):
        async def run(self, function: Callable[P, R], /, *args: P.args, **kwargs: P.kwargs) -> R:
            def watched() -> R:
                try:
                    return function(*args, **kwargs)
                except QueryCanceledError:
                    ended.set()
                    raise

            return await super().run(watched)

    shelf, workers = Shelf(pause), Watched(1)
    queries = QueryEngine(shelf, workers, SystemClock())
    try:
        async with asyncio.TaskGroup() as group:
            task = group.create_task(queries.instant("up + up offset 1m + up offset 2m", NOW))
            await asyncio.to_thread(selecting.wait, 10)
            task.cancel()
        go_on.set()
        assert await asyncio.to_thread(ended.wait, 10)
        assert len(shelf.asked) == 1
        assert (queries.counts.current, queries.counts.total) == (0, 1)
    finally:
        go_on.set()
        workers.close()
