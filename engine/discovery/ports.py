"""What sources of targets need of the rest, and what they count."""

from __future__ import annotations

from collections import Counter
from pathlib import Path

from msgspec import Struct, field

from engine.foundation.addresses import AddressBook
from engine.foundation.clock import Clock
from engine.foundation.errors import RemoteError
from engine.foundation.lengths import Lengths
from engine.foundation.workers import Workers


class DiscoveryError(RemoteError):
    """A source told nothing that could be used; the text says why, and what it told before stays."""


class DiscoveryCounts(Struct):
    """Of all sources, since the start; `faults` says what is wrong now, by source, of which `sources` are the names in
    use; `received` counts news by purpose, `file_times` are when files of targets were changed (Unix s).
    """

    file_read_errors: int = 0
    file_scans: Lengths = field(default_factory=Lengths)
    file_times: dict[str, float] = field(default_factory=dict)
    received: Counter[str] = field(default_factory=Counter)
    http_failures: int = 0
    dns_lookups: int = 0
    dns_failures: int = 0
    consul_failures: int = 0
    consul_calls: dict[str, Lengths] = field(default_factory=dict)
    kubernetes_events: Counter[tuple[str, str]] = field(default_factory=Counter)
    kubernetes_answers: Counter[str] = field(default_factory=Counter)
    kubernetes_requests: dict[str, Lengths] = field(default_factory=dict)
    refreshes: dict[str, Lengths] = field(default_factory=dict)
    refresh_failures: Counter[str] = field(default_factory=Counter)
    faults: dict[str, str] = field(default_factory=dict)
    sources: set[str] = field(default_factory=set)

    def refreshed(self, mechanism: str, seconds: float) -> None:
        """A source of this mechanism was asked, with whatever result."""
        self.refreshes.setdefault(mechanism, Lengths()).add(seconds)
        self.refresh_failures.setdefault(mechanism, 0)

    def refresh_failed(self, mechanism: str) -> None:
        self.refresh_failures[mechanism] += 1


class DiscoveryParts(Struct, frozen=True, kw_only=True):
    """`base` is the folder to which relative file names in client options belong; `purpose` is what the targets are
    for, as metrics tell it: `scrape`, `notify`.
    """

    clock: Clock
    workers: Workers
    addresses: AddressBook
    base: Path = Path()
    counts: DiscoveryCounts = field(default_factory=DiscoveryCounts)
    purpose: str = "scrape"
