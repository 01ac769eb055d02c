"""All data sources of an engine, and which one is meant where a dashboard names one."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import Any, Final

from engine.dashboards.json import Json, text
from engine.dashboards.sources.ports import Source, SourceError
from engine.dashboards.variables.interpolate import interpolate
from engine.dashboards.variables.value import Lookup

GRAFANA: Final = ("-- Grafana --", "grafana", "-- Mixed --", "-- Dashboard --", "-- Grafana")
_LIKE: Final = {"victoriametrics-metrics-datasource": "prometheus", "victoriametrics-logs-datasource": "loki"}
"""Types of plug-ins that speak the API of one that is known."""


class Shelf:
    """Owns the sources."""

    def __init__(self, sources: Iterable[Source] = ()) -> None:
        self._sources = list(sources)

    @property
    def all(self) -> Sequence[Source]:
        return self._sources

    def replace(self, sources: Iterable[Source]) -> list[Source]:
        """Gives those that are gone, to be closed."""
        old, self._sources = self._sources, list(sources)
        return old

    def of_type(self, kind: str) -> list[Source]:
        kind = _LIKE.get(kind, kind)
        return [one for one in self._sources if one.info.type == kind]

    def default(self, kind: str = "") -> Source | None:
        """The one that is marked so; of another type the first of it."""
        found = self.of_type(kind) if kind else self._sources
        return next((one for one in found if one.info.is_default), found[0] if found else None)

    def named(self, name: str) -> Source | None:
        """By its uid, or by its name in any case."""
        return next(
            (one for one in self._sources if name == one.info.uid),
            next((one for one in self._sources if name.lower() == one.info.name.lower()), None),
        )

    def find(self, ref: Any, lookup: Lookup, want: str = "") -> Source:
        """What `datasource` means. Raises SourceError.

        A uid that nobody has, and `${DS_PROMETHEUS}` of an exported file, lead to the default of the type that is said,
        or `want`ed.
        """
        given: Json = ref if isinstance(ref, dict) else {}
        name = interpolate(text(given.get("uid")) if given else text(ref), lookup)
        kind = interpolate(text(given.get("type")), lookup)
        if name in GRAFANA or kind == "datasource":
            raise SourceError("it is Grafana's own data source, which has no data here")
        if name and (found := self.named(name)) is not None:
            return found
        kind = _LIKE.get(kind, kind) or _guess(name) or want
        found = self.default(kind) if kind not in ("", "default") else self.default("prometheus") or self.default()
        if found is None:
            there = ", ".join(f"{one.info.name} ({one.info.type})" for one in self._sources) or "none"
            raise SourceError(f"there is no data source of type {kind or 'prometheus'!r}; there are: {there}")
        return found


def _guess(name: str) -> str:
    """`${DS_LOKI}` of an exported file."""
    lowered = name.lower()
    return next((kind for kind in ("loki", "prometheus") if kind in lowered), "")
