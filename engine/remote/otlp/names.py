"""Names of OpenTelemetry as names of Prometheus, by the rules of Prometheus's own receiver.

A metric's name gets its unit and, for counters, `total` behind it; a unit of 1 makes a gauge a `ratio`. What no name
may hold becomes an underscore.
"""

from __future__ import annotations

import re
from types import MappingProxyType
from typing import Final

from engine.remote.otlp.messages import Metric

_UNITS: Final = MappingProxyType(
    {
        "d": "days", "h": "hours", "min": "minutes", "s": "seconds", "ms": "milliseconds", "us": "microseconds",
        "ns": "nanoseconds", "By": "bytes", "KiBy": "kibibytes", "MiBy": "mebibytes", "GiBy": "gibibytes",
        "TiBy": "tibibytes", "KBy": "kilobytes", "MBy": "megabytes", "GBy": "gigabytes", "TBy": "terabytes",
        "B": "bytes", "KB": "kilobytes", "MB": "megabytes", "GB": "gigabytes", "TB": "terabytes", "m": "meters",
        "V": "volts", "A": "amperes", "J": "joules", "W": "watts", "g": "grams", "Cel": "celsius", "Hz": "hertz",
        "1": "", "%": "percent", "$": "dollars",
    }
)  # fmt: skip
_PER: Final = MappingProxyType(
    {"s": "second", "m": "minute", "h": "hour", "d": "day", "w": "week", "mo": "month", "y": "year"}
)
_FORBIDDEN: Final = re.compile(r"[^A-Za-z0-9]+")  # noqa: TID251 - ours, linear
_ODD: Final = re.compile(r"[^A-Za-z0-9]")  # noqa: TID251 - ours, linear


def metric_name(metric: Metric) -> str:
    """Empty where nothing is left of it."""
    words = [word for word in _FORBIDDEN.split(metric.name) if word]
    unit, _, per = metric.unit.partition("/")
    if (main := _unit(unit, _UNITS)) and main not in words:
        words.append(main)
    if (other := _unit(per, _PER)) and other not in words:
        words += ["per", other]
    if metric.sum is not None and metric.sum.is_monotonic:
        words = _at_the_end(words, "total")
    if metric.unit == "1" and metric.gauge is not None:
        words = _at_the_end(words, "ratio")
    name = "_".join(words)
    return f"_{name}" if name[:1].isdigit() else name


def label_name(key: str) -> str:
    name = _ODD.sub("_", key)
    return f"key_{name}" if name[:1].isdigit() else name


def _unit(text: str, known: MappingProxyType[str, str]) -> str:
    """In words; nothing for an annotation in braces."""
    text = text.strip()
    if "{" in text or "}" in text:
        return ""
    return "_".join(word for word in _FORBIDDEN.split(known.get(text, text)) if word)


def _at_the_end(words: list[str], last: str) -> list[str]:
    return [*(word for word in words if word != last), last]
