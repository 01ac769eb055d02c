"""The experiment through the store: `sum by (mode) (rate(x[5m]))` at 360 steps over steady series, churning
series, and series with instants of their own, appended, sealed, selected and evaluated as in the running engine.

Each fleet has 10,000 series alive at any time in 20 sources, over 6 h at 15 s, 14.4 million samples in all:
- steady: the same series all the time;
- replaced: all label sets of a source are replaced every ten minutes, stale markers and all (a deployment);
- churning: the same, but at each scrape a fortieth of them, so that hardly any two scrapes have the same series;
- mortal: series end by chance, ten minutes after they began in the mean, so that no two live alike;
- own instants: each series is sampled at moments of its own.

Churn and own instants may cost at most three times steady. What is measured is CPU seconds, the best of three.

    python -m benchmarks rate_store        SERIES=2000 for a short run
"""

from __future__ import annotations

import os
import time
from collections.abc import Callable, Iterator, Sequence
from typing import Final

import numpy as np

from benchmarks.rate_kernel import EVERY, HOURS, MODES, QUERY, START, TARGETS, labels_of
from engine.tsdb.batch import Batch
from engine.tsdb.source import Source
from engine.tsdb.store import Store
from promql.execute.run import run
from promql.model.matchers import Matcher, MatchOp
from promql.model.panel import Kind, Need
from promql.model.results import Matrix
from promql.model.staleness import STALE_NAN
from promql.model.types import BoolArray, FloatArray, IntArray
from promql.plan.build import build
from promql.plan.window import Window
from promql.syntax.parser import parse

SERIES: Final = int(os.environ.get("SERIES", "10000"))
SCRAPES: Final = HOURS * 3_600_000 // EVERY
LIFE: Final = 40
"""Scrapes in the life of a churning series: ten minutes."""
TURN: Final = 20
"""Scrapes between two turns of maintenance: five minutes, as if the engine were busy."""
RUNS: Final = 3

_random = np.random.default_rng(7)

Ends = Callable[[int, int], BoolArray]
"""Which of so many series end before this scrape."""


class Target:
    """Counters of one source, some of which are replaced by others now and then."""

    def __init__(self, store: Store, number: int, size: int) -> None:
        self.source: Source = store.source(f"target {number}")
        self._store = store
        self._number = number
        self._values = np.zeros(size)
        self._born = 0
        self._columns = self._new(np.arange(size))

    def scrape(self, nth: int, ended: BoolArray) -> None:
        at = START + self._number * 701 + nth * EVERY
        self._values += _random.integers(0, 20, len(self._values))
        gone = np.empty(0, np.int64)
        if ended.any():
            places = np.flatnonzero(ended)
            gone = self._columns[places]
            self._columns[places] = self._new(places)
            self._values[places] = 0
        columns = np.concatenate([self._columns, gone])
        values: FloatArray = np.concatenate([self._values, np.full(len(gone), STALE_NAN)])
        self._store.append(self.source, [Batch(at, columns, values)])

    def _new(self, places: IntArray) -> IntArray:
        self._born += 1
        return self.source.columns([labels_of(self._number, place, self._born) for place in places.tolist()])


def filled(ends: Ends, scrapes: int = SCRAPES) -> Store:
    """A store with a fleet that was scraped all the time."""
    store = Store.open(None)
    targets = [Target(store, number, SERIES // TARGETS) for number in range(TARGETS)]
    for nth in range(scrapes):
        for target in targets:
            target.scrape(nth, ends(nth, SERIES // TARGETS))
        if nth % TURN == 0:
            store.maintain(START + nth * EVERY)
    return store


def steady(_nth: int, size: int) -> BoolArray:
    return np.zeros(size, np.bool_)


def replaced(nth: int, size: int) -> BoolArray:
    return np.full(size, nth > 0 and nth % LIFE == 0)


def churning(nth: int, size: int) -> BoolArray:
    ended: BoolArray = np.arange(size) % LIFE == (nth % LIFE if nth else -1)
    return ended


def mortal(nth: int, size: int) -> BoolArray:
    ended: BoolArray = _random.random(size) < (1 / LIFE if nth else 0.0)
    return ended


def own_instants() -> Store:
    store = Store.open(None)
    size = SERIES // TARGETS
    sources = [store.source(f"target {number}") for number in range(TARGETS)]
    columns = [
        np.split(source.columns([labels_of(number, i, 0) for i in range(size)]), size)
        for number, source in enumerate(sources)
    ]
    offsets = _random.integers(0, EVERY, (TARGETS, size))
    values = np.zeros((TARGETS, size))
    for nth in range(SCRAPES):
        values += _random.integers(0, 20, values.shape)
        times = (START + nth * EVERY + offsets).tolist()
        for number, source in enumerate(sources):
            own = np.split(values[number], size)
            store.append(source, list(map(Batch, times[number], columns[number], own)))
        if nth % TURN == 0:
            store.maintain(START + nth * EVERY)
    return store


FLEETS: Final[dict[str, Callable[[], Store]]] = {
    "steady": lambda: filled(steady),
    "replaced": lambda: filled(replaced),
    "churning": lambda: filled(churning),
    "mortal": lambda: filled(mortal),
    "own instants": own_instants,
}


def seconds(store: Store) -> tuple[float, float]:
    """CPU seconds that selecting and running took, in the best of the runs."""
    end = START + HOURS * 3_600_000
    took: list[tuple[float, float]] = []
    for _ in range(RUNS):
        plan = build(parse(QUERY), Window(end - 359 * 60_000, end, 60_000))
        begin = time.process_time()
        panels = {need: store.select(need) for need in plan.needs}
        selected = time.process_time()
        result = run(plan, panels)
        took.append((selected - begin, time.process_time() - selected))
        assert isinstance(result, Matrix)
        assert len(result.labels) == len(MODES)
    return min(took, key=sum)


def instant(sources: int = 1000, sealed: int = 2) -> Iterator[tuple[str, float]]:
    """Milliseconds for `up` of many sources: with the lookback in open rows, and where it reaches into parts."""
    store = Store.open(None)
    targets = [store.source(f"target {number}") for number in range(sources)]
    columns = [
        target.columns([labels_of(number, i, 0).set("__name__", "up" if not i else "x") for i in range(4)])
        for number, target in enumerate(targets)
    ]
    for nth in range(store.options.seal_rows * sealed + 30):
        for target, own in zip(targets, columns, strict=True):
            store.append(target, [Batch(START + nth * EVERY, own, np.ones(4))])
    store.maintain(START)
    at = START + nth * EVERY
    for name, lookback in (("open rows", 300_000), ("sealed parts", 900_000)):
        need = Need((Matcher("__name__", MatchOp.EQUAL, "up"),), at - lookback, at, Kind.INSTANT)
        yield name, min(_milliseconds(store, need) for _ in range(10))


def _milliseconds(store: Store, need: Need) -> float:
    begin = time.process_time()
    assert sum(len(panel.refs) for panel in store.select(need)) > 0
    return 1000 * (time.process_time() - begin)


def main(names: Sequence[str] = tuple(FLEETS)) -> None:
    base = 0.0
    for name in names:
        select, evaluate = seconds(FLEETS[name]())
        base = base or select + evaluate
        print(
            f"{name:14} select {select:.3f} s, run {evaluate:.3f} s, together {select + evaluate:.3f} s, "
            f"{(select + evaluate) / base:.2f} of steady",
            flush=True,
        )
    for name, took in instant():
        print(f"`up` of 1,000 sources, {name}: {took:.1f} ms")


if __name__ == "__main__":
    main()
