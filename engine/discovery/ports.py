"""What sources of targets need of the rest, and what they count."""

from __future__ import annotations

from dataclasses import dataclass, field
from pathlib import Path

from engine.foundation.addresses import AddressBook
from engine.foundation.clock import Clock
from engine.foundation.errors import RemoteError
from engine.foundation.workers import Workers


class DiscoveryError(RemoteError):
    """A source told nothing that could be used; the text says why, and what it told before stays."""


@dataclass(slots=True)
class DiscoveryCounts:
    """Of all sources, since the start."""

    file_read_errors: int = 0
    http_failures: int = 0
    dns_lookups: int = 0
    dns_failures: int = 0


@dataclass(frozen=True, slots=True, kw_only=True)
class DiscoveryParts:
    """`base` is the folder to which relative file names in client options belong."""

    clock: Clock
    workers: Workers
    addresses: AddressBook
    base: Path = Path()
    counts: DiscoveryCounts = field(default_factory=DiscoveryCounts)
