"""The life of an alert, one per label set of a rule.

Laws: no clock is read here; every instant is given, in Unix milliseconds. The table says everything that can
happen; `step` only writes down when it did.

    NONE      nobody has heard of it
    PENDING   it holds, but not yet for the rule's `for`; told to nobody
    FIRING    it holds for long enough, or it did and is kept firing for `keep_firing_for`
    RESOLVED  it has ended; remembered for 15 minutes so that its end is told again
"""

from __future__ import annotations

from collections.abc import Mapping
from enum import Enum
from types import MappingProxyType
from typing import Final

from msgspec import Struct
from msgspec.structs import replace

RESOLVED_RETENTION: Final = 900_000


class Phase(Enum):
    NONE = "none"
    PENDING = "pending"
    FIRING = "firing"
    RESOLVED = "inactive"


class Sight(Enum):
    """What one evaluation saw of a label set."""

    HOLDS = "it holds"
    HOLDS_FOR_LONG = "it holds, and has for the rule's `for`"
    KEPT = "it has ended, and `keep_firing_for` has not passed"
    GONE = "it has ended"
    FORGOTTEN = "it had ended, and was remembered for long enough"


_P, _S = Phase, Sight
TRANSITIONS: Final[Mapping[Phase, Mapping[Sight, Phase]]] = MappingProxyType(
    {
        _P.NONE: {_S.HOLDS: _P.PENDING, _S.HOLDS_FOR_LONG: _P.FIRING},
        _P.PENDING: {_S.HOLDS: _P.PENDING, _S.HOLDS_FOR_LONG: _P.FIRING, _S.GONE: _P.NONE},
        _P.FIRING: {_S.HOLDS: _P.FIRING, _S.HOLDS_FOR_LONG: _P.FIRING, _S.KEPT: _P.FIRING, _S.GONE: _P.RESOLVED},
        _P.RESOLVED: {
            _S.HOLDS: _P.PENDING,
            _S.HOLDS_FOR_LONG: _P.FIRING,
            _S.GONE: _P.RESOLVED,
            _S.FORGOTTEN: _P.NONE,
        },
    }
)


class Timing(Struct, frozen=True):
    """A rule's `for` and `keep_firing_for`, in ms."""

    hold: int = 0
    keep_firing: int = 0


class Entry(Struct, frozen=True):
    """What is remembered of one label set: its phase, and the instants at which things happened."""

    phase: Phase
    active_at: int
    fired_at: int | None = None
    resolved_at: int | None = None
    keep_firing_since: int | None = None
    last_sent_at: int | None = None


def step(entry: Entry | None, time: int, timing: Timing, *, present: bool) -> Entry | None:
    """What the entry becomes when the rule is evaluated at `time` and its result has the label set, or has not."""
    if entry is None and not present:
        return None
    before = entry.phase if entry is not None else Phase.NONE
    after = TRANSITIONS[before][sight(entry, time, timing, present=present)]
    if after is Phase.NONE:
        return None
    if entry is None or (before is Phase.RESOLVED and after is not Phase.RESOLVED):
        return Entry(after, active_at=time, fired_at=time if after is Phase.FIRING else None)
    if before is Phase.FIRING:
        return _after_firing(entry, time, timing, after, present=present)
    if before is not after:
        return replace(entry, phase=after, fired_at=time)
    return entry


def sight(entry: Entry | None, time: int, timing: Timing, *, present: bool) -> Sight:
    """What this evaluation means to the entry."""
    if present:
        fresh = entry is None or entry.phase is Phase.RESOLVED
        active_at = time if fresh or entry is None else entry.active_at
        return Sight.HOLDS_FOR_LONG if time - active_at >= timing.hold else Sight.HOLDS
    if entry is None:
        return Sight.GONE
    if entry.phase is Phase.FIRING and timing.keep_firing > 0:
        since = time if entry.keep_firing_since is None else entry.keep_firing_since
        return Sight.KEPT if time - since < timing.keep_firing else Sight.GONE
    if entry.resolved_at is not None and time - entry.resolved_at > RESOLVED_RETENTION:
        return Sight.FORGOTTEN
    return Sight.GONE


def _after_firing(entry: Entry, time: int, timing: Timing, after: Phase, *, present: bool) -> Entry:
    since = None
    if not present and timing.keep_firing > 0:
        since = time if entry.keep_firing_since is None else entry.keep_firing_since
    if after is Phase.RESOLVED:
        return replace(entry, phase=after, resolved_at=time, keep_firing_since=since)
    return entry if entry.keep_firing_since == since else replace(entry, keep_firing_since=since)


def needs_sending(entry: Entry, time: int, resend_delay: int) -> bool:
    """Whether this evaluation tells of it: an end that was not told yet, or anything told too long ago."""
    if entry.phase is Phase.PENDING:
        return False
    if entry.last_sent_at is None or (entry.resolved_at is not None and entry.resolved_at > entry.last_sent_at):
        return True
    return entry.last_sent_at + resend_delay < time


def sent(entry: Entry, time: int) -> Entry:
    return replace(entry, last_sent_at=time)


def ends_at(entry: Entry, time: int, interval: int, resend_delay: int) -> int:
    """When a receiver shall take it as ended: when it did, or four turns from now if nothing more is heard."""
    return entry.resolved_at if entry.resolved_at is not None else time + 4 * max(interval, resend_delay)


def restored(entry: Entry, time: int, timing: Timing, last: tuple[int, int], grace: int) -> Entry:
    """The entry as it would be without the outage; `last` is when the state was last written and its `active_at`.

    The outage itself counts for nothing, and whoever has waited out more than `for` less `grace` waits `grace` yet,
    so that an end during the outage can be seen. One that was firing fires again at the next evaluation.
    """
    down_at, active_at = last
    remaining = timing.hold - (down_at - active_at)
    if remaining <= 0:
        return replace(entry, active_at=active_at)
    if remaining < grace:
        return replace(entry, active_at=time + grace - timing.hold)
    return replace(entry, active_at=active_at + time - down_at)
