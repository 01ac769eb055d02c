"""Families as text: version 0.0.4, and OpenMetrics 1.0.

Values are written with the shortest digits that read back the same, as Prometheus's own pages are. OpenMetrics
names a counter's family without `_total` and its samples with it, and wants `# EOF` at the end; the older
format knows five types, so the others are written as the nearest of them.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from functools import lru_cache
from typing import Final

from exporters.exposition.families import Family, MetricType
from exporters.exposition.negotiate import Format
from promql.model.numbers import general

_OLDER: Final = {
    MetricType.COUNTER: "counter",
    MetricType.GAUGE: "gauge",
    MetricType.HISTOGRAM: "histogram",
    MetricType.SUMMARY: "summary",
    MetricType.UNTYPED: "untyped",
    MetricType.UNKNOWN: "untyped",
    MetricType.INFO: "gauge",
    MetricType.STATESET: "gauge",
    MetricType.GAUGEHISTOGRAM: "histogram",
}


def render(families: Iterable[Family], form: Format) -> bytes:
    """A whole page. Families are written in the order given, their samples too; bytes that are no UTF-8 become `?`."""
    lines = _openmetrics(families) if form is Format.OPENMETRICS else _text(families)
    return "".join(lines).encode("utf-8", "replace")


def _text(families: Iterable[Family]) -> Iterator[str]:
    for family in families:
        yield f"# HELP {family.name} {_escape_help(family.help)}\n"
        yield f"# TYPE {family.name} {_OLDER[family.type]}\n"
        for sample in family.samples:
            stamp = "" if sample.timestamp is None else f" {sample.timestamp}"
            yield f"{_series(sample.name, sample.labels)} {number(sample.value)}{stamp}\n"


def _openmetrics(families: Iterable[Family]) -> Iterator[str]:
    for family in families:
        counter = family.type is MetricType.COUNTER
        name = family.name.removesuffix("_total") if counter else family.name
        kind = MetricType.UNKNOWN if family.type is MetricType.UNTYPED else family.type
        yield f"# HELP {name} {escape(family.help)}\n"
        yield f"# TYPE {name} {kind.value}\n"
        if family.unit:
            yield f"# UNIT {name} {family.unit}\n"
        for sample in family.samples:
            written = name + "_total" if counter and sample.name in (name, family.name) else sample.name
            stamp = "" if sample.timestamp is None else f" {sample.timestamp / 1000:.3f}"
            yield f"{_series(written, sample.labels)} {number(sample.value)}{stamp}\n"
    yield "# EOF\n"


def _series(name: str, labels: tuple[tuple[str, str], ...]) -> str:
    return name + _braced(labels) if labels else name


@lru_cache(maxsize=8192)
def _braced(labels: tuple[tuple[str, str], ...]) -> str:
    """Pages repeat their labels, from family to family and from scrape to scrape."""
    return "{" + ",".join(f'{label}="{escape(value)}"' for label, value in labels) + "}"


def number(value: float) -> str:
    """As Go's client prints a sample: `1`, `2.5`, `1e+06`, `NaN`, `+Inf`; `general` says how, this is quicker."""
    if -1e6 < value < 1e6:
        whole = int(value)
        if whole == value and (whole or str(value) == "0.0"):
            return str(whole)
        if not -1e-4 < value < 1e-4:
            return repr(float(value))
    elif 1e6 <= value < 1e16 and (whole := int(value)) == value:
        figures = str(whole)
        shown = figures.rstrip("0")
        return f"{shown[0]}{'.' if len(shown) > 1 else ''}{shown[1:]}e+{len(figures) - 1:02d}"
    return general(value)


def escape(value: str) -> str:
    """A label value, or a help text of OpenMetrics."""
    return value.replace("\\", "\\\\").replace("\n", "\\n").replace('"', '\\"')


def _escape_help(text: str) -> str:
    return text.replace("\\", "\\\\").replace("\n", "\\n")
