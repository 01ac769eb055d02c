"""What a run took. The counts of samples are those that Prometheus 2.42 tells for the same queries."""

from __future__ import annotations

from itertools import count

import pytest

from promql.execute.meter import Meter
from promql.execute.run import run
from promql.model.labels import Labels
from promql.model.staleness import STALE_NAN
from promql.plan.build import build
from promql.plan.nodes import Plan, Rollup, walk
from promql.plan.window import Window
from promql.syntax.parser import parse
from tests.promql.memory_store import MemoryStore

SECOND = 1000


@pytest.fixture
def store() -> MemoryStore:
    """Two series with a sample each second, one of which ends after 20 seconds."""
    store = MemoryStore()
    store.extend(Labels.of(__name__="up", a="1"), ((i * SECOND, 1.0) for i in range(60)))
    store.extend(
        Labels.of(__name__="up", a="2"), ((i * SECOND, 1.0 if i < 20 else float(STALE_NAN)) for i in range(21))
    )
    return store


def metered(store: MemoryStore, query: str, window: Window) -> tuple[Plan, Meter]:
    plan, ticks = build(parse(query), window), count()
    meter = Meter(lambda: float(next(ticks)))
    run(plan, store.answers(plan.needs), meter=meter)
    return plan, meter


@pytest.mark.parametrize(
    ("query", "samples"),
    [
        ("1", [0, 0, 0]),
        ("up", [2, 2, 1]),
        ("up + up", [4, 4, 2]),
        ("count_over_time(up[5s])", [12, 12, 6]),
        ("sum(count_over_time(up[5s]))", [12, 12, 6]),
        ("sum_over_time(up{a='1'}[10s:2s])", [6, 5, 6]),
        ("up{a='1'} @ 10", [1, 1, 1]),
        ("timestamp(up)", [2, 2, 1]),
        ("absent(nope)", [0, 0, 0]),
        ("quantile_over_time(scalar(up{a='1'}), up[5s])", [13, 13, 7]),
    ],
)
def test_samples_are_counted_by_step(store: MemoryStore, query: str, samples: list[int]) -> None:
    plan, meter = metered(store, query, Window(10_000, 30_000, 9_000))
    assert meter.samples(plan.root).tolist() == samples


def test_each_node_tells_rows_values_and_time(store: MemoryStore) -> None:
    plan, meter = metered(store, "sum by (a) (rate(up[5s]))", Window(10_000, 30_000, 10_000))
    reduced = meter.of(plan.root)
    assert (reduced.rows, reduced.values, reduced.seconds) == (2, 5, 1.0)
    (rollup,) = (node for node in walk(plan.root) if isinstance(node, Rollup))
    assert meter.of(rollup).rows == 2
    assert meter.of(rollup).fetched == sum(panel.values.size for panel in store.panels(rollup.source.need))


def test_the_peak_is_what_was_held_at_once(store: MemoryStore) -> None:
    window = Window(0, 9_000, 1_000)
    assert metered(store, "1", window)[1].peak == 10
    assert metered(store, "up", window)[1].peak == 20
    assert metered(store, "(up * 2) + (up offset 1s * 2)", window)[1].peak >= 40
