"""From matchers to groups of series by source; kept, because rules and dashboards ask the same again and again."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Final

import numpy as np

from engine.names.matching import Matching
from engine.tsdb.names.names import SeriesNames
from engine.tsdb.reading.gather import Group
from engine.tsdb.reading.newest import REMEMBERED, Side, newest
from engine.tsdb.state import State
from promql.model.matchers import Matcher
from promql.model.panel import Selected
from promql.model.types import IntArray

_KEPT_ANSWERS: Final = 1024
_KEPT_SERIES: Final = 500_000
_KEPT_BESIDE: Final = 20_000
"""Series of which labels may be kept in other forms too, a few hundred bytes in each."""
_FEW: Final = 1024
_FEW_IN_SOURCE: Final = 64


class Selection:
    """The series that some matchers chose, by the sources that they live in; `side` by side once that was asked for."""

    __slots__ = ("groups", "series", "side", "version")

    def __init__(self, version: tuple[int, int], groups: list[Group]) -> None:
        self.version = version
        self.groups = groups
        self.series = sum(len(group.refs) for group in groups)
        self.side: Side | None = None


class Selections:
    """Answers are true for one version of the index and of who shares what."""

    def __init__(self, state: State) -> None:
        self._state = state
        self.matching = Matching(state.index)
        self._series = self._beside = 0
        self._kept: dict[tuple[Matcher, ...], Selection] = {}

    def known(self, matchers: tuple[Matcher, ...]) -> Selection | None:
        """The answer where it is at hand."""
        kept = self._kept.get(matchers)
        return kept if kept is not None and kept.version == self._version else None

    @property
    def _version(self) -> tuple[int, int]:
        return self._state.index.version, self._state.catalog.sharings

    def groups(self, matchers: tuple[Matcher, ...]) -> list[Group]:
        return self.of(matchers).groups

    def of(self, matchers: tuple[Matcher, ...]) -> Selection:
        version = self._version
        if (kept := self.known(matchers)) is not None:
            return kept
        refs = self.matching.find(matchers)
        groups = self.grouped(refs)
        self._series += len(refs)
        if self._series > _KEPT_SERIES or len(self._kept) >= _KEPT_ANSWERS:
            self._kept, self._series, self._beside = {}, len(refs), 0
        found = self._kept[matchers] = Selection(version, groups)
        return found

    def newest(self, matchers: tuple[Matcher, ...], start: int, end: int) -> Iterator[Selected]:
        """The last sample of each series between these times."""
        found = self.of(matchers)
        if not found.groups:
            return iter(())
        side = found.side
        if side is None:
            if found.series <= REMEMBERED:
                self._make_room(found.series)
            side = found.side = Side.of(found.groups)
        return newest(found.groups, side, start, end)

    def _make_room(self, series: int) -> None:
        """Let go of what was kept side by side, and of all that was worked out from it, before it is too much."""
        self._beside += series
        if self._beside > _KEPT_BESIDE:
            self._beside = series
            for one in list(self._kept.values()):
                one.side = None

    def grouped(self, refs: IntArray) -> list[Group]:
        """Series, by the sources that they live in; `refs` ascend."""
        catalog, sharers = self._state.catalog, self._state.catalog.sharers
        if not sharers:
            return self._by_owner(refs, len(refs))
        shared = np.isin(refs, np.fromiter(sharers, np.int64, len(sharers)))
        by_owners: dict[tuple[int, ...], list[int]] = {}
        for ref in refs[shared].tolist():
            owners = (int(catalog.owner.array[ref]), *(source for source, _ in sharers[ref]))
            by_owners.setdefault(owners, []).append(ref)
        return self._by_owner(refs[~shared], len(refs)) + [
            self._group(owners, np.array(members, np.int64), len(refs)) for owners, members in by_owners.items()
        ]

    def _by_owner(self, refs: IntArray, selected: int) -> list[Group]:
        owners = self._state.catalog.owner.array[refs]
        order = owners.argsort(kind="stable")
        edges = np.flatnonzero(np.diff(owners[order])) + 1
        members = np.split(refs[order], edges) if len(refs) else []
        return [self._group((int(self._state.catalog.owner.array[some[0]]),), some, selected) for some in members]

    def _group(self, owners: Sequence[int], refs: IntArray, selected: int) -> Group:
        catalog = self._state.catalog
        sources = [self._state.by_number[owner] for owner in owners]
        placed = tuple((source, catalog.columns_in(source.number, refs)) for source in sources)
        index = self._state.index
        names = SeriesNames(catalog.labels_of(refs.tolist()), refs, index, index.removals, selected)
        few = len(refs) == 1 or (selected <= _FEW and len(refs) <= _FEW_IN_SOURCE)
        return Group(placed, refs, names, few)
