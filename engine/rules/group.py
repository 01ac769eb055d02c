"""One group: its rules in turn, each one's samples committed before the next is evaluated.

The evaluation's instant is its slot; `for` and resending are reckoned from it, while durations and "last evaluation"
are the clock's. What is asked for and written is that of the instant less the group's query offset. A rule that fails,
for whatever reason, writes nothing and ends nothing; its neighbours go on. A broken store alone ends the turn.
"""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Sequence
from contextlib import suppress
from typing import Final

import numpy as np
from msgspec import Struct
from msgspec.structs import replace

from engine.foundation.errors import DiskFullError, EngineError, StoreError
from engine.foundation.origin import asked_by
from engine.rules import slots
from engine.rules.batches import batches
from engine.rules.errors import IngestError
from engine.rules.ports import Evaluate, Parts
from engine.rules.recording import Samples
from engine.rules.running import Given, Progress, Running, RunningAlerting, start
from engine.rules.spec import GroupSpec
from engine.tsdb.batch import Appended, Batch
from promql.errors import PromQLError, QueryCanceledError
from promql.model.labels import Labels
from promql.model.results import Result
from promql.model.staleness import STALE_NAN, normalise
from promql.model.types import FloatArray
from promql.syntax.ast import Expr

_TURN: Final = 20

log = logging.getLogger(__name__)


class GroupCounts(Struct):
    """What self-metrics say of a group. Seconds are sums; `evaluated_at` is wall time, ms."""

    iterations: int = 0
    missed: int = 0
    evaluations: int = 0
    failures: int = 0
    samples: int = 0
    last_seconds: float = 0.0
    seconds: float = 0.0
    rule_seconds: float = 0.0
    evaluated_at: int | None = None


class Group:
    """A group at work. `run` is its loop; whoever stops it holds `lock`, so that no evaluation is cut in two."""

    def __init__(self, spec: GroupSpec, parts: Parts, *, restored: bool) -> None:
        self.spec = spec
        self.counts = GroupCounts()
        asked = replace(parts, evaluate=before(parts.evaluate, spec.query_offset))
        self.rules: list[Running] = [start(rule, asked, spec.limit, restored=restored) for rule in spec.rules]
        self._batches = batches(spec.rules)
        self.lock = asyncio.Lock()
        self._parts = parts
        self._source = parts.store.source(source_key(spec))
        self._restored = restored
        self._orphans: dict[Labels, None] = {}
        self._last_slot: int | None = None

    async def run(self) -> None:
        """Evaluate at every slot from the next one on. A slot that the last evaluation overran is missed."""
        interval = self.spec.interval
        shift = slots.offset(self.spec.file, self.spec.name, interval)
        last = slots.slot(self._parts.clock.now_ms(), interval, shift)
        while True:
            await self._parts.clock.sleep_until(last + interval)
            now = self._parts.clock.now_ms()
            skipped = slots.missed(now, last, interval)
            last += (skipped + 1) * interval
            self.counts.missed += skipped
            self.counts.iterations += skipped
            async with self.lock:
                await self.evaluate(last)

    @property
    def restored(self) -> bool:
        """Whether alerts have the age that they had before a restart, or need none."""
        return self._restored

    async def evaluate(self, time: int) -> None:
        """One turn of all rules at this slot; after the second turn of a process, alerts are given back their age."""
        clock, counts = self._parts.clock, self.counts
        began = clock.monotonic()
        counts.iterations += 1
        counts.evaluated_at = clock.now_ms()
        counts.samples = 0
        with asked_by(ruleGroup={"file": self.spec.file, "name": self.spec.name}):
            for batch in self._batches:
                await self._take(self.rules[batch], time)
        self._end_orphans(time - self.spec.query_offset)
        counts.last_seconds = clock.monotonic() - began
        counts.seconds += counts.last_seconds
        if not self._restored and self._last_slot is not None:
            await self._restore(clock.now_ms())
        self._last_slot = time

    def take_over(self, old: Group) -> None:
        """Go on where an older form of the group stopped: equal rules keep alerts and outputs, others' series end."""
        waiting = list(old.rules)
        for running in self.rules:
            same = next((one for one in waiting if _continues(running, one)), None)
            if same is None:
                continue
            waiting.remove(same)
            running.progress.outputs = same.progress.outputs
            if isinstance(running, RunningAlerting) and isinstance(same, RunningAlerting):
                running.alerts.take_over(same.alerts)
        self._orphans = {**old._orphans, **{labels: None for one in waiting for labels in one.progress.outputs}}
        self._last_slot = old._last_slot
        self.counts = replace(old.counts)

    def end_all(self, time: int) -> None:
        """Mark every series of the group as ended at `time`; those that another group has written since go on."""
        for running in self.rules:
            self._orphans |= running.progress.outputs
            running.progress.outputs = {}
        self._end_orphans(time)

    async def _take(self, rules: Sequence[Running], time: int) -> None:
        """Evaluate rules that may be asked about together, each for itself where that fails."""
        began = self._parts.clock.monotonic()
        given: Sequence[Given] = [None] * len(rules)
        exprs = [one.rule.expr for one in rules if one.rule.expr is not None]
        if self._parts.together is not None and len(exprs) == len(rules) > 1:
            with suppress(PromQLError):
                given = await self._parts.together(exprs, time - self.spec.query_offset)
        share = (self._parts.clock.monotonic() - began) / len(rules)
        for number, (running, one) in enumerate(zip(rules, given, strict=True), 1):
            await self._evaluate(running, time, one, share)
            if one is not None and number % _TURN == 0:
                await self._parts.clock.sleep(0)  # nothing else in this loop waits

    async def _evaluate(self, running: Running, time: int, given: Given, share: float) -> None:
        """`share` is what the rule took already, in seconds."""
        progress, clock = running.progress, self._parts.clock
        began = clock.monotonic()
        progress.evaluated_at = clock.now_ms()
        self.counts.evaluations += 1
        try:
            samples = await running.evaluate(time, given)
            progress.succeeded()
            if isinstance(running, RunningAlerting) and (due := running.due(time, self.spec.interval)):
                self._parts.notify(due)
            self._commit(progress, samples, time - self.spec.query_offset)
        except QueryCanceledError:
            return
        except IngestError as error:  # the rule was evaluated; what it gave was not taken
            self._failed(progress, error)
        except Exception as error:
            if isinstance(error, StoreError) and not isinstance(error, DiskFullError):
                raise
            self.counts.failures += 1
            self._failed(progress, error)
        finally:
            progress.seconds = clock.monotonic() - began + share
            self.counts.rule_seconds += progress.seconds

    def _failed(self, progress: Progress, error: Exception) -> None:
        """Note it; of a mistake of the engine's own the log tells the whole story."""
        expected = isinstance(error, EngineError)
        progress.failed(str(error) if expected else f"unexpected error: {error!r}")
        trace = None if expected else error
        log.warning("rule group %s: evaluating a rule failed: %s", self.spec.key, progress.last_error, exc_info=trace)

    def _commit(self, progress: Progress, samples: Samples, time: int) -> None:
        """Write the samples, and stale markers for what the rule wrote last time and not now. Raises IngestError.

        A marker may be refused: another rule has gone on with the series.
        """
        now = dict.fromkeys(samples.labels)
        gone = [labels for labels in progress.outputs if labels not in now]
        appended = self._append(samples.labels, samples.values, time)
        progress.outputs |= now
        self._append(gone, np.full(len(gone), STALE_NAN), time)
        progress.outputs = now
        self.counts.samples += len(now)
        if appended.duplicate:
            raise IngestError("duplicate sample for timestamp")
        if appended.out_of_order:
            raise IngestError("out of order sample")
        if appended.out_of_bounds:
            raise IngestError("out of bounds")
        if appended.too_old:
            raise IngestError("too old sample")

    def _end_orphans(self, time: int) -> None:
        """Mark the series of rules that are no more; with no room on the disk they are left for the next turn."""
        orphans = list(self._orphans)
        try:
            self._append(orphans, np.full(len(orphans), STALE_NAN), time)
        except DiskFullError as error:
            log.warning("rule group %s: marking the ends of %d series failed: %s", self.spec.key, len(orphans), error)
        else:
            self._orphans = {}

    def _append(self, labels: Sequence[Labels], values: FloatArray, time: int) -> Appended:
        if not labels:
            return Appended()
        columns = self._source.columns(labels)
        return self._parts.store.append(self._source, [Batch(time, columns, normalise(values))])

    async def _restore(self, now: int) -> None:
        for running in self.rules:
            if isinstance(running, RunningAlerting):
                await running.restore(now)
        self._restored = True


def before(evaluate: Evaluate, offset: int) -> Evaluate:
    """Asks for what was `offset` ms before."""
    if not offset:
        return evaluate

    async def evaluate_before(query: str | Expr, time: int) -> Result:
        return await evaluate(query, time - offset)

    return evaluate_before


def source_key(spec: GroupSpec) -> str:
    """The name of the group's source in the store."""
    return f"rules/{spec.key}"


def _continues(running: Running, old: Running) -> bool:
    return type(running) is type(old) and running.rule.key == old.rule.key
