"""What each receiver was last told about each group, so that nobody is told twice, not even after a restart."""

from __future__ import annotations

from typing import Final, TypeAlias

import msgspec

from engine.alerting.kept.dedup import Told
from engine.alerting.kept.linelog import LineLog
from engine.foundation.clock import SECOND, Clock

RETENTION: Final = 120 * 3600 * SECOND
"""How long it is remembered what was told, and silences that have ended, unless something else is asked for."""

Key: TypeAlias = tuple[str, str, str, int]
"""Group key, receiver, integration, and the integration's place among those of its kind."""


class JournalEntry(msgspec.Struct, frozen=True):
    """Fingerprints and Unix ns. `expires_at` counts only when the journal is maintained; look-ups ignore it.

    `withheld` says that nobody was told, only that it was shown here: that holds until the next start, when
    delivering may be allowed.
    """

    key: Key
    firing: tuple[str, ...]
    resolved: tuple[str, ...]
    timestamp: int
    expires_at: int
    withheld: bool = False


class Journal:
    """The one owner of the entries. `log` None keeps them in memory alone."""

    def __init__(self, clock: Clock, log: LineLog[JournalEntry] | None, retention: int = RETENTION) -> None:
        self._clock = clock
        self._log = log
        self._retention = retention
        self._entries = {entry.key: entry for entry in (log.read() if log is not None else ())}

    def told(self, key: Key) -> Told | None:
        entry = self._entries.get(key)
        if entry is None:
            return None
        return Told(frozenset(entry.firing), frozenset(entry.resolved), entry.timestamp)

    async def record(
        self, key: Key, firing: frozenset[str], resolved: frozenset[str], repeat: int, *, withheld: bool = False
    ) -> None:
        """Remember that this was told just now; `repeat` in ns. Raises LogWriteError, and remembers all the same.

        A notification that went out must not go out again because the disk is full.
        """
        now = self._clock.now_ns()
        expires_at = now + min(self._retention, 2 * repeat)
        entry = JournalEntry(key, tuple(sorted(firing)), tuple(sorted(resolved)), now, expires_at, withheld)
        self._entries[key] = entry
        if self._log is not None and not withheld:
            await self._log.append(entry)

    def forget(self) -> None:
        """Forget what has expired."""
        now = self._clock.now_ns()
        self._entries = {key: entry for key, entry in self._entries.items() if entry.expires_at > now}

    async def compact(self) -> None:
        """Keep the file small. Raises LogWriteError."""
        if self._log is not None:
            await self._log.compact(lambda: [entry for entry in self._entries.values() if not entry.withheld])

    @property
    def size(self) -> int:
        """Of the file, in bytes."""
        return 0 if self._log is None else self._log.size

    def __len__(self) -> int:
        return len(self._entries)
