"""What became of every alert, step by step: the answer to "why was I (not) notified?".

Laws: writing a step down never fails and never waits. What happens again as it did before at the same place only
counts up, so an alert that fires for a week under one silence is a few lines. The space is bounded: so many lines an
alert and in all, so many characters a line, and nothing older than the retention; the alerts that were quiet for
longest go first.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from enum import Enum
from functools import lru_cache
from typing import Final

import msgspec

from engine.alerting.alert import Alert
from engine.foundation.clock import SECOND
from promql.model.labels import Labels
from promql.model.matchers import Matcher, match_all

RETENTION: Final = 120 * 3600 * SECOND
LINES_OF_ONE: Final = 200
LINES_IN_ALL: Final = 200_000
LONGEST: Final = 300
"""Characters of a reason: what a receiver answers may be a whole page."""
_LEFT: Final = 0.9  # of all lines, once there were too many


class What(Enum):
    """The steps of an alert's way."""

    RECEIVED = "received"
    RESOLVED = "resolved"
    ROUTED = "routed"
    WAITING = "waiting"
    INHIBITED = "inhibited"
    MUTED = "muted"
    SILENCED = "silenced"
    NOT_DUE = "deduplicated"
    NOT_WANTED = "not wanted"
    SENT = "sent"
    WITHHELD = "withheld"
    RETRYING = "failed, and tried again"
    FAILED = "failed"


class Where(msgspec.Struct, frozen=True):
    """The group it is told in, who is told, and through what; each empty where that is not known yet."""

    receiver: str = ""
    group_key: str = ""
    integration: str = ""


HERE: Final = Where()


class Step(msgspec.Struct, frozen=True):
    """Something that happened `count` times from `first` to `last` (Unix ns); `why` is in plain words."""

    what: What
    where: Where
    why: str
    first: int
    last: int
    count: int = 1


class TrailRecord(msgspec.Struct, frozen=True):
    """The steps of one alert, oldest first, as they are shown and kept."""

    fingerprint: str
    labels: dict[str, str]
    steps: tuple[Step, ...]


class _Path:
    """The steps of one alert, and the newest at each place."""

    __slots__ = ("labels", "last", "newest", "steps")

    def __init__(self, labels: Labels) -> None:
        self.labels = labels
        self.steps: dict[int, Step] = {}  # by a number that grows, so that counting up keeps the order
        self.newest: dict[Where, int] = {}
        self.last = 0

    def add(self, step: Step) -> int:
        """How many lines there are more than before."""
        self.last = max(self.last, step.last)
        number = self.newest.get(step.where)
        before = self.steps.get(number) if number is not None else None
        if number is not None and before is not None and (before.what, before.why) == (step.what, step.why):
            self.steps[number] = Step(
                before.what, before.where, before.why, before.first, step.last, before.count + step.count
            )
            return 0
        number = next(reversed(self.steps), -1) + 1
        self.steps[number] = step
        self.newest[step.where] = number
        if len(self.steps) <= LINES_OF_ONE:
            return 1
        oldest = next(iter(self.steps))
        if self.newest.get(gone := self.steps.pop(oldest).where) == oldest:
            del self.newest[gone]
        return 0


class Trail:
    """The only owner of the steps of all alerts."""

    def __init__(self, records: Iterable[TrailRecord] = (), *, limit: int = LINES_IN_ALL) -> None:
        self._limit = limit
        self._paths: dict[str, _Path] = {}
        self._lines = 0
        for record in records:
            path = self._paths.setdefault(record.fingerprint, _Path(Labels.of(record.labels)))
            for step in record.steps:
                self._lines += path.add(step)

    def note(self, alert: Alert, what: What, time: int, why: str = "", where: Where = HERE) -> None:
        """Write a step down that happened at `time` (Unix ns)."""
        path = self._paths.get(alert.fingerprint)
        if path is None:
            path = self._paths[alert.fingerprint] = _Path(alert.labels)
        self._lines += path.add(Step(what, where, _reason(why), time, time))
        if self._lines > self._limit:
            self._make_room()

    def of(self, fingerprint: str) -> TrailRecord | None:
        """The steps of an alert; None if nothing is known of it."""
        path = self._paths.get(fingerprint)
        return None if path is None else _record(fingerprint, path)

    def find(self, matchers: Sequence[Matcher]) -> list[TrailRecord]:
        """Those of all alerts that match, what happened last comes first."""
        found = [(one.last, name, one) for name, one in self._paths.items() if match_all(matchers, one.labels)]
        return [_record(name, one) for _, name, one in sorted(found, key=lambda each: (-each[0], each[1]))]

    def collect(self, now: int) -> None:
        """Forget alerts of which nothing has been heard for the retention."""
        self._keep({name: path for name, path in self._paths.items() if path.last > now - RETENTION})

    def __len__(self) -> int:
        """The lines in all."""
        return self._lines

    def _make_room(self) -> None:
        room = self._limit * _LEFT
        kept: dict[str, _Path] = {}
        for name, path in sorted(self._paths.items(), key=lambda pair: -pair[1].last):
            room -= len(path.steps)
            if room < 0:
                break
            kept[name] = path
        self._keep(kept)

    def _keep(self, paths: dict[str, _Path]) -> None:
        self._paths = paths
        self._lines = sum(len(path.steps) for path in paths.values())


@lru_cache(maxsize=256)
def _reason(why: str) -> str:
    """Not too long, and one text for all alerts that have it."""
    return why if len(why) <= LONGEST else why[: LONGEST - 1] + "…"


def _record(fingerprint: str, path: _Path) -> TrailRecord:
    return TrailRecord(fingerprint, path.labels.as_dict(), tuple(path.steps.values()))
