"""Whether a group has news for a receiver, from what the journal says was told before.

Only the sets of firing and resolved alerts count, never annotations or values. The rules stand in the table, and
the first that fits decides.
"""

from __future__ import annotations

from collections.abc import Callable
from enum import Enum
from typing import Final

from msgspec import Struct


class Reason(Enum):
    """Why a notification goes out, or why not (`QUIET_*`)."""

    FIRST = "first notification of this group"
    NEW_FIRING = "an alert began to fire"
    ALL_RESOLVED = "the last alert resolved"
    NEW_RESOLVED = "an alert resolved"
    REPEAT = "the repeat interval has passed"
    QUIET_NOTHING_FIRED = "nothing fires and nothing was told"
    QUIET_KNOWN = "nothing new since the last notification"

    @property
    def notifies(self) -> bool:
        return not self.name.startswith("QUIET")


class Told(Struct, frozen=True):
    """What a receiver was last told about a group: fingerprints, and when (Unix ns)."""

    firing: frozenset[str]
    resolved: frozenset[str]
    timestamp: int


class Now(Struct, frozen=True):
    """What could be told now; `repeat` in ns."""

    firing: frozenset[str]
    resolved: frozenset[str]
    timestamp: int
    repeat: int
    send_resolved: bool


# Without an entry in the journal: what is true now, and what follows.
FIRST_TIME: Final[tuple[tuple[Callable[[Now], bool], Reason], ...]] = (
    (lambda now: bool(now.firing), Reason.FIRST),
    (lambda _: True, Reason.QUIET_NOTHING_FIRED),
)
# With an entry. The third rule does not ask for send_resolved: nothing is sent then, but the journal is cleared.
AGAIN: Final[tuple[tuple[Callable[[Told, Now], bool], Reason], ...]] = (
    (lambda told, now: not now.firing <= told.firing, Reason.NEW_FIRING),
    (lambda told, now: not now.firing and bool(told.firing), Reason.ALL_RESOLVED),
    (lambda _, now: not now.firing, Reason.QUIET_NOTHING_FIRED),
    (lambda told, now: now.send_resolved and not now.resolved <= told.resolved, Reason.NEW_RESOLVED),
    (lambda told, now: told.timestamp < now.timestamp - now.repeat, Reason.REPEAT),
    (lambda _told, _now: True, Reason.QUIET_KNOWN),
)


def decide(told: Told | None, now: Now) -> Reason:
    if told is None:
        return next(reason for holds, reason in FIRST_TIME if holds(now))
    return next(reason for holds, reason in AGAIN if holds(told, now))
