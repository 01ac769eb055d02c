"""One value out of many, by name. What is missing is passed over, unless the name says otherwise."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from types import MappingProxyType
from typing import Any, Final

import numpy as np
from numpy.typing import NDArray

from engine.dashboards.frames.frame import Field

Floats = NDArray[np.float64]
Number = float | None


def reduced(field: Field, name: str) -> Any:
    """None where there is nothing to reduce, or no such reducer. Texts have a first, a last and a count."""
    if field.kind in ("number", "time"):
        values = np.asarray(field.values, dtype=np.float64)
        found = REDUCERS.get(name, _unknown)(values)
        return None if found is None or np.isnan(found) else float(found)
    return _of_others(field, name)


def _of_others(field: Field, name: str) -> Any:
    present = [one for one in field.plain() if one not in (None, "")]
    match name:
        case "last" | "lastNotNull":
            return present[-1] if present else None
        case "first" | "firstNotNull":
            return present[0] if present else None
        case "count":
            return len(field)
        case "distinctCount":
            return len(set(map(str, present)))
        case "allIsNull":
            return not present
        case "min" | "max":
            return None
        case _:
            return None


def _present(values: Floats) -> Floats:
    return values[~np.isnan(values)]


def _over(change: Callable[[Floats], Any]) -> Callable[[Floats], Number]:
    """Of those that are there."""

    def of(values: Floats) -> Number:
        found = _present(values)
        return float(change(found)) if len(found) else None

    return of


def _delta(values: Floats) -> Number:
    """What a counter rose by; after a reset it begins at zero."""
    found = _present(values)
    if not len(found):
        return None
    steps = np.diff(found)
    return float(np.where(steps >= 0, steps, found[1:]).sum())


def _smallest_step(values: Floats) -> Number:
    found = np.diff(_present(values))
    return float(found.min()) if len(found) else None


def _difference(values: Floats) -> Number:
    found = _present(values)
    return float(found[-1] - found[0]) if len(found) else None


def _percent(values: Floats) -> Number:
    found = _present(values)
    return float((found[-1] - found[0]) / found[0]) if len(found) and found[0] else None


def _smallest_positive(values: Floats) -> Number:
    found = values[values > 0]
    return float(found.min()) if len(found) else None


def _percentile(percent: int) -> Callable[[Floats], Number]:
    return _over(lambda found: np.percentile(found, percent))


def _unknown(_: Floats) -> Number:
    return None


REDUCERS: Final[Mapping[str, Callable[[Floats], Number]]] = MappingProxyType({
    "last": lambda values: float(values[-1]) if len(values) else None,
    "lastNotNull": _over(lambda found: found[-1]),
    "first": lambda values: float(values[0]) if len(values) else None,
    "firstNotNull": _over(lambda found: found[0]),
    "min": _over(np.min), "max": _over(np.max), "mean": _over(np.mean), "sum": _over(np.sum),
    "median": _over(np.median), "variance": _over(np.var), "stdDev": _over(np.std),
    "count": lambda values: float(len(values)),
    "range": _over(lambda found: found.max() - found.min()),
    "delta": _delta, "step": _smallest_step, "diff": _difference, "diffperc": _percent,
    "logmin": _smallest_positive,
    "allIsZero": lambda values: float(len(values) > 0 and not np.any(values)),
    "allIsNull": lambda values: float(bool(np.isnan(values).all())),
    "changeCount": _over(lambda found: np.count_nonzero(np.diff(found))),
    "distinctCount": _over(lambda found: len(np.unique(found))),
    **{f"p{n}": _percentile(n) for n in range(1, 100)},
})  # fmt: skip

TITLES: Final[Mapping[str, str]] = MappingProxyType({
    "last": "Last", "lastNotNull": "Last *", "first": "First", "firstNotNull": "First *", "min": "Min", "max": "Max",
    "mean": "Mean", "sum": "Total", "count": "Count", "range": "Range", "delta": "Delta", "step": "Step",
    "diff": "Difference", "diffperc": "Difference percent", "logmin": "Min (above zero)", "allIsZero": "All zeros",
    "allIsNull": "All nulls", "changeCount": "Change count", "distinctCount": "Distinct count", "median": "Median",
    "variance": "Variance", "stdDev": "StdDev",
})  # fmt: skip


def title(name: str) -> str:
    return TITLES.get(name) or (f"{name[1:]}th %" if name in REDUCERS else name)
