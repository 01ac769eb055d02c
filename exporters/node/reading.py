"""Reading the kernel's small files, and the shapes that several collectors share."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

from engine.foundation.regexes import Regex
from exporters.exposition.families import Family, MetricType


def text(path: Path) -> str:
    """The file, whatever bytes it holds. Raises OSError."""
    return path.read_text(encoding="utf-8", errors="replace")


def text_or_none(path: Path) -> str | None:
    """The file, or None where it is missing or the kernel refuses to say (a link that is down has no speed)."""
    try:
        return text(path).strip()
    except OSError:
        return None


def gauge(name: str, help_: str, value: float) -> Family:
    return Family.of(name, MetricType.GAUGE, help_, ({}, value))


def counter(name: str, help_: str, value: float) -> Family:
    return Family.of(name, MetricType.COUNTER, help_, ({}, value))


def untyped(name: str, help_: str, value: float) -> Family:
    return Family.of(name, MetricType.UNTYPED, help_, ({}, value))


def device_filter(exclude: str, include: str) -> Callable[[str], bool]:
    """Which names stay: those that match `include`, or without it those that do not match `exclude`."""
    if include:
        return Regex(include, anchored=False).matches
    if exclude:
        unwanted = Regex(exclude, anchored=False)
        return lambda name: not unwanted.matches(name)
    return lambda _name: True
