"""PromQL over data that a program has at hand: arrays, dictionaries, pandas. No engine, no store.

evaluate("sum by (job) (rate(hits[5m]))", {'hits{job="a"}': [(0, 1), (60, 7), (120, 9)]}, start=0, end=120, step=60)
"""

from __future__ import annotations

from datetime import datetime
from typing import TypeAlias

from promql.execute.run import run
from promql.functions.dialects import Dialect
from promql.model.durations import Duration
from promql.model.results import Result
from promql.plan.build import build
from promql.plan.window import Options, Window
from promql.samples import Data, Samples, milliseconds
from promql.syntax.ast import Expr
from promql.syntax.parser import parse
from promql.syntax.printer import pretty

Instant: TypeAlias = float | datetime
"""Unix seconds, or a moment with its time zone."""

Length: TypeAlias = float | str
"""Seconds, or a duration such as `1m30s`."""


def format(query: str | Expr) -> str:  # noqa: A001 - what the language's own API calls it
    """The expression as Prometheus formats it, over several lines where it is long. Raises ParseError."""
    return pretty(parse(query) if isinstance(query, str) else query)


def evaluate(
    query: str | Expr,
    data: Data | Samples,
    *,
    time: Instant | None = None,
    start: Instant | None = None,
    end: Instant | None = None,
    step: Length = 60.0,
    lookback: Length = 300.0,
    dialect: str = "prometheus2",
) -> Result:
    """The value of an expression at one `time`, or with `start` or `end` at each step between the two.

    `data` is described in `promql.samples`; who asks often makes `Samples.of(data)` once. Where no time is given it is
    that of the newest sample, and `start` that of the oldest. `lookback` says how old a sample may be and still count
    as now. Raises ParseError, EvaluationError, and ValueError for data and times that can't be read.
    """
    samples = data if isinstance(data, Samples) else Samples.of(data)
    if start is None and end is None:
        at = samples.newest if time is None else milliseconds(time)
        window = Window(at, at, 0)
    elif time is not None:
        raise ValueError("give either a time, or a start and an end")
    else:
        window = _window(samples, start, end, _length("step", step))
    options = Options(lookback_ms=_length("lookback", lookback), dialect=Dialect(dialect))
    plan = build(parse(query) if isinstance(query, str) else query, window, options)
    return run(plan, {need: samples.panels(need) for need in plan.needs})


def _window(samples: Samples, start: Instant | None, end: Instant | None, step: int) -> Window:
    first = samples.oldest if start is None else milliseconds(start)
    last = samples.newest if end is None else milliseconds(end)
    if last < first:
        raise ValueError("the end is before the start")
    return Window(first, last, step)


def _length(name: str, given: Length) -> int:
    """In ms, at least one."""
    ms = Duration.from_text(given) if isinstance(given, str) else round(given * 1000)
    if ms < 1:
        raise ValueError(f"{name} must be a millisecond or more")
    return int(ms)
