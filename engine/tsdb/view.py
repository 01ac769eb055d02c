"""What a source shows: sealed parts, open rows, the newest instant, ragged samples, as one immutable value."""

from __future__ import annotations

from collections.abc import Iterator

from msgspec import Struct

from engine.names.numbers import NEVER
from engine.tsdb.log.tombstones import Deletion
from engine.tsdb.parts import RaggedPart, SealedTable, TablePart
from engine.tsdb.ragged import RaggedView
from engine.tsdb.table import Newest, TableView


class Part(Struct, frozen=True):
    """A sealed piece of a source, from `start` to `end` (Unix ms, both inside).

    It holds what the commits up to `through` brought. `segment` is the log segment with the first of them while the
    part is not stored, and None from then on; `file` is the key of the file that it is stored in. `deletions` are those
    that it is seen through (see `engine.tsdb.files.pruned`).
    """

    source: int
    start: int
    end: int
    through: int
    segment: int | None
    file: int = -1
    table: SealedTable | None = None
    ragged: RaggedPart | None = None
    deletions: tuple[Deletion, ...] = ()


class View(Struct, frozen=True):
    """All samples of a source at one moment.

    `parts_end` is when the newest sample of the parts was, `earlier_end` the same for all parts but the last.
    """

    parts: tuple[Part, ...] = ()
    parts_end: int = NEVER
    earlier_end: int = NEVER
    table: TableView | None = None
    newest: Newest | None = None
    ragged: RaggedView | None = None

    @property
    def count(self) -> int:
        """How many parts there are; what is open counts as one."""
        return len(self.parts) + (self.table is not None or self.newest is not None or self.ragged is not None)

    def tables(self, start: int, end: int) -> Iterator[TablePart]:
        if start <= self.parts_end:
            for part in self.parts:
                if part.table is not None and part.end >= start and part.start <= end:
                    yield part.table
        if self.table is not None:
            yield self.table
        if self.newest is not None and start <= self.newest.time <= end:
            yield self.newest

    def raggeds(self, start: int, end: int) -> Iterator[RaggedPart]:
        if start <= self.parts_end:
            for part in self.parts:
                if part.ragged is not None and part.end >= start and part.start <= end:
                    yield part.ragged
        if self.ragged is not None:
            yield self.ragged
