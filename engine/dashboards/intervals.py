"""How far apart the points of a query are, and the durations that its `$__interval` and the like stand for."""

from __future__ import annotations

import math
import re
from collections.abc import Mapping
from typing import Final

from msgspec import Struct

from engine.dashboards.times import TimeRange
from promql.model.durations import Duration

MOST_POINTS: Final = 11_000
DEFAULT_SCRAPE_MS: Final = 15_000
_DEFAULT_WIDTH: Final = 1000
_BOUNDS: Final[tuple[tuple[float, int], ...]] = (
    (10, 1), (15, 10), (35, 20), (75, 50), (150, 100), (350, 200), (750, 500), (1500, 1000), (3500, 2000), (7500, 5000),
    (12500, 10000), (17500, 15000), (25000, 20000), (45000, 30000), (90000, 60000), (210000, 120000), (450000, 300000),
    (750000, 600000), (1050000, 900000), (1500000, 1200000), (2700000, 1800000), (5400000, 3600000),
    (9000000, 7200000), (16200000, 10800000), (32400000, 21600000), (86400000, 43200000), (604800000, 86400000),
    (1814400000, 604800000), (3628800000, 2592000000),
)  # fmt: skip
"""Below which length (ms) an interval becomes which."""
_YEAR: Final = 31536000000
_LENGTH: Final = re.compile(r"[<>]?\s*((?:\d+(?:\.\d+)?(?:ms|[smhdwy]))+|\d+(?:\.\d+)?)")  # noqa: TID251 - ours, linear


class Pace(Struct, frozen=True):
    """Of one query: its step, and the durations that its text may name (all in ms)."""

    step: int
    interval: int
    rate_interval: int
    scrape: int


def rounded(ms: float) -> int:
    """The interval that people would choose."""
    return next((value for bound, value in _BOUNDS if ms < bound), _YEAR)


def length(text: str, default: int) -> int:
    """A duration in ms (`15s`, `>1m`, plain seconds); the default where it is none."""
    found = _LENGTH.fullmatch(text.strip())
    if found is None:
        return default
    try:
        ms = round(float(found[1]) * 1000) if found[1][-1].isdigit() else int(Duration.from_text(found[1]))
    except ValueError:
        return default
    return ms or default


def pace(within: TimeRange, points: int, least: str = "", factor: int = 1, scrape: int = DEFAULT_SCRAPE_MS) -> Pace:
    """Of a Prometheus query. `least` is the target's own interval, `scrape` the data source's."""
    own = length(least, scrape)
    interval = max(interval_of(within, points), own)
    safe = rounded(within.span / MOST_POINTS) if within.span / MOST_POINTS > 1 else 1
    step = max(max(interval, safe) * max(factor, 1), 1)
    return Pace(step, interval, max(interval + own, 4 * own), own)


def log_pace(within: TimeRange, points: int, resolution: int = 1, least: str = "") -> Pace:
    """Of a Loki query."""
    interval = max(interval_of(within, points), length(least, 1))
    step = max(interval * max(resolution, 1), math.ceil(within.span / MOST_POINTS), 1)
    return Pace(step, interval, step, step)


def interval_of(within: TimeRange, points: int) -> int:
    return rounded(within.span / max(points or _DEFAULT_WIDTH, 1))


def durations(found: Pace, within: TimeRange) -> Mapping[str, str]:
    """What the built-in variables of a query stand for."""
    seconds = within.span // 1000
    return {
        "__interval": written(found.interval), "__interval_ms": str(found.interval),
        "__rate_interval": written(found.rate_interval), "__rate_interval_ms": str(found.rate_interval),
        "__range": f"{seconds}s", "__range_s": str(seconds), "__range_ms": str(within.span),
        "__auto": written(found.step),
    }  # fmt: skip


def written(ms: int) -> str:
    """As Grafana writes an interval: one unit, the largest that fits."""
    for size, unit in ((31536000000, "y"), (86400000, "d"), (3600000, "h"), (60000, "m"), (1000, "s")):
        if ms >= size and ms % size == 0:
            return f"{ms // size}{unit}"
    return f"{ms}ms"
