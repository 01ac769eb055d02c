"""The slow twin: range functions as plain loops over the samples of one window, written from the reference.

Each takes the window's samples `(ms, value)`, its nominal ends, and gives a value or None for none.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from fractions import Fraction
from itertools import pairwise

Samples = Sequence[tuple[int, float]]


def extrapolated(samples: Samples, start: int, end: int, *, counter: bool, per_second: bool) -> float | None:
    if len(samples) < 2:
        return None
    (first_t, first), (last_t, last) = samples[0], samples[-1]
    change = last - first
    if counter:
        for (_, before), (_, now) in pairwise(samples):
            if now < before:
                change += before
    to_start, to_end = (first_t - start) / 1000, (end - last_t) / 1000
    sampled = (last_t - first_t) / 1000
    mean = sampled / (len(samples) - 1)
    if counter and change > 0 and first >= 0:
        to_start = min(to_start, sampled * (first / change))
    reach = sampled
    reach += to_start if to_start < mean * 1.1 else mean / 2
    reach += to_end if to_end < mean * 1.1 else mean / 2
    factor = reach / sampled
    return change * (factor / ((end - start) / 1000) if per_second else factor)


def last_two(samples: Samples, *, counter: bool) -> float | None:
    if len(samples) < 2:
        return None
    (t0, before), (t1, now) = samples[-2:]
    if not counter:
        return now - before
    return (now if now < before else now - before) / ((t1 - t0) / 1000)


def values(samples: Samples) -> list[float]:
    return [v for _, v in samples]


def total(samples: Samples) -> float:
    """The exact sum, rounded once, which is what Kahan's method aims at."""
    vs = values(samples)
    return float(sum(map(Fraction, vs))) if all(map(math.isfinite, vs)) else sum(vs)


def mean(samples: Samples) -> float:
    vs = values(samples)
    return float(sum(map(Fraction, vs)) / len(vs)) if all(map(math.isfinite, vs)) else sum(vs)


def variance(samples: Samples) -> float:
    vs = values(samples)
    if not all(map(math.isfinite, vs)):
        return math.nan
    middle = sum(map(Fraction, vs)) / len(vs)
    return float(sum((Fraction(v) - middle) ** 2 for v in vs) / len(vs))


def largest(samples: Samples) -> float:
    best = samples[0][1]
    for value in values(samples):
        if value > best or math.isnan(best):
            best = value
    return best


def smallest(samples: Samples) -> float:
    return -largest([(t, -v) for t, v in samples])


def changes(samples: Samples) -> float:
    vs = values(samples)
    return float(sum(a != b and not (math.isnan(a) and math.isnan(b)) for a, b in pairwise(vs)))


def resets(samples: Samples) -> float:
    vs = values(samples)
    return float(sum(b < a for a, b in pairwise(vs)))


def quantile(q: float, samples: Samples) -> float:
    vs = sorted(values(samples), key=lambda v: (not math.isnan(v), v))
    if q < 0:
        return -math.inf
    if q > 1:
        return math.inf
    rank = q * (len(vs) - 1)
    lower = math.floor(rank)
    weight = rank - lower
    return vs[lower] * (1 - weight) + vs[min(lower + 1, len(vs) - 1)] * weight


def line(samples: Samples, origin: int) -> tuple[float, float] | None:
    """Slope and level at the origin, in exact arithmetic."""
    if len(samples) < 2:
        return None
    vs = values(samples)
    if all(v == vs[0] for v in vs):
        return (math.nan, math.nan) if math.isinf(vs[0]) else (0.0, vs[0])
    if not all(map(math.isfinite, vs)):
        return math.nan, math.nan
    xs, ys, n = [Fraction(t - origin, 1000) for t, _ in samples], [Fraction(v) for v in vs], len(vs)
    x, y = sum(xs) / n, sum(ys) / n
    slope = sum((a - x) * (b - y) for a, b in zip(xs, ys, strict=True)) / sum((a - x) ** 2 for a in xs)
    return float(slope), float(y - slope * x)


def smoothed(samples: Samples, smoothing: float, trending: float) -> float | None:
    if len(samples) < 2:
        return None
    vs = values(samples)
    older, level, trend = 0.0, vs[0], vs[1] - vs[0]
    for i, value in enumerate(vs[1:]):
        if i:
            trend = trending * (level - older) + (1 - trending) * trend
        older, level = level, smoothing * value + (1 - smoothing) * (level + trend)
    return level


def median_deviation(samples: Samples) -> float:
    vs = values(samples)
    if any(map(math.isnan, vs)):
        return math.nan
    middle = quantile(0.5, samples)
    return quantile(0.5, [(t, abs(v - middle)) for t, v in samples])


def time_of(samples: Samples, best: float) -> float:
    """Of the last sample that has this value."""
    return [t / 1000 for t, v in samples if v == best or math.isnan(best)][-1]


Twin = Callable[[Samples, int, int, int], float | None]
"""Samples, the window's start and end, the instant of evaluation."""

TWINS: dict[str, Twin] = {
    "rate(x[{r}])": lambda w, a, b, _: extrapolated(w, a, b, counter=True, per_second=True),
    "increase(x[{r}])": lambda w, a, b, _: extrapolated(w, a, b, counter=True, per_second=False),
    "delta(x[{r}])": lambda w, a, b, _: extrapolated(w, a, b, counter=False, per_second=False),
    "irate(x[{r}])": lambda w, *_: last_two(w, counter=True),
    "idelta(x[{r}])": lambda w, *_: last_two(w, counter=False),
    "changes(x[{r}])": lambda w, *_: changes(w),
    "resets(x[{r}])": lambda w, *_: resets(w),
    "sum_over_time(x[{r}])": lambda w, *_: total(w),
    "avg_over_time(x[{r}])": lambda w, *_: mean(w),
    "stdvar_over_time(x[{r}])": lambda w, *_: variance(w),
    "stddev_over_time(x[{r}])": lambda w, *_: math.sqrt(variance(w)),
    "max_over_time(x[{r}])": lambda w, *_: largest(w),
    "min_over_time(x[{r}])": lambda w, *_: smallest(w),
    "count_over_time(x[{r}])": lambda w, *_: float(len(w)),
    "present_over_time(x[{r}])": lambda *_: 1.0,
    "last_over_time(x[{r}])": lambda w, *_: w[-1][1],
    "quantile_over_time(0.3, x[{r}])": lambda w, *_: quantile(0.3, w),
    "quantile_over_time(1, x[{r}])": lambda w, *_: quantile(1, w),
    "deriv(x[{r}])": lambda w, *_: None if (found := line(w, w[0][0])) is None else found[0],
    "predict_linear(x[{r}], 60)": lambda w, _a, _b, at: None if (f := line(w, at)) is None else f[0] * 60 + f[1],
    "holt_winters(x[{r}], 0.3, 0.6)": lambda w, *_: smoothed(w, 0.3, 0.6),
    "double_exponential_smoothing(x[{r}], 0.3, 0.6)": lambda w, *_: smoothed(w, 0.3, 0.6),
    "first_over_time(x[{r}])": lambda w, *_: w[0][1],
    "mad_over_time(x[{r}])": lambda w, *_: median_deviation(w),
    "ts_of_first_over_time(x[{r}])": lambda w, *_: w[0][0] / 1000,
    "ts_of_last_over_time(x[{r}])": lambda w, *_: w[-1][0] / 1000,
    "ts_of_max_over_time(x[{r}])": lambda w, *_: time_of(w, largest(w)),
    "ts_of_min_over_time(x[{r}])": lambda w, *_: time_of(w, smallest(w)),
}
