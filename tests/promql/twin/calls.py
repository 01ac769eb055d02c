"""Functions of the slow twin: of one number, of a window, of labels."""

from __future__ import annotations

import math
import re
from collections.abc import Callable, Sequence
from datetime import UTC, datetime

from promql.model.matchers import MatchOp
from promql.syntax.ast import Expr, MatrixSelector, VectorSelector
from tests.promql.functions import twin as windows
from tests.promql.twin.vectors import Key, Vector, key_of


def _date(part: Callable[[datetime], int]) -> Callable[[float], float]:
    return lambda value: math.nan if not math.isfinite(value) else float(part(datetime.fromtimestamp(int(value), UTC)))


def _whole(function: Callable[[float], int]) -> Callable[[float], float]:
    return lambda value: float(function(value)) if math.isfinite(value) else value


def _round(value: float, to: float = 1.0) -> float:
    if not math.isfinite(value):
        return value
    return math.floor(value * (1 / to) + 0.5) / (1 / to)


def _larger(a: float, b: float) -> float:
    """NaN beats all but infinity, as in Go."""
    if math.inf in (a, b):
        return math.inf
    return math.nan if math.isnan(a) or math.isnan(b) else max(a, b)


ELEMENTWISE: dict[str, Callable[..., float]] = {
    "abs": abs,
    "ceil": _whole(math.ceil),
    "floor": _whole(math.floor),
    "sgn": lambda v: v if math.isnan(v) or v == 0 else math.copysign(1.0, v),
    "sqrt": lambda v: math.nan if v < 0 else math.sqrt(v),
    "round": _round,
    "clamp": lambda v, low, high: _larger(low, -_larger(-high, -v)),
    "clamp_min": _larger,
    "clamp_max": lambda v, high: -_larger(-v, -high),
    "minute": _date(lambda at: at.minute),
    "hour": _date(lambda at: at.hour),
    "day_of_year": _date(lambda at: at.timetuple().tm_yday),
}

RANGES: dict[str, Callable[..., float | None]] = {
    "rate": lambda w, a, b, _: windows.extrapolated(w, a, b, counter=True, per_second=True),
    "increase": lambda w, a, b, _: windows.extrapolated(w, a, b, counter=True, per_second=False),
    "delta": lambda w, a, b, _: windows.extrapolated(w, a, b, counter=False, per_second=False),
    "irate": lambda w, *_: windows.last_two(w, counter=True),
    "idelta": lambda w, *_: windows.last_two(w, counter=False),
    "changes": lambda w, *_: windows.changes(w),
    "resets": lambda w, *_: windows.resets(w),
    "sum_over_time": lambda w, *_: windows.total(w),
    "avg_over_time": lambda w, *_: windows.mean(w),
    "max_over_time": lambda w, *_: windows.largest(w),
    "min_over_time": lambda w, *_: windows.smallest(w),
    "stdvar_over_time": lambda w, *_: windows.variance(w),
    "count_over_time": lambda w, *_: float(len(w)),
    "present_over_time": lambda *_: 1.0,
    "last_over_time": lambda w, *_: w[-1][1],
    "first_over_time": lambda w, *_: w[0][1],
    "mad_over_time": lambda w, *_: windows.median_deviation(w),
    "ts_of_max_over_time": lambda w, *_: windows.time_of(w, windows.largest(w)),
    "quantile_over_time": lambda w, _a, _b, _at, q: math.nan if math.isnan(q) else windows.quantile(q, w),
    "deriv": lambda w, *_: None if (found := windows.line(w, w[0][0])) is None else found[0],
}


def label_replace(vector: Vector, target: str, template: str, source: str, pattern: str) -> Vector:
    out: Vector = []
    for key, value in vector:
        found = re.fullmatch(pattern, dict(key).get(source, ""))
        if found is not None:
            text = re.sub(r"\$(\d+)", lambda m, f=found: f[int(m[1])] or "", template)
            key = key_of([*key, (target, text)])  # noqa: PLW2901
        out.append((key, value))
    return out


def label_join(vector: Vector, target: str, separator: str, *sources: str) -> Vector:
    return [
        (key_of([*key, (target, separator.join(dict(key).get(name, "") for name in sources))]), value)
        for key, value in vector
    ]


def absent_labels(expr: Expr) -> Key:
    selector = expr.selector if isinstance(expr, MatrixSelector) else expr
    if not isinstance(selector, VectorSelector):
        return ()
    names: Sequence[str] = [matcher.name for matcher in selector.matchers]
    return key_of(
        (m.name, m.value)
        for m in selector.matchers
        if m.op is MatchOp.EQUAL and names.count(m.name) == 1 and m.name != "__name__"
    )
