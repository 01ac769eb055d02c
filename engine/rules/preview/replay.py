"""Groups replayed over a span of history: one range query a rule, then the state machine over the whole grid.

Rules of a group are taken in their order, so that alerts see what the recording rules before them give, also where that
was never recorded. Alerts begin `for` and `keep_firing_for` before the span, so that its first instant shows what a
running engine would have shown. Texts are filled in as of the instant at which an alert fires (or begins, where it
never does).

Not replayed: `ALERTS` of the rules themselves, which stay as they are stored.
"""

from __future__ import annotations

import dataclasses
from collections.abc import AsyncIterator, Mapping, Sequence
from typing import Final, Protocol, TypeVar

import numpy as np
from msgspec import Struct
from msgspec.structs import replace

from engine.foundation.errors import EngineError
from engine.query.elsewhere import ForwardError
from engine.query.engine import QueryCounts, QueryEngine
from engine.rules import slots
from engine.rules.alerting import identity
from engine.rules.errors import DuplicateError, LimitError, NotAVectorError, RuleError
from engine.rules.ports import Expand
from engine.rules.preview.episodes import Episode
from engine.rules.preview.limits import limited
from engine.rules.preview.overlay import Overlay
from engine.rules.preview.reach import beginnings
from engine.rules.recording import relabelling
from engine.rules.spec import AlertingRule, GroupSpec, RecordingRule, Rule
from engine.rules.states import Timing
from engine.rules.templates import Expander, depends_on_labels_alone
from promql.model.labels import Labels
from promql.model.results import Matrix
from promql.model.types import BoolArray, FloatArray, IntArray

T = TypeVar("T")

MOST_INSTANTS: Final = 60_000
"""Of one rule, those before the span that its `for` and what looks at it need included."""
MOST_ALERTS: Final = 100_000
"""Of one rule, counted as often as they began anew; more is no answer, and fills the memory."""
_TURN: Final = 20


class Life(Struct, frozen=True):
    """An alert from its beginning to its end; instants in Unix ms. `fired_at` is None where it was only ever pending,
    `ended_at` where it was still active at the end. `value` is that at which it fired, or began.
    """

    labels: Labels
    annotations: Mapping[str, str]
    value: float
    active_at: int
    fired_at: int | None
    ended_at: int | None


class RuleReplay(Struct, frozen=True):
    """`lives` by their beginning. `error` says what failed, and at how many of the instants where it is not all."""

    rule: Rule
    lives: tuple[Life, ...] = ()
    error: str = ""


class GroupReplay(Struct, frozen=True):
    spec: GroupSpec
    rules: tuple[RuleReplay, ...]


class Replayer(Protocol):
    """Replays groups from `start` to `end` (Unix ms)."""

    async def __call__(self, groups: Sequence[GroupSpec], start: int, end: int) -> list[GroupReplay]:
        """In the order of the groups."""


class Replay(Struct, frozen=True):
    """Replays over what `queries` answers; the templates' constants are given."""

    queries: QueryEngine
    external_labels: Mapping[str, str]
    external_url: str = ""

    async def __call__(self, groups: Sequence[GroupSpec], start: int, end: int) -> list[GroupReplay]:
        if self.queries.elsewhere is not None:
            raise ForwardError(
                "execution", "queries are evaluated by another server: there is no history to replay here"
            )
        overlay = Overlay(self.queries.store)
        queries = dataclasses.replace(  # noqa: TID251 - it is a data class
            self.queries, store=overlay, counts=QueryCounts(), log=None
        )
        expand = Expander(queries.instant, self.external_url)
        expand.external_labels = self.external_labels
        over = _Over(queries, overlay, expand)
        return [await _Turns(over, spec, start, end).replayed() for spec in groups]


class _Over(Struct, frozen=True):
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
            if (self._end - first) // interval >= MOST_INSTANTS:
                raise RuleError(f"more than {MOST_INSTANTS} evaluations, those before the span included")
            offset = self._spec.query_offset
            result = await self._queries.range(rule.expr or rule.query, first - offset, self._end - offset, interval)
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
        cells, twice = await self._cells(rule, matrix)
        timing, limit = Timing(rule.hold, rule.keep_firing), self._spec.limit
        found, dropped = await self._queries.workers.run(limited, cells.times, cells.present, timing, limit)
        # What ended before the span is no part of it.
        found = [one for one in found if one.end is None or cells.times[one.end] > self._start]
        if len(found) > MOST_ALERTS:
            raise RuleError(f"{len(found)} alerts, which is more than {MOST_ALERTS}: ask for a shorter span")
        seen = [await self._life(rule, cells, one) async for one in self._in_turns(found)]
        errors = [_times(DuplicateError("alert"), twice, len(matrix.times))] if twice else []
        if dropped:
            errors.append(_times(LimitError(self._spec.limit, max(dropped), "alerts"), len(dropped), len(matrix.times)))
        return RuleReplay(rule, tuple(sorted(seen, key=lambda life: (life.active_at, life.labels))), "; ".join(errors))

    async def _cells(self, rule: AlertingRule, matrix: Matrix) -> tuple[_Cells, int]:
        samples: dict[Labels, Labels] = {}
        homes: list[_Home] = []
        async for row in self._in_turns(range(len(matrix.labels))):
            for home in await self._homes(rule, matrix, row):
                samples.setdefault(home.alert, matrix.labels[row])
                homes.append(home)
        return _cells(samples, homes, matrix)

    async def _homes(self, rule: AlertingRule, matrix: Matrix, row: int) -> list[_Home]:
        """The alerts that one series makes; one, unless a label depends on more than the series."""
        present, seen = matrix.present[row], np.flatnonzero(matrix.present[row]).tolist()
        if all(depends_on_labels_alone(text) for text in rule.labels.values() if "{{" in text):
            return [_Home(await self._named(rule, matrix, row, seen[0]), row, present)] if seen else []
        found: dict[Labels, BoolArray] = {}
        async for at in self._in_turns(seen):
            found.setdefault(await self._named(rule, matrix, row, at), np.zeros_like(present))[at] = True
        return [_Home(labels, row, there) for labels, there in found.items()]

    async def _named(self, rule: AlertingRule, matrix: Matrix, row: int, at: int) -> Labels:
        """Which alert a sample is."""
        sample, value, time = matrix.labels[row], float(matrix.values[row, at]), int(matrix.times[at])
        texts = {name: await self._expand(rule.name, text, sample, value, time) for name, text in rule.labels.items()}
        return identity(rule, sample, texts)

    async def _in_turns(self, items: Sequence[T]) -> AsyncIterator[T]:
        """All of them, while others run in between: texts are filled in on the event loop."""
        for number, item in enumerate(items, 1):
            if number % _TURN == 0:
                await self._queries.clock.sleep(0)
            yield item

    async def _life(self, rule: AlertingRule, cells: _Cells, one: Episode) -> Life:
        at = one.start if one.fired is None else one.fired
        time, value, sample = int(cells.times[at]), float(cells.values[one.row, at]), cells.samples[one.row]
        annotations = {
            name: await self._expand(rule.name, text, sample, value, time)
            for name, text in sorted(rule.annotations.items())
        }
        fired, end = (None if index is None else int(cells.times[index]) for index in (one.fired, one.end))
        return Life(cells.labels[one.row], annotations, value, int(cells.times[one.start]), fired, end)


class _Home(Struct, frozen=True):
    """At which instants (`bool[T]`) a row of the matrix is this alert."""

    alert: Labels
    row: int
    there: BoolArray


class _Cells(Struct, frozen=True):
    """Alerts by instants: `times: int64[T]`, `present: bool[A, T]`, `values: float64[A, T]`. Templates see the
    labels of the `samples`.
    """

    labels: list[Labels]
    samples: list[Labels]
    times: IntArray
    present: BoolArray
    values: FloatArray


def _cells(samples: Mapping[Labels, Labels], homes: Sequence[_Home], matrix: Matrix) -> tuple[_Cells, int]:
    """The alerts, and at how many instants two samples give the same one: there nothing is evaluated."""
    index = {labels: at for at, labels in enumerate(samples)}
    shape = (len(index), len(matrix.times))
    counts, values = np.zeros(shape, np.int64), np.zeros(shape)
    for home in homes:
        counts[index[home.alert]] += home.there
        values[index[home.alert], home.there] = matrix.values[home.row, home.there]
    whole = ~(counts > 1).any(axis=0)
    cells = _Cells(list(samples), list(samples.values()), matrix.times[whole], counts[:, whole] > 0, values[:, whole])
    return cells, int((~whole).sum())


def _times(error: EngineError, failed: int, of: int) -> str:
    """The error, and how often."""
    return f"{error} (at {failed} of {of} instants)"
