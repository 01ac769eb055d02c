"""Expressions evaluated together give what each gives by itself."""

from __future__ import annotations

import json
import random
from contextlib import suppress
from pathlib import Path

import numpy as np
import pytest

from engine.foundation.workers import InlineWorkers
from engine.query.deadline import Deadline
from engine.query.engine import QueryEngine
from engine.query.evaluation import Evaluated, evaluate_together
from engine.query.querylog import QueryLog
from engine.testing.manual_clock import ManualClock
from engine.tsdb.batch import Batch
from engine.tsdb.store import Store
from promql.errors import EvaluationError, PromQLError
from promql.model.labels import Labels
from promql.model.results import RawMatrix, Result, Scalar, Vector
from promql.model.staleness import STALE_NAN
from promql.plan.window import Options, Window
from promql.syntax.parser import parse

MINUTE = 60_000
END = 1_700_000_000_000
PARTS = (
    "m0", "m1", "m2 > 3", "rate(m0[5m])", "rate(m1[5m])", "rate(m2[5m])", "rate(m9[5m])", "sum(rate(m0[5m])) > 0",
    "sum by (n) (m0) + on(n) sum by (n) (m1)", "m0 * on(n) m1", "m0 * on(none) m1", 'rate({n="1"}[5m])', '{n="1"}',
    "absent(m9)", "absent(m0)", "avg_over_time(m1[3m])", "max_over_time(m2[3m]) - m2", "time()", "1", "vector(2)",
    "m0 offset 2m", "rate(m0[5m] offset 1m)", "timestamp(m1)", "topk(1, m0)", "quantile_over_time(0.5, m0[5m])",
    "m1 >= 3", "3 > m0", "m0 != 2", "m0 == bool 2", "rate(m0[5m]) > 0", "0 < rate(m1[5m])", 'rate({n="1"}[5m]) > 0',
    '{k="1"} > 2', "NaN != m1", "m0[5m]", "count_over_time(m0[5m:1m])", 'sum_over_time({__name__=~"m."}[5m])', "-m0", '"text"',
)  # fmt: skip


def shown(result: Evaluated | Result | PromQLError) -> object:
    match result:
        case Evaluated():
            return shown(result.result)
        case Vector():
            return list(zip(map(str, result.labels), result.values.tolist(), strict=True))
        case Scalar():
            return result.value
        case RawMatrix():
            return [(str(one.labels), one.times.tolist(), one.values.tolist()) for one in result.series]
        case PromQLError():
            return str(result)
        case _:
            return result


@pytest.fixture
def store() -> Store:
    """Three metrics over three sources that come and go, one of them stale in the end."""
    store, chance = Store.open(None), random.Random(5)
    for number in range(3):
        source = store.source(f"s{number}")
        series = [Labels.of(__name__=f"m{metric}", n=str(number), k=str(k)) for metric in range(3) for k in range(4)]
        columns, values = source.columns(series), np.zeros(len(series))
        for minute in range(12):
            values = values + np.array([chance.randint(0, 3) for _ in series])
            there = np.array([chance.random() < 0.8 for _ in series])
            now = np.where(np.arange(len(series)) == 5, STALE_NAN, values) if minute == 11 else values
            store.append(source, [Batch(END - (11 - minute) * MINUTE - number, columns[there], now[there])])
    return store


@pytest.mark.parametrize("seed", range(8))
async def test_each_gets_what_it_gets_alone(seed: int, store: Store) -> None:
    texts = random.Random(seed).choices(PARTS, k=20)
    engine = QueryEngine(store, InlineWorkers(), ManualClock())
    together = await engine.together([parse(text) for text in texts], END)
    for text, found in zip(texts, together, strict=True):
        try:
            alone: Result | PromQLError = await engine.instant(text, END)
        except PromQLError as error:
            alone = error
        assert shown(found) == shown(alone), text


@pytest.mark.parametrize("seed", range(4))
async def test_the_log_tells_of_each_what_it_tells_of_it_alone(seed: int, store: Store, tmp_path: Path) -> None:
    clock = ManualClock()
    engine = QueryEngine(store, InlineWorkers(), clock, log=QueryLog(tmp_path / "log", clock))
    exprs = [parse(text) for text in random.Random(seed).choices(PARTS, k=20)]
    await engine.together(exprs, END)
    for expr in exprs:
        with suppress(PromQLError):
            await engine.instant(expr, END)
    lines = [json.loads(line) for line in (tmp_path / "log").read_text().splitlines()]
    told = [(line["params"], line.get("error"), line["stats"]["samples"]["totalQueryableSamples"]) for line in lines]
    assert told[:20] == told[20:]
    assert len(told) == 40


async def test_one_that_fails_ends_no_other(store: Store) -> None:
    engine = QueryEngine(store, InlineWorkers(), ManualClock())
    failed, fine = await engine.together([parse("m0 * on(none) m1"), parse("m0")], END)
    assert isinstance(failed, EvaluationError)
    assert isinstance(fine, Vector)
    assert engine.counts.current == 0


@pytest.mark.parametrize("most", range(1, 60, 4))
def test_the_limit_on_samples_refuses_what_it_refuses_alone(most: int, store: Store) -> None:
    texts = [
        "m0",
        "m2",
        "rate(m0[5m])",
        "rate(m2[5m])",
        "sum(m2)",
        "sum(m0) + sum(m2)",
        "rate(m9[5m])",
        "m0 > 2",
        "2 < m2",
    ]
    deadline, window, options = Deadline(ManualClock(), 1.0), Window(END, END, 0), Options(max_samples=most)
    together = evaluate_together(store, [parse(text) for text in texts], window, options, deadline)
    for text, found in zip(texts, together, strict=True):
        (alone,) = evaluate_together(store, [parse(text)], window, options, deadline)
        assert shown(found) == shown(alone), text


def test_what_would_read_too_much_is_read_in_parts(store: Store) -> None:
    exprs = [parse(text) for text in PARTS]
    deadline, window = Deadline(ManualClock(), 1.0), Window(END, END, 0)
    whole = evaluate_together(store, exprs, window, Options(), deadline)
    parts = evaluate_together(store, exprs, window, Options(), deadline, block=1)
    assert [shown(one) for one in parts] == [shown(one) for one in whole]


async def test_nothing_asked_is_nothing_answered(store: Store) -> None:
    assert await QueryEngine(store, InlineWorkers(), ManualClock()).together([], END) == []
