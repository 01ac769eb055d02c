"""A stream: lines with one label set, of one tenant.

Law: what a stream holds is one value, `held`, that is replaced whole, so that a reader sees each line once, whether it
is open, being sealed, or sealed.
"""

from __future__ import annotations

from typing import NamedTuple

from engine.logs.store.head import Head, Run, View
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
    """`number` is the process's own and never given again.

    While it is active, `highest` is the highest time that it took, and `seen` is when it took lines last (Unix ns).
    """

    __slots__ = ("held", "highest", "named", "number", "seen")

    def __init__(self, number: int, named: Named) -> None:
        self.number = number
        self.named = named
        self.held = Held()
        self.highest: int | None = None
        self.seen = 0

    def take(self, run: Run, now: int, portion_bytes: int) -> None:
        """Keep lines, which are open from now on, and are read by portions."""
        head = self.held.head
        if head is None:
            head = Head(portion_bytes)
            head.add(run)
            self.held = self.held._replace(head=head)
        else:
            head.add(run)
        high = head.highs[-1]
        self.highest = high if self.highest is None else max(self.highest, high)
        self.seen = now

    def holds(self, start: int, end: int) -> bool:
        """Whether there is something that spans a time from `start` up to, but not with, `end`."""
        held = self.held
        return any(view.first < end and view.last >= start for _, view in held.heads()) or any(
            entry.first < end and entry.last >= start for _, entry in held.blobs
        )
