"""Beacons that the application takes itself, counted in its registry, so that all its processes count together."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final

from msgspec import Struct
from prometheus_client import CollectorRegistry, Counter, Histogram

from exporters.app.instruments import instrument
from exporters.browser.beacons import ENDPOINTS, MOST_BYTES, BeaconError
from exporters.browser.metrics import BEACONS, BEACONS_HELP, FOLDED, FOLDED_HELP, Beacons
from exporters.browser.table import Measure

ROOT: Final = "/api/metrics/"


class RegistryCounts:
    """Counts in a registry; each instrument is made when it is first needed."""

    def __init__(self, registry: CollectorRegistry) -> None:
        self._registry = registry

    def observe(self, measure: Measure, subject: str, value: float) -> None:
        instrument(
            self._registry,
            measure.name,
            lambda: Histogram(
                measure.name, measure.help, [measure.label], buckets=measure.bounds, registry=self._registry
            ),
        ).labels(subject).observe(value)

    def beacon(self, endpoint: str, outcome: str) -> None:
        self._counter(BEACONS, BEACONS_HELP, "endpoint", "outcome").labels(endpoint, outcome).inc()

    def folded(self, family: str) -> None:
        self._counter(FOLDED, FOLDED_HELP, "family").labels(family).inc()

    def _counter(self, name: str, text: str, *labels: str) -> Counter:
        return instrument(self._registry, name, lambda: Counter(name, text, labels, registry=self._registry))


class BeaconAnswer(Struct, frozen=True):
    """What a browser gets."""

    status: int
    headers: Sequence[tuple[str, str]]
    body: bytes = b""


class BeaconDesk:
    """Answers requests below `/api/metrics/`, whoever speaks HTTP."""

    most_bytes: Final = MOST_BYTES

    def __init__(self, registry: CollectorRegistry, origins: frozenset[str]) -> None:
        self._beacons = Beacons(RegistryCounts(registry))
        self._origins = origins

    def takes(self, method: str, path: str) -> bool:
        """Whether the request is for here; all others are the application's."""
        return method in ("POST", "OPTIONS") and path.startswith(ROOT) and path[len(ROOT) :] in ENDPOINTS

    def answer(self, method: str, path: str, origin: str, body: bytes) -> BeaconAnswer:
        """Pages of origins that are not named get no leave to post, and a browser asks for it before it sends JSON."""
        headers = self._leave(origin)
        if method == "OPTIONS":
            return BeaconAnswer(204, headers)
        try:
            self._beacons.take(path[len(ROOT) :], body)
        except BeaconError as error:
            return BeaconAnswer(
                error.status, [*headers, ("content-type", "text/plain; charset=utf-8")], f"{error}\n".encode()
            )
        return BeaconAnswer(204, headers)

    def _leave(self, origin: str) -> list[tuple[str, str]]:
        if origin not in self._origins:
            return []
        return [
            ("access-control-allow-origin", origin),
            ("access-control-allow-credentials", "true"),
            ("access-control-allow-headers", "Content-Type"),
            ("access-control-allow-methods", "POST, OPTIONS"),
            ("vary", "Origin"),
        ]
