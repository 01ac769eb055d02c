"""Lines as they come: what there is since a start, and then what is new, however late it is.

What comes is noted when it is pushed, from before the first look on, so that no line is missed; what both the first
look and the notes have is told once. Notes are looked at again and again.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import AsyncGenerator, Callable, Iterator, Sequence
from contextlib import closing, contextmanager
from typing import Final, TypeAlias

from msgspec import Struct, field

from engine.logql.execute.context import MS
from engine.logql.execute.lines import Entry, Span
from engine.logql.lines import Arrivals, Block
from engine.logql.syntax.ast import Log
from engine.logql.syntax.parser import parse_log
from engine.query.logs.engine import LogAnswer, LogQueryEngine
from engine.query.logs.limits import TooManyRequestsError, check_entries
from promql.model.labels import Labels
from promql.model.matchers import Matcher

PAUSE: Final = 0.5
"""Seconds between two looks."""
_FRAME: Final = 100
"""Lines of one message."""
_KEPT: Final = 2000
"""New lines that are told of one look; older ones beside them are dropped, and told as such."""
_DROPPED: Final = 1000
"""Lines that are told as dropped of one look, the newest."""
_EVER: Final = 2**63 - 1

Feed: TypeAlias = Callable[[str, Sequence[Matcher]], Arrivals]
"""What comes for a tenant from now on."""


class Frame(Struct, frozen=True):
    """Lines in order of time, and those that were left out because there were too many."""

    entries: list[Entry]
    dropped: list[Entry]


class TailWanted(Struct, frozen=True):
    """`start` in ns, `limit` lines of before, `delay` seconds that lines are waited for."""

    query: str
    start: int
    limit: int
    delay: float = 0.0


class Tails(Struct):
    """All that run, counted by tenant."""

    queries: LogQueryEngine
    feed: Feed
    _running: Counter[str] = field(default_factory=Counter)

    async def follow(self, tenant: str, wanted: TailWanted) -> AsyncGenerator[Frame]:
        """Frames, some without lines, until the tail has lasted its time or nobody asks any more.

        Raises LogQLError, TooManyRequestsError.
        """
        log = parse_log(wanted.query)
        check_entries(self.queries.limits(tenant), wanted.limit)
        clock = self.queries.clock
        end = clock.monotonic() + self.queries.limits(tenant).longest_tail
        with self._counted(tenant), closing(self.feed(tenant, log.matchers)) as arrivals:
            answer = await self.queries.lines(tenant, log, Span(wanted.start, clock.now_ns() + MS, wanted.limit))
            first = _entries(answer)
            noted, lost = await self._noted(tenant, log, wanted.start, arrivals)
            told = set(first)
            waiting = _Waiting(wanted.delay)
            waiting.add(clock.monotonic(), [entry for entry in noted if entry not in told])
            for frame in _frames(first[::-1], lost):
                yield frame
            while clock.monotonic() < end:
                await clock.sleep(PAUSE)
                noted, lost = await self._noted(tenant, log, wanted.start, arrivals)
                waiting.add(clock.monotonic(), noted)
                found = waiting.ripe(clock.monotonic())
                for frame in _frames(found[-_KEPT:], (lost + found[:-_KEPT])[-_DROPPED:]):
                    yield frame

    async def _noted(self, tenant: str, log: Log, start: int, arrivals: Arrivals) -> tuple[list[Entry], list[Entry]]:
        """New lines that come through the stages, by time; and those that there was no room for, without their text."""
        blocks, lost = await self.queries.workers.run(arrivals.take)
        left_out = [Entry(time, "", labels) for time, labels in lost]
        if not blocks:
            return [], left_out
        source = _Noted(sorted(blocks, key=lambda block: block.first))
        answer = await self.queries.lines_of(source, tenant, log, Span(start, _EVER, _EVER, backward=False))
        return _entries(answer), left_out

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


class _Waiting(Struct):
    """Lines that wait for earlier ones, `delay` seconds long."""

    delay: float
    _held: list[tuple[float, Entry]] = field(default_factory=list)

    def add(self, now: float, entries: Sequence[Entry]) -> None:
        """`now` in monotonic seconds."""
        self._held += [(now, entry) for entry in entries]

    def ripe(self, now: float) -> list[Entry]:
        """Those that have waited, and what is earlier than they are, by time."""
        latest = max((entry.time for since, entry in self._held if since + self.delay <= now), default=None)
        if latest is None:
            return []
        found = [entry for _, entry in self._held if entry.time <= latest]
        self._held = [one for one in self._held if one[1].time > latest]
        return sorted(found, key=lambda entry: entry.time)


class _Noted(Struct, frozen=True):
    """A source of blocks that are there, by rising `first`."""

    held: Sequence[Block]

    def blocks(
        self, _matchers: Sequence[Matcher], _start: int, _end: int, *, backward: bool = False
    ) -> Iterator[Block]:
        assert not backward, "the first come first"
        return iter(self.held)

    def streams(self, _matchers: Sequence[Matcher], _start: int, _end: int) -> list[Labels]:
        return sorted({block.labels for block in self.held})


def _entries(answer: LogAnswer) -> list[Entry]:
    assert isinstance(answer.result, list)
    return answer.result


def _frames(entries: list[Entry], dropped: list[Entry]) -> list[Frame]:
    """At least one, so that whoever tells them sees that the tail goes on."""
    parts = [entries[at : at + _FRAME] for at in range(0, len(entries), _FRAME)] or [[]]
    return [Frame(part, dropped if number == 0 else []) for number, part in enumerate(parts)]
