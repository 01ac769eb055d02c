"""What a log store takes from a source, and hands to a query.

Lines travel in bulk: the text of many lines in one run of bytes, so that a filter searches memory and not lines. Times
are nanoseconds since the epoch. A label set that names a stream has no `__name__`.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import Protocol

import numpy as np
from msgspec import Struct, field
from numpy.typing import NDArray

from promql.model.labels import Labels
from promql.model.matchers import Matcher

Instants = NDArray[np.int64]


class StreamLines(Struct, frozen=True):
    """Lines for one stream, as a source sends them: in any order of time, those of one instant as they came.

    `times` and `lines` are of one length; a line is UTF-8 as it was read (what is not valid is replaced when it is
    shown), and may hold line feeds. `metadata` gives the labels that belong to a single line (structured metadata) by
    its index.
    """

    labels: Labels
    times: Sequence[int]
    lines: Sequence[bytes]
    metadata: Mapping[int, Labels] = field(default_factory=dict)


class Block(Protocol):
    """Lines of one stream in order of time. What is costly (decompression) happens when a method is first called.

    Blocks are asked from worker threads, each by one thread at a time.
    """

    @property
    def labels(self) -> Labels: ...

    @property
    def first(self) -> int:
        """The time of the first line."""

    @property
    def last(self) -> int:
        """The time of the last line."""

    @property
    def count(self) -> int: ...

    @property
    def size(self) -> int:
        """Bytes of `text`, known before it is there."""

    def text(self) -> bytes:
        """All lines, a line feed after each (which is no part of it)."""

    def starts(self) -> Instants:
        """int64[count + 1]: line i is `text()[starts[i] : starts[i + 1] - 1]`."""

    def times(self) -> Instants:
        """int64[count], never falling."""

    def metadata(self) -> Mapping[int, Labels]:
        """Structured metadata by the index of the line; empty for nearly all blocks."""


class LogSource(Protocol):
    """What a query reads. A view: what is pushed meanwhile does not change what was begun."""

    def blocks(self, matchers: Sequence[Matcher], start: int, end: int, *, backward: bool = False) -> Iterator[Block]:
        """Of the streams that match, all blocks that hold lines with start <= time < end; they may hold others too.

        They come by rising `first`, or by falling `last` when asked `backward`, so that a reader with enough lines can
        stop. Blocks of one stream do not overlap, and the lines of one instant are in one of them.
        """

    def streams(self, matchers: Sequence[Matcher], start: int, end: int) -> list[Labels]:
        """The label sets of the streams that match and have lines in that time, sorted."""


class Arrivals(Protocol):
    """Lines of the streams that match, as they come, from when somebody asked for them on. Any thread may ask."""

    def take(self) -> tuple[Sequence[Block], Sequence[tuple[int, Labels]]]:
        """What came since it was last asked, in any order; and times and labels of lines that there was no room for."""

    def close(self) -> None:
        """Nobody asks any more."""


class LogSink(Protocol):
    """Where a source's lines go without HTTP in between."""

    def push(self, tenant: str, streams: Sequence[StreamLines], positions: Mapping[str, str] | None = None) -> None:
        """Keep them, and with them, whole or not at all, how far their sources were read.

        Raises PushRefusedError (engine.logs.errors) where lines were refused, after the good ones were kept, and the
        positions too; DiskFullError where nothing was. A position that is empty takes its source away.
        """

    def positions(self) -> Mapping[str, str]:
        """How far sources were read, as the last kept pushes said."""
