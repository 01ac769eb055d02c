"""Series that retention left without a sample, on their way out of memory.

Their names are kept for GRACE_MS, since whoever appends may hold their columns from before, for as long as a scrape or
a request takes. Then they are due, and the thread that gives out numbers lets go of them.

Law: one thread gives out numbers (`due`, `leave`), another tells who has died (`add`, `look`); each step is one of the
interpreter's.
"""

from __future__ import annotations

from typing import Final

GRACE_MS: Final = 3_600_000


class Graves:
    """By series number the time (ms) at which its last sample went."""

    def __init__(self) -> None:
        self._since: dict[int, int] = {}
        self._due: list[int] = []

    def __len__(self) -> int:
        return len(self._since)

    def add(self, refs: list[int], now_ms: int) -> None:
        """These series have no samples any more."""
        self._since.update(dict.fromkeys(refs, now_ms))

    def look(self, now_ms: int) -> None:
        """See whose time has come."""
        if not self._due and self._since:
            self._due = [ref for ref, since in list(self._since.items()) if now_ms - since >= GRACE_MS]

    def leave(self, refs: list[int]) -> None:
        """These series are asked for again."""
        for ref in refs:
            self._since.pop(ref, None)

    def due(self) -> list[int]:
        """Those whose time has come and that were not asked for since; each is told once."""
        due, self._due = self._due, []
        return [ref for ref in due if self._since.pop(ref, None) is not None]
