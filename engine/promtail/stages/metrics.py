"""The metrics stage: what lines say becomes numbers on Promtail's page of metrics."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from engine.foundation.values import GoDuration
from engine.promtail.entry import Entry
from engine.promtail.stages.custom import PREFIX, CustomMetrics, MetricConfig
from engine.promtail.stages.stage import Parts, Stage
from engine.promtail.stages.texts import as_text


class Metrics(Stage):
    def __init__(self, config: Mapping[str, MetricConfig], parts: Parts) -> None:
        registry = CustomMetrics() if parts.metrics is None else parts.metrics
        self._now = parts.now
        self._counts = parts.counts
        self._metrics = [
            (one.source or name, one, registry.metric(f"{one.prefix or PREFIX}{name}", one))
            for name, one in config.items()
        ]

    def process(self, entry: Entry) -> Sequence[Entry]:
        for source, config, metric in self._metrics:
            value = self._value(entry, source, config)
            if value is not None:
                metric.observe(entry.labels, config.config.action.lower(), value, self._now())
        return (entry,)

    def _value(self, entry: Entry, source: str, config: MetricConfig) -> float | None:
        """What is counted; None where this line does not count."""
        details = config.config
        if details.match_all and details.count_entry_bytes:
            return float(len(entry.line.encode(errors="replace")))
        if details.match_all and details.action.lower() in ("inc", "dec"):
            return 1.0
        if source not in entry.extracted:
            return None
        found = entry.extracted[source]
        if details.value is not None and as_text(found) != details.value:
            return None
        if details.action.lower() in ("inc", "dec"):
            return 1.0
        number = as_number(found)
        if number is None:
            self._counts.faults["metrics"] += 1
        return number


def as_number(found: object) -> float | None:
    """A number, the number that a text is, or seconds where it is a duration."""
    if isinstance(found, bool):
        return float(found)
    if isinstance(found, int | float):
        return float(found)
    if not isinstance(found, str):
        return None
    try:
        return float(found)
    except ValueError:
        pass
    try:
        return GoDuration.from_text(found) / 1000 if found else None
    except ValueError:
        return None
