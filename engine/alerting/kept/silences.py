"""Silences: what may be said, what may be changed, and which are in force.

A silence has three states, read from its times: pending, active, expired. It is changed in place only where that
cannot rewrite the past (same matchers; an active one keeps its start); otherwise it is expired and a new one takes
its place under a new id. Every change is on disk before it counts.
"""

from __future__ import annotations

import uuid
from collections.abc import Callable, Iterable, Sequence
from enum import Enum
from typing import Final

import msgspec

from engine.alerting.kept.journal import RETENTION
from engine.alerting.kept.linelog import LineLog
from engine.alerting.matching.conditions import matches_empty
from engine.alerting.matching.grammar import IsName
from engine.foundation.clock import SECOND, Clock
from engine.foundation.errors import ConfigError
from engine.foundation.regexes import Regex, RegexError
from engine.foundation.values import is_label_name
from promql.model.labels import Labels
from promql.model.matchers import Matcher, MatchOp, match_all


class SilenceError(ConfigError):
    """The silence can't be taken; the words are Alertmanager's."""


class SilenceNotFoundError(SilenceError):
    """Nobody has this id."""

    def __init__(self) -> None:
        super().__init__("silence not found")


class State(Enum):
    """In the order in which lists show them."""

    ACTIVE = "active"
    PENDING = "pending"
    EXPIRED = "expired"


class SilenceMatcher(msgspec.Struct, frozen=True):
    """As it is kept and shown; `compiled` is what matches."""

    name: str
    value: str
    op: str

    def compiled(self) -> Matcher:
        """Raises RegexError."""
        return Matcher(self.name, MatchOp(self.op), self.value)


class Silence(msgspec.Struct, frozen=True):
    """Times are Unix ns. An empty `id` asks for a new one."""

    id: str
    matchers: tuple[SilenceMatcher, ...]
    starts_at: int
    ends_at: int
    updated_at: int
    created_by: str
    comment: str

    def state(self, now: int) -> State:
        if now < self.starts_at:
            return State.PENDING
        return State.ACTIVE if now < self.ends_at else State.EXPIRED


def validate(silence: Silence, is_name: IsName = is_label_name) -> tuple[Matcher, ...]:
    """The compiled matchers. Raises SilenceError."""
    compiled = tuple(_compile(index, matcher, is_name) for index, matcher in enumerate(silence.matchers))
    if not compiled:
        raise SilenceError("silence invalid: at least one matcher required")
    if all(map(matches_empty, compiled)):
        raise SilenceError("silence invalid: at least one matcher must not match the empty string")
    return compiled


def check_times(silence: Silence, now: int) -> None:
    """Raises SilenceError."""
    if silence.starts_at >= silence.ends_at:
        raise SilenceError("Failed to create silence: start time must be before end time")
    if silence.ends_at < now:
        raise SilenceError("Failed to create silence: end time can't be in the past")


def _compile(index: int, matcher: SilenceMatcher, is_name: IsName) -> Matcher:
    where = f"silence invalid: invalid label matcher {index}: "
    if not is_name(matcher.name):
        raise SilenceError(f'{where}invalid label name "{matcher.name}"')
    try:
        if matcher.op.endswith("~"):
            Regex(matcher.value, anchored=False)  # an error shows the pattern as it was written
        return matcher.compiled()
    except RegexError as error:
        raise SilenceError(f'{where}invalid regular expression "{matcher.value}": {error}') from None


def may_change_in_place(old: Silence, new: Silence, now: int) -> bool:
    if old.matchers != new.matchers:
        return False
    match old.state(now):
        case State.ACTIVE:
            return new.starts_at // SECOND == old.starts_at // SECOND and new.ends_at >= now
        case State.PENDING:
            return new.starts_at >= now
        case State.EXPIRED:
            return False


_LISTING: Final[dict[State, Callable[[Silence], int]]] = {
    State.ACTIVE: lambda silence: silence.ends_at,
    State.PENDING: lambda silence: silence.starts_at,
    State.EXPIRED: lambda silence: -silence.ends_at,
}
_RANK: Final = {state: rank for rank, state in enumerate(State)}


def listed(silences: Iterable[Silence], now: int) -> list[Silence]:
    """Active by soonest end, pending by soonest start, expired by latest end."""

    def position(silence: Silence) -> tuple[int, int]:
        state = silence.state(now)
        return _RANK[state], _LISTING[state](silence)

    return sorted(silences, key=position)


class Silences:
    """The one owner of silences. `log` None keeps them in memory alone; `is_name` says which labels may be named."""

    def __init__(
        self,
        clock: Clock,
        log: LineLog[Silence] | None,
        is_name: IsName = is_label_name,
        retention: int = RETENTION,
    ) -> None:
        self.queries = 0
        self._clock = clock
        self._log = log
        self._is_name = is_name
        self._retention = retention
        self._known: dict[str, tuple[Silence, tuple[Matcher, ...]]] = {}
        for silence in log.read() if log is not None else ():
            self._known[silence.id] = (silence, tuple(m.compiled() for m in silence.matchers))
        self.forget()

    async def set(self, wanted: Silence) -> str:
        """Create, change or replace; gives the id that now holds. Raises SilenceError, LogWriteError."""
        now = self._clock.now_ns()
        check_times(wanted, now)
        old = self._get(wanted.id) if wanted.id else None
        compiled = validate(wanted, self._is_name)
        if old is not None:
            if may_change_in_place(old, wanted, now):
                await self._keep(msgspec.structs.replace(wanted, updated_at=now), compiled)
                return wanted.id
            await self.expire(wanted.id)
        made = msgspec.structs.replace(
            wanted, id=str(uuid.uuid4()), starts_at=max(wanted.starts_at, now), updated_at=now
        )
        await self._keep(made, compiled)
        return made.id

    async def expire(self, silence_id: str) -> None:
        """End it now; one that has ended stays as it is. Raises SilenceNotFoundError, LogWriteError."""
        now = self._clock.now_ns()
        old = self._get(silence_id)
        if old.state(now) is State.EXPIRED:
            return
        ended = msgspec.structs.replace(old, starts_at=min(old.starts_at, now), ends_at=now, updated_at=now)
        await self._keep(ended, self._known[silence_id][1])

    def get(self, silence_id: str) -> Silence | None:
        return self._known[silence_id][0] if silence_id in self._known else None

    def all(self, having: Sequence[Matcher] = ()) -> list[Silence]:
        """Those that hold each of these matchers, word for word; in the order of lists."""
        found = (s for s, matchers in self._known.values() if all(m in matchers for m in having))
        return listed(found, self._clock.now_ns())

    def silenced_by(self, labels: Labels, now: int) -> tuple[str, ...]:
        """The ids of active silences that match, sorted."""
        self.queries += 1
        return tuple(
            sorted(
                silence.id
                for silence, matchers in self._known.values()
                if silence.starts_at <= now < silence.ends_at and match_all(matchers, labels)
            )
        )

    def count(self, state: State) -> int:
        now = self._clock.now_ns()
        return sum(silence.state(now) is state for silence, _ in self._known.values())

    def forget(self) -> None:
        """Forget what ended longer ago than the retention."""
        oldest = self._clock.now_ns() - self._retention
        self._known = {key: known for key, known in self._known.items() if known[0].ends_at >= oldest}

    async def compact(self) -> None:
        """Keep the file small. Raises LogWriteError."""
        if self._log is not None:
            await self._log.compact(lambda: [silence for silence, _ in self._known.values()])

    @property
    def size(self) -> int:
        """Of the file, in bytes."""
        return 0 if self._log is None else self._log.size

    def _get(self, silence_id: str) -> Silence:
        if (found := self.get(silence_id)) is None:
            raise SilenceNotFoundError
        return found

    async def _keep(self, silence: Silence, compiled: tuple[Matcher, ...]) -> None:
        if self._log is not None:
            await self._log.append(silence)
        self._known[silence.id] = (silence, compiled)
