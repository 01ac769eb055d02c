"""Requests to delete lines: kept in a file, in force for queries at once, and carried out when their time has come.

Until then they can be taken back. With `deletion_mode: filter-only` lines are hidden and never deleted.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from functools import lru_cache
from hashlib import blake2b
from itertools import pairwise
from pathlib import Path
from typing import Final, Literal

import msgspec
import numpy as np

from engine.foundation.errors import DamagedError, DiskError
from engine.foundation.files import replace
from engine.logql.execute.context import Context
from engine.logql.execute.lines import Span, entries
from engine.logql.lines import Block
from engine.logql.syntax.ast import JsonStage, LabelFilterStage, LineFilter, Log, LogfmtStage, PatternStage, RegexpStage
from engine.logql.syntax.parser import parse_log
from engine.logs.store.lines import Lines, take
from engine.logs.store.rewriting import Change
from engine.logs.store.segment import Entry, Named, Segment
from promql.model.labels import Labels
from promql.model.matchers import Matcher, match_all
from promql.model.types import IntArray

RECEIVED: Final = "received"
PROCESSED: Final = "processed"
_ALLOWED: Final = (LineFilter, LabelFilterStage, JsonStage, LogfmtStage, PatternStage, RegexpStage)
_EVER: Final = 1 << 62


class Request(msgspec.Struct, frozen=True, kw_only=True):
    """Times are Unix ns; lines with start <= time <= end."""

    request_id: str
    tenant: str
    query: str
    start: int
    end: int
    created: int
    status: Literal["received", "processed"] = "received"

    @property
    def log(self) -> Log:
        return _parsed(self.query)

    def touches(self, named: Named, first: int, last: int) -> bool:
        """Whether lines of a stream between these times may be meant."""
        near = named.tenant == self.tenant and first <= self.end and last >= self.start
        return near and match_all(self.log.matchers, named.labels)


def is_deletable(log: Log) -> bool:
    """Whether lines pass all stages as they are."""
    return all(isinstance(stage, _ALLOWED) for stage in log.stages)


class Requests:
    """All of them. Raises OSError where the file can't be written."""

    def __init__(self, file: Path | None) -> None:
        """Raises DamagedError, DiskError."""
        self._file = file
        self._all: tuple[Request, ...] = ()
        try:
            if file is not None and file.exists():
                self._all = tuple(msgspec.json.decode(file.read_bytes(), type=list[Request]))
        except (msgspec.DecodeError, UnicodeDecodeError) as error:
            raise DamagedError(
                f"{file}: the requests to delete lines can't be read ({error}): mend it, or remove it and ask again"
            ) from None
        except OSError as error:
            raise DiskError(f"{file}: can't read the requests to delete lines ({error.strerror})") from None

    def of(self, tenant: str) -> list[Request]:
        return [one for one in self._all if one.tenant == tenant]

    def waiting(self) -> list[Request]:
        """Those that are not carried out yet."""
        return [one for one in self._all if one.status == RECEIVED]

    def add(self, tenant: str, query: str, start: int, end: int, now: int) -> None:
        """One that is there already stays one."""
        name = blake2b(f"{tenant} {query} {start} {end}".encode(), digest_size=4).hexdigest()
        if all(one.request_id != name or one.status != RECEIVED for one in self._all):
            self._put(
                (*self._all, Request(request_id=name, tenant=tenant, query=query, start=start, end=end, created=now))
            )

    def cancel(self, tenant: str, name: str) -> Request | None:
        """The request that was taken back."""
        found = next((one for one in self.of(tenant) if one.request_id == name and one.status == RECEIVED), None)
        if found is not None:
            self._put(tuple(one for one in self._all if one is not found))
        return found

    def carried_out(self, done: Sequence[Request]) -> None:
        self._put(tuple(msgspec.structs.replace(one, status=PROCESSED) if one in done else one for one in self._all))

    def _put(self, new: tuple[Request, ...]) -> None:
        if self._file is not None:
            replace(self._file, msgspec.json.encode(new))
        self._all = new


def change_of(segment: Segment, requests: Sequence[Request]) -> Change | None:
    """How a file is made anew without what was asked to go; None where that is nothing."""

    def touched(named: Named, entry: Entry) -> bool:
        return any(one.touches(named, entry.first, entry.last) for one in requests)

    if not any(touched(segment.streams[entry.stream], entry) for entry in segment.entries):
        return None
    return Change(touched=touched, thin=lambda named, lines: thinned(named, lines, requests))


def thinned(named: Named, lines: Lines, requests: Sequence[Request]) -> Lines | None:
    """Without the lines that requests mean; None where none is left."""
    kept = np.ones(len(lines), np.bool_)
    for one in requests:
        if one.touches(named, int(lines.times[0]), int(lines.times[-1])):
            inside = (lines.times >= one.start) & (lines.times <= one.end)
            rows = np.flatnonzero(inside)
            kept[rows if not one.log.stages else _matching(named.labels, lines, rows, one.log)] = False
    if kept.all():
        return lines
    return take(lines, np.flatnonzero(kept)) if kept.any() else None


def _matching(labels: Labels, lines: Lines, rows: IntArray, log: Log) -> list[int]:
    """The rows whose lines pass the stages. Equal lines of one instant are one line."""
    some = take(lines, rows)
    context = Context(_One(labels, some), 0, lambda: None)
    found = {(one.time, one.line) for one in entries(context, log, Span(-_EVER, _EVER, len(some)))}
    bounds = some.starts.tolist()
    texts = (some.text[a : b - 1].decode(errors="replace") for a, b in pairwise(bounds))
    times = some.times.tolist()
    return [row for row, time, text in zip(rows.tolist(), times, texts, strict=True) if (time, text) in found]


@dataclass(frozen=True)
class Part:
    """Lines as a block."""

    labels: Labels
    lines: Lines

    @property
    def first(self) -> int:
        return int(self.lines.times[0])

    @property
    def last(self) -> int:
        return int(self.lines.times[-1])

    @property
    def count(self) -> int:
        return len(self.lines)

    @property
    def size(self) -> int:
        return len(self.lines.text)

    def text(self) -> bytes:
        return self.lines.text

    def starts(self) -> IntArray:
        return self.lines.starts

    def times(self) -> IntArray:
        return self.lines.times

    def metadata(self) -> dict[int, Labels]:
        return dict(self.lines.metadata)


@dataclass(frozen=True)
class _One:
    """A source of one block."""

    labels: Labels
    lines: Lines

    def blocks(self, _m: Sequence[Matcher], _s: int, _e: int, *, backward: bool = False) -> Iterator[Block]:
        return iter([Part(self.labels, self.lines)] if len(self.lines) else [])

    def streams(self, _m: Sequence[Matcher], _s: int, _e: int) -> list[Labels]:
        return [self.labels]


@lru_cache(256)
def _parsed(query: str) -> Log:
    return parse_log(query)
