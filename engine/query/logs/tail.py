"""Lines as they come: what there is since a start, and then what is new, looked for again and again.

New lines are looked for in the time since the last look and a while before it, since lines may arrive late; what was
told already is known by its time, its labels and its text. Lines that come later than that while are not told.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import AsyncIterator, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import Final, TypeAlias

from engine.logql.execute.context import MS, SECOND
from engine.logql.execute.lines import Entry, Span
from engine.logql.syntax.ast import Log
from engine.logql.syntax.parser import parse_log
from engine.query.logs.engine import LogQueryEngine
from engine.query.logs.limits import TooManyRequestsError
from promql.model.labels import Labels

PAUSE: Final = 0.5
"""Seconds between two looks."""
LATE: Final = 10 * SECOND
"""How late a line may come and still be told (ns)."""
_FRAME: Final = 100
"""Lines of one message."""
_KEPT: Final = 2000
"""New lines that are told of one look; older ones beside them are dropped, and told as such."""
_READ: Final = 20_000

_Seen: TypeAlias = dict[tuple[int, Labels, str], None]


@dataclass(frozen=True, slots=True)
class Frame:
    """Lines in order of time, and those that were left out because there were too many."""

    entries: list[Entry]
    dropped: list[Entry]


@dataclass(frozen=True, slots=True)
class TailWanted:
    """`start` in ns, `limit` lines of before, `delay` seconds that lines are waited for."""

    query: str
    start: int
    limit: int
    delay: float = 0.0


@dataclass(slots=True)
class Tails:
    """All that run, counted by tenant."""

    queries: LogQueryEngine
    _running: Counter[str] = field(default_factory=Counter)

    async def follow(self, tenant: str, wanted: TailWanted) -> AsyncIterator[Frame]:
        """Frames, some without lines, until the tail has lasted its time or nobody asks any more.

        Raises LogQLError, TooManyRequestsError.
        """
        log = parse_log(wanted.query)
        with self._counted(tenant):
            clock = self.queries.clock
            end = clock.monotonic() + self.queries.limits(tenant).longest_tail
            seen: _Seen = {}
            until = self._until(wanted)
            first = await self._read(tenant, log, Span(wanted.start, until, wanted.limit))
            _new(await self._read(tenant, log, Span(until - LATE, until, _READ)), seen)
            for frame in _frames(first[::-1], []):
                yield frame
            while clock.monotonic() < end:
                await clock.sleep(PAUSE)
                since, until = max(until - LATE, wanted.start), self._until(wanted)
                found = _new(await self._read(tenant, log, Span(since, until, _READ, backward=False)), seen)
                for frame in _frames(found[-_KEPT:], found[:-_KEPT]):
                    yield frame
                _forget(seen, until - LATE)

    def _until(self, wanted: TailWanted) -> int:
        return self.queries.clock.now_ns() + MS - int(wanted.delay * SECOND)

    async def _read(self, tenant: str, log: Log, span: Span) -> list[Entry]:
        if span.end <= span.start:
            return []
        result = (await self.queries.lines(tenant, log, span)).result
        assert isinstance(result, list)
        return result

    @contextmanager
    def _counted(self, tenant: str) -> Iterator[None]:
        most = self.queries.limits(tenant).max_tails
        if most and self._running[tenant] >= most:
            raise TooManyRequestsError(
                f"max concurrent tail requests limit exceeded, count > limit ({self._running[tenant] + 1} > {most})"
            )
        self._running[tenant] += 1
        try:
            yield
        finally:
            self._running[tenant] -= 1


def _new(entries: list[Entry], seen: _Seen) -> list[Entry]:
    found = []
    for entry in entries:
        key = (entry.time, entry.labels, entry.line)
        if key not in seen:
            seen[key] = None
            found.append(entry)
    return found


def _forget(seen: _Seen, before: int) -> None:
    for key in [key for key in seen if key[0] < before]:
        del seen[key]


def _frames(entries: list[Entry], dropped: list[Entry]) -> list[Frame]:
    """At least one, so that whoever tells them sees that the tail goes on."""
    parts = [entries[at : at + _FRAME] for at in range(0, len(entries), _FRAME)] or [[]]
    return [Frame(part, dropped if number == 0 else []) for number, part in enumerate(parts)]
