"""The shapes that several collectors share."""

from __future__ import annotations

from collections.abc import Callable
from functools import lru_cache

from engine.foundation.regexes import Regex
from exporters.exposition.families import Family, MetricType, Sample

Labels = tuple[tuple[str, str], ...]
_NAMES = 4096  # decisions that a filter remembers


class Gathered(dict[str, Family]):
    """Families by name, for collectors that come upon them device by device."""

    def gauge(self, family: str, help_: str, value: float, /, **labels: str) -> None:
        self.add(MetricType.GAUGE, family, help_, value, labels)

    def counter(self, family: str, help_: str, value: float, /, **labels: str) -> None:
        self.add(MetricType.COUNTER, family, help_, value, labels)

    def add(self, type_: MetricType, name: str, help_: str, value: float, labels: dict[str, str]) -> None:
        family = self.get(name)
        if family is None:
            family = self[name] = Family(name, type_, help_)
        family.samples.append(Sample(name, tuple(sorted(labels.items())), value))

    def all(self) -> list[Family]:
        return list(self.values())


def gauge(name: str, help_: str, value: float) -> Family:
    return Family(name, MetricType.GAUGE, help_, [Sample(name, (), value)])


def counter(name: str, help_: str, value: float) -> Family:
    return Family(name, MetricType.COUNTER, help_, [Sample(name, (), value)])


def untyped(name: str, help_: str, value: float) -> Family:
    return Family(name, MetricType.UNTYPED, help_, [Sample(name, (), value)])


@lru_cache(maxsize=64)
def matching(pattern: str) -> Callable[[str], bool]:
    """Whether the pattern is found in a name. A machine's names hardly change, so each is asked about once."""
    return lru_cache(maxsize=_NAMES)(Regex(pattern, anchored=False).matches)


@lru_cache(maxsize=64)
def device_filter(exclude: str, include: str = "") -> Callable[[str], bool]:
    """Which names stay: those that match `include`, or without it those that do not match `exclude`."""
    if include:
        return matching(include)
    if exclude:
        unwanted = matching(exclude)
        return lambda name: not unwanted(name)
    return lambda _name: True
