"""Where the series of remote clients are kept: which source, which column, by the bytes of their labels.

Each job and instance has a source of its own: they come from one target and share its instants. Where series of one
job and instance turn out not to (two servers that scrape the same, groups of rules without such labels), they get
lanes, sources of their own. A new series joins the lane that has its instant, or whose beat leads there, or else it
gets a new one, up to a limit: beyond that they lie in one, whose samples go to its ragged part.

What was not asked for twice ten minutes is forgotten, and found again by its labels. Owned by the event loop.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Final, Protocol

from msgspec import Struct, field

from engine.tsdb.source import Source
from promql.model.labels import Labels

KEY: Final = "remote "
COLUMN_BITS: Final = 32
_LANES: Final = 16
_KEPT_SECONDS: Final = 600.0
_BEAT_PART: Final = 20


def source_key(labels: Labels, lane: int = 0) -> str:
    """The key of the source in which the series of a job and instance lie."""
    return f"{group_key(labels)} {lane}"


def group_key(labels: Labels) -> str:
    return f"{KEY}{Labels.of(job=labels.get('job'), instance=labels.get('instance'))}"


class Store(Protocol):
    """What is asked of a store."""

    def source(self, key: str) -> Source:
        """The source of this key, made where there is none."""

    def writers(self, labels: Labels) -> list[Source]:
        """The sources that have this series."""


class Lane(Struct, eq=False):
    """A source; when its newest sample was and how far the one before was away (ms), as far as is known."""

    number: int
    source: Source
    latest: int | None = None
    step: int = 0

    def note(self, time: int) -> None:
        """A sample of this time was taken."""
        if self.latest is None:
            self.latest = time
        elif time > self.latest:
            self.step, self.latest = time - self.latest, time

    def beats_at(self, time: int) -> bool:
        """May this be one of its next instants?"""
        if self.latest is None or not self.step or time <= self.latest:
            return False
        away = (time - self.latest) % self.step
        return min(away, self.step - away) * _BEAT_PART <= self.step


class _Group(Struct):
    """The lanes of a job and instance, by the number in their key."""

    key: str
    lanes: dict[int, Lane] = field(default_factory=dict)


class Places:
    """`known` is the number of a series by the bytes of its labels: lane in the upper half, column in the lower."""

    def __init__(self, store: Store) -> None:
        self.lanes: list[Lane] = []
        self.known: dict[bytes, int] = {}
        self._before: dict[bytes, int] = {}
        self._turned = 0.0
        self._store = store
        self._groups: dict[tuple[str, str], _Group] = {}

    def turn(self, seconds: float) -> None:
        """The time goes on: forget what is not asked for any more."""
        if seconds - self._turned >= _KEPT_SECONDS:
            before = self.known if seconds - self._turned < 2 * _KEPT_SECONDS else {}
            self._before, self.known, self._turned = before, {}, seconds

    def learn(self, strangers: Mapping[bytes, Labels], times: Sequence[int]) -> list[int]:
        """The numbers of series that are not `known`, which come with these times; from now on they are."""
        found: dict[bytes, int] = {}
        new: dict[int, list[tuple[bytes, Labels]]] = {}
        lanes: dict[Labels, Lane] = {}  # one series may be spelt in two ways
        for (key, labels), time in zip(strangers.items(), times, strict=True):
            if (number := self._before.pop(key, None)) is not None:
                found[key] = number
                continue
            if (lane := lanes.get(labels)) is None:
                lane = lanes[labels] = self._lane(labels, time)
            new.setdefault(lane.number, []).append((key, labels))
        for at, some in new.items():
            columns = self.lanes[at].source.columns([labels for _, labels in some])
            numbers = (columns + (at << COLUMN_BITS)).tolist()
            found.update(zip((key for key, _ in some), numbers, strict=True))
        self.known.update(found)
        return [found[key] for key in strangers]

    def _lane(self, labels: Labels, time: int) -> Lane:
        group = self._group(labels)
        for source in self._store.writers(labels):
            start, _, number = source.key.rpartition(" ")
            if start == group.key:
                return self._opened(group, int(number))
        lanes = group.lanes.values()
        lane = next((lane for lane in lanes if lane.latest == time), None)
        lane = lane or next((lane for lane in lanes if lane.beats_at(time)), None)
        if lane is None:
            lane = self._opened(group, min(max(group.lanes, default=-1) + 1, _LANES - 1))
        lane.note(time)
        return lane

    def _group(self, labels: Labels) -> _Group:
        key = labels.get("job"), labels.get("instance")
        if (group := self._groups.get(key)) is None:
            group = self._groups[key] = _Group(group_key(labels))
        return group

    def _opened(self, group: _Group, number: int) -> Lane:
        if (lane := group.lanes.get(number)) is None:
            lane = Lane(len(self.lanes), self._store.source(f"{group.key} {number}"))
            self.lanes.append(lane)
            group.lanes[number] = lane
        return lane
