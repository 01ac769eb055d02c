"""Log queries: lines in order of time, through their stages, up to a limit.

Blocks come in order of time and may overlap between streams, so they are merged: a block is opened when the time of its
first line is due, its filters run over its whole text, and its lines go through the stages only when they are due. So a
query with enough lines has read little more than those.
"""

from __future__ import annotations

import heapq
from collections.abc import Iterator
from typing import Final

from msgspec import Struct, field

from engine.logql.execute.context import Context
from engine.logql.lines import Block
from engine.logql.pipeline.program import Program, compiled
from engine.logql.pipeline.row import Row
from engine.logql.search.text import Text
from engine.logql.syntax.ast import Log
from promql.model.labels import Labels

_BREATH: Final = 16
"""Lines between two pauses: a template may take 50 ms for one."""


class Entry(Struct, frozen=True):
    """A line as it comes out: `time` in ns, its labels in the order of their names."""

    time: int
    line: str
    labels: Labels


class Span(Struct, frozen=True):
    """Lines with start <= time < end (ns), at most `limit`, the newest first where `backward`. With an `interval` a
    line counts only so long after (or before) the last one that did.
    """

    start: int
    end: int
    limit: int
    backward: bool = True
    interval: int = 0


class _Cursor(Struct):
    """The lines of a block that are still to come."""

    text: Text
    rows: list[int]
    row: Row
    plain: Labels | None
    at: int = 0


class _Merge(Struct):
    context: Context
    program: Program
    span: Span
    cache: dict[tuple[tuple[str, str], ...], Labels] = field(default_factory=dict)
    breath: int = 0

    def entries(self, blocks: Iterator[Block]) -> Iterator[Entry]:
        waiting = next(blocks, None)
        opened: list[tuple[int, int, _Cursor]] = []  # when its next line is due, and when it came
        came = 0
        while waiting is not None or opened:
            while waiting is not None and (not opened or self._begins(waiting) <= opened[0][0]):
                if (cursor := self._opened(waiting)) is not None:
                    heapq.heappush(opened, (self._due(cursor), came, cursor))
                    came += 1
                waiting = next(blocks, None)
            if opened:
                yield from self._next(opened)

    def _next(self, opened: list[tuple[int, int, _Cursor]]) -> Iterator[Entry]:
        _, order, cursor = opened[0]
        entry = self._entry(cursor)
        cursor.at += 1
        if cursor.at < len(cursor.rows):
            heapq.heapreplace(opened, (self._due(cursor), order, cursor))
        else:
            heapq.heappop(opened)
        if entry is not None:
            yield entry

    def _begins(self, block: Block) -> int:
        return -block.last if self.span.backward else block.first

    def _due(self, cursor: _Cursor) -> int:
        time = int(cursor.text.times[cursor.rows[cursor.at]])
        return -time if self.span.backward else time

    def _opened(self, block: Block) -> _Cursor | None:
        self.context.pause()
        text = Text(block)
        index = text.between(self.span.start, self.span.end)
        if not len(index):
            return None
        self.context.read.block(len(index), block.size)
        index = self.program.select(text, index, block.labels)
        if not len(index):
            return None
        row = self.program.row(text)
        index = self.program.narrowed(text, index, row)
        if not len(index):
            return None
        rows = index.tolist()
        plain = block.labels if self.program.is_plain and not block.metadata() else None
        return _Cursor(text, rows[::-1] if self.span.backward else rows, row, plain)

    def _entry(self, cursor: _Cursor) -> Entry | None:
        self.breath += 1
        if self.breath % _BREATH == 0:
            self.context.pause()
        at = cursor.rows[cursor.at]
        text = cursor.text
        line, time = text.line(at), int(text.times[at])
        if cursor.plain is not None:
            return Entry(time, line.decode("utf-8", "replace"), cursor.plain)
        row = row_of(cursor.row, text.block, at)
        row.begin(line, time)
        if not self.program.passes(row):
            return None
        return Entry(time, row.text(), self._labels(row))

    def _labels(self, row: Row) -> Labels:
        pairs = tuple(sorted(row.all_labels().items()))
        found = self.cache.get(pairs)
        if found is None:
            found = self.cache[pairs] = Labels(pairs)
        return found


def row_of(row: Row, block: Block, at: int) -> Row:
    """The row of a stream, or where the line has labels of its own one with those too."""
    metadata = block.metadata()
    own = metadata.get(at) if metadata else None
    return row if own is None else Row({**row.base, **own.as_dict()}, clean=row.clean)


def entries(context: Context, log: Log, span: Span) -> Iterator[Entry]:
    """Lines in order of time; those of one instant as they came, or the other way round when asked backward.

    Raises ParseError for stages that can't be.
    """
    merge = _Merge(context, compiled(log.stages, None, context.now), span)
    blocks = context.source.blocks(log.matchers, span.start, span.end, backward=span.backward)
    last: int | None = None
    given = 0
    for entry in merge.entries(iter(blocks)):
        if span.interval and last is not None and abs(entry.time - last) < span.interval:
            continue
        last = entry.time
        yield entry
        given += 1
        if given >= span.limit:
            return
