"""A stream: lines with one label set, of one tenant.

Law: what a stream holds is one value, `held`, that is replaced whole, so that a reader sees each line once, whether it
is open, being sealed, or sealed.
"""

from __future__ import annotations

from typing import NamedTuple

from engine.logs.store.head import Head, View
from engine.logs.store.segment import Entry, Named, Segment


class Stored(NamedTuple):
    """A blob in its file."""

    segment: Segment
    entry: Entry


class Held(NamedTuple):
    """Blobs in order of arrival, the head that is being sealed, and the open one; a head that is there has lines."""

    blobs: tuple[Stored, ...] = ()
    sealing: Head | None = None
    head: Head | None = None

    def heads(self) -> list[tuple[Head, View]]:
        """In order of arrival."""
        return [(head, head.view) for head in (self.sealing, self.head) if head is not None]


class Stream:
    """`number` is the process's own and never given again; `highest` is the highest time that was taken (Unix ns)."""

    __slots__ = ("held", "highest", "named", "number")

    def __init__(self, number: int, named: Named) -> None:
        self.number = number
        self.named = named
        self.held = Held()
        self.highest: int | None = None

    def note(self, time: int) -> None:
        if self.highest is None or time > self.highest:
            self.highest = time

    @property
    def active(self) -> bool:
        """Has lines that are not sealed yet."""
        return self.held.head is not None or self.held.sealing is not None

    def holds(self, start: int, end: int) -> bool:
        """Whether there is something that spans a time from `start` up to, but not with, `end`."""
        held = self.held
        return any(view.first < end and view.last >= start for _, view in held.heads()) or any(
            entry.first < end and entry.last >= start for _, entry in held.blobs
        )
