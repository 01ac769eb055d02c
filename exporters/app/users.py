"""Who was here lately: users seen in the last minutes, as one number."""

from __future__ import annotations

from collections import OrderedDict
from threading import Lock
from typing import Final

from prometheus_client import CollectorRegistry, Gauge

from exporters.app.instruments import instrument

_MOST: Final = 100_000


def active_users(registry: CollectorRegistry) -> Gauge:
    """The gauge, also for applications that count their users themselves: `active_users(REGISTRY).set(12)`."""
    return instrument(
        registry,
        "active_users",
        lambda: Gauge("active_users", "Users that were active lately.", registry=registry, multiprocess_mode="livesum"),
    )


class ActiveUsers:
    """Users by the time when they were last seen. `seen` and `refresh` may be called from any thread."""

    def __init__(self, registry: CollectorRegistry, seconds: float, most: int = _MOST) -> None:
        """`most` bounds the memory: of more users those seen longest ago are forgotten."""
        self._gauge = active_users(registry)
        self._seconds = seconds
        self._most = most
        self._last: OrderedDict[str, float] = OrderedDict()
        self._lock = Lock()

    def seen(self, user: str, now: float) -> None:
        """`now` is in seconds, of any clock that never goes back."""
        with self._lock:
            self._last[user] = now
            self._last.move_to_end(user)
            if len(self._last) > self._most:
                self._last.popitem(last=False)
        self.refresh(now)

    def refresh(self, now: float) -> None:
        """Forget those who were here too long ago."""
        with self._lock:
            while self._last and next(iter(self._last.values())) <= now - self._seconds:
                self._last.popitem(last=False)
            self._gauge.set(len(self._last))
