"""Loki's work: takes pushes, keeps lines as long as they are wanted, and hands them to queries."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Final

from engine.foundation.clock import Clock
from engine.logs import deletion, retention
from engine.logs.arrivals import Arrivals
from engine.logs.config.limits import Limits
from engine.logs.config.settings import LogSettings
from engine.logs.deletion import RECEIVED, Request, Requests
from engine.logs.hiding import Hiding
from engine.logs.intake import Intake
from engine.logs.retention import by_age, by_size
from engine.logs.store.store import LogStore
from promql.model.matchers import Matcher

_NS: Final = 1_000_000
URGENT: Final = 4
"""So many times what is sealed together may be open; who pushes more then waits for the sealing."""


class LogService:
    """Owns the store. `settings` may change while it runs."""

    def __init__(self, folder: Path | None, settings: LogSettings, clock: Clock) -> None:
        """None keeps nothing. Raises StoreError."""
        self.settings = settings
        self.clock = clock
        self.started_at = clock.now_ms()
        self.deletions = Requests(None if folder is None else folder / "deletions.json")
        self.store = LogStore(folder)
        self._cleaned = clock.now_ns()
        self.intake = Intake(self.store, clock, self.limits, lambda: self.settings.window_ns)

    def limits(self, tenant: str) -> Limits:
        return self.settings.limits(tenant)

    def reader(self, tenant: str) -> Hiding:
        """What a query of that tenant reads: lines that are asked to be deleted are not there any more."""
        return Hiding(self.store.reader(tenant), tenant, lambda: self._hidden(tenant))

    def arrivals(self, tenant: str, matchers: Sequence[Matcher]) -> Arrivals:
        """What comes from now on, until it is closed."""
        found = Arrivals(tenant, matchers, self._forget)
        self.store.watchers = (*self.store.watchers, found.note)
        return found

    def _forget(self, one: Arrivals) -> None:
        self.store.watchers = tuple(note for note in self.store.watchers if note != one.note)

    def _hidden(self, tenant: str) -> list[Request]:
        if self.limits(tenant).deletion_mode == "disabled":
            return []
        return [one for one in self.deletions.of(tenant) if one.status == RECEIVED]

    @property
    def crowded(self) -> bool:
        """More is open than can be sealed in time."""
        return self.store.open_bytes > URGENT * self.store.options.seal_bytes

    def relieve(self) -> None:
        """Seal, if that is still needed: of many that wait for it one does it. For a worker. Raises DiskError."""
        if self.crowded:
            self.store.seal()

    def maintain(self) -> None:
        """Seal and clear up what is due; for a worker. Raises DiskError."""
        now = self.clock.now_ns()
        self.store.settle(now - self.settings.config.ingester.chunk_idle_period * _NS)
        self.store.maintain(now)
        self.store.compact()
        if now - self._cleaned >= self.settings.config.compactor.compaction_interval * _NS:
            self._cleaned = now
            self.clean(now)

    def clean(self, now: int) -> None:
        """Delete what is too old, too much, or asked to go. Raises DiskError."""
        segments, most = self.store.files.segments, self.settings.config.compactor.retention_size
        oldest = by_size(segments, most, by_age(self.settings, now))
        self.store.rewrite(lambda segment: retention.change_of(segment, oldest))
        due = now - self.settings.config.compactor.delete_request_cancel_period * _NS
        ripe = [one for one in self.deletions.waiting() if one.created <= due and self._deletes(one.tenant)]
        if ripe:
            self.store.seal()
            if self.store.rewrite(lambda segment: deletion.change_of(segment, ripe)):
                self.deletions.carried_out(ripe)

    def _deletes(self, tenant: str) -> bool:
        return self.limits(tenant).deletion_mode == "filter-and-delete"

    def close(self) -> None:
        self.store.close()
