"""What became of every alert, step by step: the answer to "why was I (not) notified?".

Laws: writing a step down never fails and never waits. What happens again as it did before at the same place only
counts up, so an alert that fires for a week under one silence is a few lines. The space is bounded: so many lines an
alert and in all, so many characters a line, and nothing older than the retention; the alerts that were quiet for
longest go first.

A line is four numbers in 24 bytes: most alerts go the same ways, so what happened, where and why is kept once for all
of them (an object a step cost 8 MB at 10,000 alerts).
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from enum import Enum
from struct import Struct
from typing import Final, NamedTuple

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
_LINE: Final = Struct("<IqqI")  # the kind of the step, when it happened first and last, how often
_KIND: Final = Struct("<I")
_MOST: Final = 2**32 - 1
_USELESS: Final = 4096  # so many kinds that no line has any more may be kept


class What(Enum):
    """The steps of an alert's way."""

    RECEIVED = "received"
    RESTORED = "restored"
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


class _Kind(NamedTuple):
    what: What
    where: Where
    why: str


class _Path:
    """The steps of one alert, oldest first."""

    __slots__ = ("labels", "last", "lines")

    def __init__(self, labels: Labels) -> None:
        self.labels = labels
        self.last = 0
        self.lines = b""

    def __len__(self) -> int:
        return len(self.lines) // _LINE.size

    def kinds(self) -> Iterator[int]:
        return (kind for kind, *_ in _LINE.iter_unpack(self.lines))

    def add(self, kind: int, kinds: Sequence[_Kind], first: int, last: int, count: int) -> int:
        """How many lines there are more than before."""
        self.last = max(self.last, last)
        lines = self.lines
        at = self._newest(kinds[kind].where, kinds)
        if at is not None and _KIND.unpack_from(lines, at)[0] == kind:
            _, began, _, before = _LINE.unpack_from(lines, at)
            again = _LINE.pack(kind, began, last, min(before + count, _MOST))
            self.lines = lines[:at] + again + lines[at + _LINE.size :]
            return 0
        full = len(self) >= LINES_OF_ONE
        self.lines = lines[full * _LINE.size :] + _LINE.pack(kind, first, last, count)
        return 0 if full else 1

    def _newest(self, where: Where, kinds: Sequence[_Kind]) -> int | None:
        for at in range(len(self.lines) - _LINE.size, -1, -_LINE.size):
            if kinds[_KIND.unpack_from(self.lines, at)[0]].where == where:
                return at
        return None


class Trail:
    """The only owner of the steps of all alerts."""

    def __init__(self, records: Iterable[TrailRecord] = (), *, limit: int = LINES_IN_ALL) -> None:
        self._limit = limit
        self._paths: dict[str, _Path] = {}
        self._lines = 0
        self._kinds: list[_Kind] = []
        self._numbers: dict[_Kind, int] = {}
        for record in records:
            path = self._paths.setdefault(record.fingerprint, _Path(Labels.of(record.labels)))
            for step in record.steps:
                kind = self._number(step.what, step.where, step.why)
                self._lines += path.add(kind, self._kinds, step.first, step.last, step.count)

    def note(self, alert: Alert, what: What, time: int, why: str = "", where: Where = HERE) -> None:
        """Write a step down that happened at `time` (Unix ns)."""
        path = self._paths.get(alert.fingerprint)
        if path is None:
            path = self._paths[alert.fingerprint] = _Path(alert.labels)
        self._lines += path.add(self._number(what, where, why), self._kinds, time, time, 1)
        if self._lines > self._limit:
            self._make_room()

    def of(self, fingerprint: str) -> TrailRecord | None:
        """The steps of an alert; None if nothing is known of it."""
        path = self._paths.get(fingerprint)
        return None if path is None else _record(fingerprint, path, self._kinds)

    def find(self, matchers: Sequence[Matcher]) -> Iterator[TrailRecord]:
        """Those of all alerts that match, what happened last comes first. Another thread may go through them."""
        found = [(one.last, name, one) for name, one in self._paths.items() if match_all(matchers, one.labels)]
        found.sort(key=lambda each: (-each[0], each[1]))
        return (_record(name, one, kinds) for kinds in (self._kinds,) for _, name, one in found)

    def collect(self, now: int) -> None:
        """Forget alerts of which nothing has been heard for the retention."""
        self._keep({name: path for name, path in self._paths.items() if path.last > now - RETENTION})

    def __len__(self) -> int:
        """The lines in all."""
        return self._lines

    def _number(self, what: What, where: Where, why: str) -> int:
        kind = _Kind(what, where, why if len(why) <= LONGEST else why[: LONGEST - 1] + "…")
        number = self._numbers.get(kind)
        if number is None:
            number = self._numbers[kind] = len(self._kinds)
            self._kinds.append(kind)
        return number

    def _make_room(self) -> None:
        room = self._limit * _LEFT
        kept: dict[str, _Path] = {}
        for name, path in sorted(self._paths.items(), key=lambda pair: -pair[1].last):
            room -= len(path)
            if room < 0:
                break
            kept[name] = path
        self._keep(kept)

    def _keep(self, paths: dict[str, _Path]) -> None:
        self._paths = paths
        self._lines = sum(map(len, paths.values()))
        used = {number for path in paths.values() for number in path.kinds()}
        if len(self._kinds) - len(used) > _USELESS:
            self._renumber(used)

    def _renumber(self, used: set[int]) -> None:
        """Forget kinds that no line has any more. What was found before keeps its own."""
        numbers = {old: new for new, old in enumerate(sorted(used))}
        self._kinds = [self._kinds[old] for old in numbers]
        self._numbers = {kind: number for number, kind in enumerate(self._kinds)}
        for name, path in self._paths.items():
            renumbered = self._paths[name] = _Path(path.labels)
            renumbered.last = path.last
            renumbered.lines = b"".join(
                _LINE.pack(numbers[kind], *rest) for kind, *rest in _LINE.iter_unpack(path.lines)
            )


def _record(fingerprint: str, path: _Path, kinds: Sequence[_Kind]) -> TrailRecord:
    steps = (Step(*kinds[kind], *rest) for kind, *rest in _LINE.iter_unpack(path.lines))
    return TrailRecord(fingerprint, path.labels.as_dict(), tuple(steps))
