"""Groups replayed over a span of history: one range query a rule, then the state machine over the whole grid.

Rules of a group are taken in their order, so that alerts see what the recording rules before them give, also where that
was never recorded. Alerts begin `for` and `keep_firing_for` before the span, so that its first instant shows what a
running engine would have shown. Texts are filled in as of the instant at which an alert fires (or begins, where it
never does).

Not replayed: `ALERTS` of the rules themselves, which stay as they are stored.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Protocol

import numpy as np

from engine.foundation.errors import EngineError
from engine.query.engine import QueryCounts, QueryEngine
from engine.rules import slots
from engine.rules.alerting import identity
from engine.rules.errors import DuplicateError, LimitError, NotAVectorError
from engine.rules.ports import Expand
from engine.rules.preview.episodes import Episode, episodes
from engine.rules.preview.overlay import Overlay
from engine.rules.preview.reach import beginnings
from engine.rules.recording import relabelling
from engine.rules.spec import AlertingRule, GroupSpec, RecordingRule, Rule
from engine.rules.states import Timing
from engine.rules.templates import Expander
from promql.model.labels import Labels
from promql.model.results import Matrix
from promql.model.types import BoolArray, FloatArray, IntArray

_CHANGING = ("$value", ".Value", "query")
"""A label whose template has one of these may name another alert at each instant."""


@dataclass(frozen=True, slots=True)
class Life:
    """An alert from its beginning to its end; instants in Unix ms. `fired_at` is None where it was only ever pending,
    `ended_at` where it was still active at the end. `value` is that at which it fired, or began.
    """

    labels: Labels
    annotations: Mapping[str, str]
    value: float
    active_at: int
    fired_at: int | None
    ended_at: int | None


@dataclass(frozen=True, slots=True)
class RuleReplay:
    """`lives` by their beginning. `error` says what failed, and at how many of the instants where it is not all."""

    rule: Rule
    lives: tuple[Life, ...] = ()
    error: str = ""


@dataclass(frozen=True, slots=True)
class GroupReplay:
    spec: GroupSpec
    rules: tuple[RuleReplay, ...]


class Replayer(Protocol):
    """Replays groups from `start` to `end` (Unix ms)."""

    async def __call__(self, groups: Sequence[GroupSpec], start: int, end: int) -> list[GroupReplay]:
        """In the order of the groups."""


@dataclass(frozen=True, slots=True)
class Replay:
    """Replays over what `queries` answers; the templates' constants are given."""

    queries: QueryEngine
    external_labels: Mapping[str, str]
    external_url: str = ""

    async def __call__(self, groups: Sequence[GroupSpec], start: int, end: int) -> list[GroupReplay]:
        overlay = Overlay(self.queries.store)
        queries = replace(self.queries, store=overlay, counts=QueryCounts())
        expand = Expander(queries.instant, self.external_url)
        expand.external_labels = self.external_labels
        over = _Over(queries, overlay, expand)
        return [await _Turns(over, spec, start, end).replayed() for spec in groups]


@dataclass(frozen=True, slots=True)
class _Over:
    """What all groups of one replay share."""

    queries: QueryEngine
    overlay: Overlay
    expand: Expand


class _Turns:
    """One group over the span."""

    def __init__(self, over: _Over, spec: GroupSpec, start: int, end: int) -> None:
        self._queries, self._overlay, self._expand = over.queries, over.overlay, over.expand
        self._spec = spec
        shift = slots.offset(spec.file, spec.name, spec.interval)
        self._start = slots.slot(start - 1, spec.interval, shift) + spec.interval
        self._end = slots.slot(end, spec.interval, shift)

    async def replayed(self) -> GroupReplay:
        rules = self._spec.rules
        starts = [self._start - (one.hold + one.keep_firing if isinstance(one, AlertingRule) else 0) for one in rules]
        begins = beginnings(rules, starts, self._queries.limits.lookback_ms)
        found = [await self._rule(rule, begin) for rule, begin in zip(rules, begins, strict=True)]
        return GroupReplay(self._spec, tuple(found))

    async def _rule(self, rule: Rule, begin: int) -> RuleReplay:
        interval = self._spec.interval
        first = self._start - -(-(self._start - begin) // interval) * interval
        if first > self._end:
            return RuleReplay(rule)
        try:
            offset = self._spec.query_offset
            result = await self._queries.range(rule.expr, first - offset, self._end - offset, interval)
            if not isinstance(result, Matrix):
                raise NotAVectorError
            if isinstance(rule, RecordingRule):
                return self._recorded(rule, result)
            return await self._alerts(rule, replace(result, times=result.times + offset))
        except EngineError as error:
            return RuleReplay(rule, error=str(error))

    def _recorded(self, rule: RecordingRule, matrix: Matrix) -> RuleReplay:
        labels = relabelling(rule)(matrix.labels)
        index = dict.fromkeys(labels)
        if len(index) < len(labels):
            raise DuplicateError("rule")
        error = ""
        counts, limit = matrix.present.sum(axis=0), self._spec.limit
        over = (counts > limit) & (limit > 0)
        if over.any():
            error = _times(LimitError(limit, int(counts.max()), "series"), int(over.sum()), len(over))
        self._overlay.record(rule.name, replace(matrix, labels=labels, present=matrix.present & ~over))
        return RuleReplay(rule, error=error)

    async def _alerts(self, rule: AlertingRule, matrix: Matrix) -> RuleReplay:
        cells, twice = await _cells(rule, matrix, self._expand)
        timing = Timing(rule.hold, rule.keep_firing)
        found, dropped = limited(cells.times, cells.present, timing, self._spec.limit)
        lives = [await self._life(rule, cells, one) for one in found]
        # What ended before the span is no part of it.
        seen = [life for life in lives if life.ended_at is None or life.ended_at > self._start]
        errors = [_times(DuplicateError("alert"), twice, len(matrix.times))] if twice else []
        if dropped:
            errors.append(_times(LimitError(self._spec.limit, max(dropped), "alerts"), len(dropped), len(matrix.times)))
        return RuleReplay(rule, tuple(sorted(seen, key=lambda life: (life.active_at, life.labels))), "; ".join(errors))

    async def _life(self, rule: AlertingRule, cells: _Cells, one: Episode) -> Life:
        at = one.start if one.fired is None else one.fired
        time, value, sample = int(cells.times[at]), float(cells.values[one.row, at]), cells.samples[one.row]
        annotations = {
            name: await self._expand(rule.name, text, sample, value, time)
            for name, text in sorted(rule.annotations.items())
        }
        fired, end = (None if index is None else int(cells.times[index]) for index in (one.fired, one.end))
        return Life(cells.labels[one.row], annotations, value, int(cells.times[one.start]), fired, end)


@dataclass(frozen=True, slots=True)
class _Cells:
    """Alerts by instants: `times: int64[T]`, `present: bool[A, T]`, `values: float64[A, T]`. Templates see the
    labels of the `samples`.
    """

    labels: list[Labels]
    samples: list[Labels]
    times: IntArray
    present: BoolArray
    values: FloatArray


async def _cells(rule: AlertingRule, matrix: Matrix, expand: Expand) -> tuple[_Cells, int]:
    """The alerts, and at how many instants two samples give the same one: there nothing is evaluated."""
    index: dict[Labels, int] = {}
    samples: list[Labels] = []
    homes: list[tuple[int, int, BoolArray]] = []  # alert, row, instants
    for row, sample in enumerate(matrix.labels):
        for labels, there in await _identities(rule, matrix, row, sample, expand):
            if labels not in index:
                index[labels] = len(index)
                samples.append(sample)
            homes.append((index[labels], row, there))
    shape = (len(index), len(matrix.times))
    counts, values = np.zeros(shape, np.int64), np.zeros(shape)
    for alert, row, there in homes:
        counts[alert] += there
        values[alert, there] = matrix.values[row, there]
    whole = ~(counts > 1).any(axis=0)
    cells = _Cells(list(index), samples, matrix.times[whole], counts[:, whole] > 0, values[:, whole])
    return cells, int((~whole).sum())


async def _identities(
    rule: AlertingRule, matrix: Matrix, row: int, sample: Labels, expand: Expand
) -> list[tuple[Labels, BoolArray]]:
    """The alerts that one series makes, and at which instants; one, unless a label depends on more than the series."""
    present = matrix.present[row]

    async def named(at: int) -> Labels:
        value, time = float(matrix.values[row, at]), int(matrix.times[at])
        texts = {name: await expand(rule.name, text, sample, value, time) for name, text in rule.labels.items()}
        return identity(rule, sample, texts)

    seen = np.flatnonzero(present)
    if not any(word in text for text in rule.labels.values() for word in _CHANGING):
        return [(await named(int(seen[0])), present)] if len(seen) else []
    found: dict[Labels, BoolArray] = {}
    for at in seen.tolist():
        found.setdefault(await named(at), np.zeros_like(present))[at] = True
    return list(found.items())


def limited(times: IntArray, present: BoolArray, timing: Timing, limit: int) -> tuple[list[Episode], list[int]]:
    """Episodes, and how many alerts there were wherever they were more than `limit` (0 for none).

    There all of them are dropped, and begin anew at the next instant.
    """
    found: list[Episode] = []
    dropped: list[int] = []
    offset = 0
    while offset < len(times):
        moved = [_moved(one, offset) for one in episodes(times[offset:], present[:, offset:], timing)]
        active = _active(moved, len(times))
        over = np.flatnonzero((active > limit) & (limit > 0))
        if not len(over):
            found += moved
            break
        cut = int(over[0])
        dropped.append(int(active[cut]))
        found += [_cut(one, cut) for one in moved if one.start < cut]
        offset = cut + 1
    return found, dropped


def _moved(one: Episode, by: int) -> Episode:
    fired = None if one.fired is None else one.fired + by
    return Episode(one.row, one.start + by, fired, None if one.end is None else one.end + by)


def _active(found: Sequence[Episode], count: int) -> IntArray:
    """How many are active at each instant."""
    change = np.zeros(count + 1, np.int64)
    for one in found:
        change[one.start] += 1
        change[count if one.end is None else one.end] -= 1
    return np.cumsum(change[:count])


def _cut(one: Episode, at: int) -> Episode:
    """No later than that instant."""
    end = at if one.end is None else min(one.end, at)
    return Episode(one.row, one.start, one.fired if one.fired is not None and one.fired < end else None, end)


def _times(error: EngineError, failed: int, of: int) -> str:
    """The error, and how often."""
    return f"{error} (at {failed} of {of} instants)"
