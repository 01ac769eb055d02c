"""What HTTP requests are counted by: Prometheus's three families, and Alertmanager's, each with its bounds."""

from __future__ import annotations

from typing import Final

from msgspec import Struct, field

from exporters.histogram import Histogram

SECONDS: Final = (0.1, 0.2, 0.4, 1.0, 3.0, 8.0, 20.0, 60.0, 120.0)
BYTES: Final = tuple(10.0**power for power in range(2, 10))


class HttpCounts(Struct):
    """Requests by (handler, status code); seconds and bytes of answers by handler. A handler is a path's pattern."""

    requests: dict[tuple[str, int], int] = field(default_factory=dict)
    seconds: dict[str, Histogram] = field(default_factory=dict)
    bytes_sent: dict[str, Histogram] = field(default_factory=dict)

    def begin(self, method: str) -> None:
        """A request has come."""

    def add(self, handler: str, method: str, status: int, seconds: float, size: int) -> None:
        """It was answered."""
        self.requests[handler, status] = self.requests.get((handler, status), 0) + 1
        if handler not in self.seconds:
            self.seconds[handler], self.bytes_sent[handler] = Histogram(SECONDS), Histogram(BYTES)
        self.seconds[handler].observe(seconds)
        self.bytes_sent[handler].observe(size)


METHOD_SECONDS: Final = (0.05, 0.1, 0.25, 0.5, 0.75, 1.0, 2.0, 5.0, 20.0, 60.0)
METHOD_BYTES: Final = tuple(10.0**power for power in range(2, 9))


class MethodCounts(HttpCounts):
    """By handler and method, as Alertmanager does."""

    in_flight: dict[str, int] = field(default_factory=dict)
    method_seconds: dict[tuple[str, str], Histogram] = field(default_factory=dict)
    method_bytes: dict[tuple[str, str], Histogram] = field(default_factory=dict)

    def begin(self, method: str) -> None:
        self.in_flight[method] = self.in_flight.get(method, 0) + 1

    def add(self, handler: str, method: str, status: int, seconds: float, size: int) -> None:
        self.in_flight[method] -= 1
        self.method_seconds.setdefault((handler, method), Histogram(METHOD_SECONDS)).observe(seconds)
        self.method_bytes.setdefault((handler, method), Histogram(METHOD_BYTES)).observe(size)
