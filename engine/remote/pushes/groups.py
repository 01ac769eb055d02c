"""The groups and what was pushed to them last. Knows no store, no file and no clock.

Laws, those of the Pushgateway: a push (POST) replaces the metrics of the names that it brings, a replacement (PUT) all
of the group's; a group's labels win over those of what is pushed; a push that does not fit (timestamps, a series twice,
a name of another type) changes nothing but the time of the last failure.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from typing import Final

import msgspec

from engine.remote.pushes.path import PushError
from exporters.exposition.keys import unescape
from exporters.exposition.strict import FormatError, read
from promql.model.labels import METRIC_NAME, Labels

SUCCEEDED: Final = "push_time_seconds"
FAILED: Final = "push_failure_time_seconds"
_HELP: Final = "Last Unix time when changing this group in the Pushgateway {}."
_UNFIT: Final = "pushed metrics are invalid or inconsistent with existing metrics: "

Key = tuple[tuple[str, str], ...]
"""The labels of a group, sorted."""
Sample = tuple[str, tuple[tuple[str, str], ...], float]
"""A sample's own name (`x_bucket`), its labels, sorted, with those of its group, and its value."""


class Family(msgspec.Struct, frozen=True):
    """A metric; `time` is when it was pushed, in Unix ms, and `type` one of the text format's."""

    name: str
    type: str
    help: str
    time: int
    samples: tuple[Sample, ...]


class Group(msgspec.Struct, frozen=True):
    """Some labels, and what was pushed under them."""

    labels: Key
    families: dict[str, Family]

    @property
    def last_push_successful(self) -> bool:
        return self.moment(SUCCEEDED) >= self.moment(FAILED)

    def moment(self, name: str) -> float:
        """The value of one of the two that tell times."""
        return self.families[name].samples[0][2]

    def series(self) -> Iterator[tuple[Labels, float]]:
        for family in self.families.values():
            for name, labels, value in family.samples:
                yield Labels.of({**dict(labels), METRIC_NAME: name}), value


def parse(body: bytes, labels: Mapping[str, str], time: int) -> list[Family]:
    """What is pushed to the group with these labels. Raises PushError."""
    try:
        found = read(body.decode())
    except UnicodeDecodeError:
        raise PushError("the pushed text is not UTF-8") from None
    except FormatError as error:
        raise PushError(str(error)) from None
    families = []
    for one in found:
        if any(stamped for _, _, stamped in one.lines):
            raise UnfitError("pushed metrics must not have timestamps")
        samples = [
            (name, _merged(row, labels), value) for row, (name, value, _) in zip(one.rows, one.lines, strict=True)
        ]
        families.append(Family(one.name, one.type or "untyped", one.help or "", time, tuple(samples)))
    return families


class UnfitError(PushError):
    """It was read, and does not fit."""

    def __init__(self, why: str) -> None:
        super().__init__(_UNFIT + why)


class Groups:
    """All of them, by their labels. Whose each series is, and of which type each group has a name, is known beside
    them, so that a push costs what it brings.
    """

    def __init__(self, known: Iterable[Group] = ()) -> None:
        self._groups: dict[Key, Group] = {}
        self._series: dict[Key, dict[Labels, float]] = {}
        self._owners: dict[Labels, Key] = {}
        self._types: dict[str, dict[Key, str]] = {}
        for group in known:
            self._set(group)

    def __iter__(self) -> Iterator[Group]:
        return iter(self._groups.values())

    def __contains__(self, labels: Mapping[str, str]) -> bool:
        return key_of(labels) in self._groups

    def __len__(self) -> int:
        return len(self._groups)

    def get(self, key: Key) -> Group | None:
        return self._groups.get(key)

    def series(self, key: Key) -> Mapping[Labels, float]:
        """Those of a group; none where there is no such group."""
        return self._series.get(key, {})

    def push(self, labels: Mapping[str, str], body: bytes, time: int, *, replace: bool) -> Group:
        """The group as it is now. Raises PushError; UnfitError where the failure is noted in the group."""
        try:
            families = parse(body, labels, time)
            group = self._changed(labels, families, time, replace=replace)
            self._check(group)
        except UnfitError:
            self._set(self._with(labels, [_moment(FAILED, labels, time, time / 1000)], time))
            raise
        self._set(group)
        return group

    def delete(self, labels: Mapping[str, str]) -> None:
        self._forget(key := key_of(labels))
        self._groups.pop(key, None)

    def _forget(self, key: Key) -> None:
        """What the group had is nobody's."""
        if (group := self._groups.get(key)) is None:
            return
        for name in group.families:
            del self._types[name][key]
            if not self._types[name]:
                del self._types[name]
        for series in self._series.pop(key):
            if self._owners.get(series) == key:
                del self._owners[series]

    def _set(self, group: Group) -> None:
        self._forget(group.labels)
        self._groups[group.labels] = group
        for family in group.families.values():
            self._types.setdefault(family.name, {})[group.labels] = family.type
        self._series[group.labels] = dict(group.series())
        self._owners.update(dict.fromkeys(self._series[group.labels], group.labels))

    def _changed(self, labels: Mapping[str, str], families: list[Family], time: int, *, replace: bool) -> Group:
        pushed = [family for family in families if family.name not in (SUCCEEDED, FAILED)]
        new = [*pushed, _moment(SUCCEEDED, labels, time, time / 1000)]
        return self._with(labels, new, time, keep=(SUCCEEDED, FAILED) if replace else None)

    def _with(
        self, labels: Mapping[str, str], families: list[Family], time: int, keep: tuple[str, ...] | None = None
    ) -> Group:
        """The group with these in it, and of what was there before all, or what is to be kept."""
        key = key_of(labels)
        before = self._groups[key].families if key in self._groups else {}
        kept = {name: family for name, family in before.items() if keep is None or name in keep}
        never = {name: _moment(name, labels, time, 0.0) for name in (SUCCEEDED, FAILED)}
        return Group(key, {**never, **kept, **{family.name: family for family in families}})

    def _check(self, group: Group) -> None:
        for family in group.families.values():
            others = self._types.get(family.name, {}).items()
            wanted = next((type_ for key, type_ in others if key != group.labels), family.type)
            if wanted != family.type:
                raise UnfitError(f"{family.name} has type {family.type.upper()} but should have {wanted.upper()}")
        seen: set[Labels] = set()
        for series, _ in group.series():
            if series in seen or self._owners.get(series, group.labels) != group.labels:
                raise UnfitError(f"{series} was collected before with the same name and label values")
            seen.add(series)


def _moment(name: str, labels: Mapping[str, str], time: int, value: float) -> Family:
    deed = "succeeded" if name == SUCCEEDED else "failed"
    return Family(name, "gauge", _HELP.format(deed), time, ((name, _merged((), labels), value),))


def _merged(row: Iterable[tuple[str, str]], labels: Mapping[str, str]) -> tuple[tuple[str, str], ...]:
    """`instance` is always told, empty where nobody names one."""
    own = {name: unescape(value.encode()) for name, value in row}
    return key_of({"instance": "", **own, **labels})


def key_of(labels: Mapping[str, str]) -> Key:
    """The labels, sorted: what a group is known by."""
    return tuple(sorted(labels.items()))
