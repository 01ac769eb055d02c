"""What lines are counted in: counters, gauges and histograms of a configuration, by name.

Their labels are those of the lines. A series that no line has touched for `max_idle_duration` goes.
"""

from __future__ import annotations

import math
from collections.abc import Iterator, Mapping
from typing import Final

import msgspec
from msgspec import Struct, field

from engine.foundation.decode import Report
from engine.foundation.values import GoDuration, is_metric_name
from engine.promtail.stages.texts import plain_number
from exporters.exposition.families import Family, MetricType, Sample

PREFIX: Final = "promtail_custom_"
_BUCKETS: Final = (0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1.0, 2.5, 5.0, 10.0)
_MILLISECOND: Final = 1_000_000
_ACTIONS: Final[Mapping[str, tuple[str, ...]]] = {
    "counter": ("inc", "add"), "gauge": ("set", "inc", "dec", "add", "sub"), "histogram": (),
}  # fmt: skip


class Details(msgspec.Struct, frozen=True, kw_only=True):
    match_all: bool | None = None
    count_entry_bytes: bool | None = None
    value: str | None = None
    action: str = ""
    buckets: tuple[float, ...] = ()


class MetricConfig(msgspec.Struct, frozen=True, kw_only=True):
    """Without `source` the metric's own name is what was extracted."""

    type: str = ""
    description: str = ""
    source: str | None = None
    prefix: str = ""
    max_idle_duration: GoDuration = GoDuration(300_000)
    config: Details = Details()

    def check(self, report: Report) -> None:
        kind, details = self.type.lower(), self.config
        if kind not in _ACTIONS:
            report.error(f'metric type must be counter, gauge or histogram, not "{self.type}"', "type")
            return
        if _ACTIONS[kind] and details.action.lower() not in _ACTIONS[kind]:
            allowed = ", ".join(_ACTIONS[kind])
            report.error(f"action of a {kind} must be one of {allowed}", "config", *["action"] * bool(details.action))
        if details.match_all and details.value is not None:
            report.error("`value` can't be used with `match_all`", "config", "value")
        if details.count_entry_bytes and (not details.match_all or details.action.lower() != "add"):
            report.error("`count_entry_bytes` needs `match_all: true` and `action: add`", "config", "count_entry_bytes")
        if self.max_idle_duration < 1000:
            report.error("max_idle_duration must be greater than 1s", "max_idle_duration")


class _Series(Struct):
    value: float = 0.0
    touched: int = 0
    total: float = 0.0
    counts: list[int] = field(default_factory=list)


class Metric:
    """One name. `observe` is called for each line that counts."""

    def __init__(self, name: str, config: MetricConfig) -> None:
        self.name = name
        self._kind = config.type.lower()
        self._help = config.description
        self._idle = config.max_idle_duration * _MILLISECOND
        self._bounds = tuple(sorted(config.config.buckets or _BUCKETS))
        self._series: dict[tuple[tuple[str, str], ...], _Series] = {}

    def observe(self, labels: Mapping[str, str], action: str, value: float, now: int) -> None:
        key = tuple(sorted((name, text) for name, text in labels.items() if text))
        series = self._series.setdefault(key, _Series())
        series.touched = now
        if self._kind == "histogram":
            series.counts = series.counts or [0] * (len(self._bounds) + 1)
            series.counts[sum(1 for bound in self._bounds if value > bound)] += 1
            series.total += value
        elif action == "set":
            series.value = value
        else:
            series.value += -value if action in ("dec", "sub") else value

    def family(self, now: int) -> Family:
        for key in [key for key, series in self._series.items() if series.touched + self._idle < now]:
            del self._series[key]
        family = Family.of(self.name, MetricType(self._kind), self._help)
        family.samples.extend(sample for key, series in self._series.items() for sample in self._samples(key, series))
        return family

    def _samples(self, key: tuple[tuple[str, str], ...], series: _Series) -> Iterator[Sample]:
        if self._kind != "histogram":
            yield Sample(self.name, key, series.value)
            return
        reached = 0
        for bound, count in zip((*self._bounds, math.inf), series.counts, strict=True):
            reached += count
            text = "+Inf" if bound == math.inf else plain_number(bound)
            yield Sample(f"{self.name}_bucket", (*key, ("le", text)), float(reached))
        yield Sample(f"{self.name}_sum", key, series.total)
        yield Sample(f"{self.name}_count", key, float(reached))


class CustomMetrics:
    """All of them, by full name; stages that name the same one count in one."""

    def __init__(self) -> None:
        self._metrics: dict[str, Metric] = {}

    def metric(self, name: str, config: MetricConfig) -> Metric:
        return self._metrics.setdefault(name, Metric(name, config))

    def families(self, now: int) -> list[Family]:
        return [metric.family(now) for metric in self._metrics.values()]


def check_names(config: Mapping[str, MetricConfig], report: Report) -> None:
    for name, one in config.items():
        if not is_metric_name(f"{one.prefix or PREFIX}{name}"):
            report.error(f'"{one.prefix or PREFIX}{name}" is not a valid metric name', "metrics", name)
