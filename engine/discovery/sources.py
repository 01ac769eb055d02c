"""Which sources of targets a section has."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from types import MappingProxyType
from typing import Final, TypeAlias

from engine.discovery.config import TargetSources
from engine.discovery.groups import Discovery
from engine.discovery.static import StaticDiscovery

_Make: TypeAlias = Callable[[TargetSources], Iterator[Discovery]]


def _static(config: TargetSources) -> Iterator[Discovery]:
    if config.static_configs:
        yield StaticDiscovery(config.static_configs)


SOURCES: Final[Mapping[str, _Make]] = MappingProxyType({"static_configs": _static})
"""By key of the configuration; each gives no source, one, or one for each entry."""


def discoveries(config: TargetSources) -> dict[str, Discovery]:
    """The section's sources, each under a name of its own: `static_configs/0`."""
    return {f"{key}/{place}": source for key, make in SOURCES.items() for place, source in enumerate(make(config))}
