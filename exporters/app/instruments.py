"""The instruments of an application, once a registry.

Law: a series is there from the first request of its endpoint on, at zero, so that `rate()` sees the first exception.
The same registry always gives the same instruments: application factories run many times in tests.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Final, TypeVar
from weakref import WeakKeyDictionary

from prometheus_client import CollectorRegistry, Counter, Gauge, Histogram
from prometheus_client.metrics import MetricWrapperBase

from exporters.app.errors import InstrumentError

METHODS: Final = frozenset(("CONNECT", "DELETE", "GET", "HEAD", "OPTIONS", "PATCH", "POST", "PUT", "TRACE"))
_QUERY_BUCKETS: Final = (0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1.0, 2.5, 5.0, 10.0)

M = TypeVar("M", bound=MetricWrapperBase)

_made: WeakKeyDictionary[CollectorRegistry, dict[str, MetricWrapperBase]] = WeakKeyDictionary()


def instrument(registry: CollectorRegistry, name: str, make: Callable[[], M]) -> M:
    """The one of this name in the registry, made the first time. Raises InstrumentError where another has the name."""
    own = _made.setdefault(registry, {})
    if name not in own:
        try:
            own[name] = make()
        except ValueError as error:
            raise InstrumentError(f"the application defines {name} itself: remove that definition ({error})") from None
    return own[name]  # type: ignore[return-value]  # what was made under this name


class HttpInstruments:
    """What requests are counted in."""

    def __init__(self, registry: CollectorRegistry, buckets: Sequence[float]) -> None:
        ends = ["method", "endpoint"]
        self._requests = instrument(
            registry,
            "http_requests_total",
            lambda: Counter("http_requests_total", "HTTP requests that ended.", [*ends, "status"], registry=registry),
        )
        self._seconds = instrument(
            registry,
            "http_request_duration_seconds",
            lambda: Histogram(
                "http_request_duration_seconds",
                "Seconds from an HTTP request to the end of its answer.",
                ends,
                buckets=buckets,
                registry=registry,
            ),
        )
        self._exceptions = instrument(
            registry,
            "http_request_exceptions_total",
            lambda: Counter(
                "http_request_exceptions_total",
                "Exceptions that an HTTP request ended in, and that nothing in the application caught.",
                ends,
                registry=registry,
            ),
        )

    def ended(self, method: str, endpoint: str, status: int, seconds: float) -> None:
        """One request is over."""
        known = method if method in METHODS else "OTHER"
        self._requests.labels(known, endpoint, str(status)).inc()
        self._seconds.labels(known, endpoint).observe(seconds)
        self._exceptions.labels(known, endpoint)

    def failed(self, method: str, endpoint: str) -> None:
        """An exception came out of the application, before or after its answer."""
        self._exceptions.labels(method if method in METHODS else "OTHER", endpoint).inc()


class DatabaseInstruments:
    """What pools and queries are counted in; `pool` is a name of the application's choice."""

    def __init__(self, registry: CollectorRegistry, buckets: Sequence[float] = _QUERY_BUCKETS) -> None:
        def gauge(name: str, text: str) -> Gauge:
            return instrument(
                registry, name, lambda: Gauge(name, text, ["pool"], registry=registry, multiprocess_mode="livesum")
            )

        self.connections = gauge("db_connections", "Connections that are in use.")
        self.idle = gauge("db_connections_idle", "Connections that are open and wait in the pool.")
        self.most = gauge("db_connections_max", "Connections that the pool may open; none where it has no limit.")
        self.seconds = instrument(
            registry,
            "db_query_duration_seconds",
            lambda: Histogram(
                "db_query_duration_seconds",
                "Seconds of database queries.",
                ["pool", "operation"],
                buckets=buckets,
                registry=registry,
            ),
        )
        self.errors = instrument(
            registry,
            "db_query_errors_total",
            lambda: Counter(
                "db_query_errors_total", "Database queries that failed.", ["pool", "operation"], registry=registry
            ),
        )


def show_info(registry: CollectorRegistry, info: dict[str, str]) -> None:
    """A 1 with the labels; a gauge, since an Info does not live in several processes."""
    if info:
        shown = instrument(
            registry,
            "app_info_info",
            lambda: Gauge(
                "app_info_info", "The application.", sorted(info), registry=registry, multiprocess_mode="max"
            ),
        )
        shown.labels(**info).set(1)
