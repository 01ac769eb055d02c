"""Loki's work: takes pushes, keeps lines as long as they are wanted, and hands them to queries."""

from __future__ import annotations

from pathlib import Path
from typing import Final

from engine.foundation.clock import Clock
from engine.logs.config.limits import Limits
from engine.logs.config.settings import LogSettings
from engine.logs.intake import Intake
from engine.logs.store.reader import Reader
from engine.logs.store.store import LogStore

URGENT: Final = 4
"""So many times what is sealed together may be open; who pushes more then waits for the sealing."""


class LogService:
    """Owns the store. `settings` may change while it runs."""

    def __init__(self, folder: Path | None, settings: LogSettings, clock: Clock) -> None:
        """None keeps nothing. Raises StoreError."""
        self.settings = settings
        self.clock = clock
        self.started_at = clock.now_ms()
        self.store = LogStore(folder)
        self.intake = Intake(self.store, clock, self.limits, lambda: self.settings.window_ns)

    def limits(self, tenant: str) -> Limits:
        return self.settings.limits(tenant)

    def reader(self, tenant: str) -> Reader:
        return self.store.reader(tenant)

    @property
    def crowded(self) -> bool:
        """More is open than can be sealed in time."""
        return self.store.open_bytes > URGENT * self.store.options.seal_bytes

    def maintain(self) -> None:
        """Seal and clear up what is due; for a worker. Raises DiskError."""
        self.store.maintain(self.clock.now_ns())

    def close(self) -> None:
        self.store.close()
