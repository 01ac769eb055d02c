"""A Prometheus of samples and rules alone, in memory, where time goes from turn to turn and stands still in between.

As in promtool every group takes part in every turn, whatever its own interval; samples appear when their time has come;
alerts count as restored.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import numpy as np

from engine.foundation.errors import EngineError
from engine.foundation.workers import InlineWorkers
from engine.query.engine import QueryEngine
from engine.rules.group import Group
from engine.rules.ports import Parts
from engine.rules.running import Running
from engine.rules.spec import GroupSpec
from engine.rules.templates import Expander
from engine.testing.rules.file import InputSeries
from engine.testing.rules.series import input_series, values
from engine.tsdb.batch import Appended, Batch
from engine.tsdb.store import Store
from promql.model.durations import format_duration
from promql.model.labels import Labels
from promql.model.results import Result
from promql.model.staleness import ABSENT_NAN, is_absent
from promql.model.types import FloatArray
from promql.syntax.ast import Expr


class WorldError(EngineError):
    """A turn went wrong, and whatever is asked after it would say nothing."""


class StandingClock:
    """Time stands where it is put; whoever waits goes on at once."""

    def __init__(self) -> None:
        self.time = 0

    def now_ns(self) -> int:
        return self.time * 1_000_000

    def now_ms(self) -> int:
        return self.time

    def monotonic(self) -> float:
        return self.time / 1000

    async def sleep(self, seconds: float) -> None:
        """No wait."""

    async def sleep_until(self, unix_ms: float) -> None:
        """No wait."""


class World:
    """`interval` is that of samples, `turn` that of evaluations and of subqueries (ms). Begins at 0."""

    def __init__(
        self,
        groups: Sequence[GroupSpec],
        series: Sequence[InputSeries],
        *,
        interval: int,
        turn: int,
        external_labels: Mapping[str, str],
        external_url: str,
    ) -> None:
        self._clock = StandingClock()
        self._store = Store.open(None)
        self._queries = QueryEngine(self._store, InlineWorkers(), self._clock, default_step_ms=turn)
        expand = Expander(self.query, external_url)
        expand.external_labels = external_labels
        parts = Parts(
            clock=self._clock, store=self._store, evaluate=self.query, together=self._queries.together, expand=expand,
            notify=lambda _: None, external_url=external_url,
        )  # fmt: skip
        self._groups = [Group(spec, parts, restored=True) for spec in groups]
        self._interval = interval
        self._labels, self._values = _matrix(series)
        self._source = self._store.source("input_series")
        self._columns = self._source.columns(self._labels)
        self._loaded = 0

    @property
    def rules(self) -> list[Running]:
        """All rules, in the order in which they run."""
        return [rule for group in self._groups for rule in group.rules]

    async def query(self, query: str | Expr, time: int) -> Result:
        return await self._queries.instant(query, time)

    async def turn(self, time: int) -> None:
        """Samples up to this instant, then every rule. Raises WorldError where either fails."""
        self._clock.time = time
        self._load(time)
        for group in self._groups:
            await group.evaluate(time)
        failed = [rule for rule in self.rules if rule.progress.health == "err"]
        if failed:
            raise WorldError(
                "\n".join(
                    f"rule {rule.rule.name} failed at {format_duration(time)}: {rule.progress.last_error}"
                    for rule in failed
                )
            )

    def _load(self, time: int) -> None:
        upto = min(time // self._interval + 1, self._values.shape[1])
        for at in range(self._loaded, upto):
            there = ~is_absent(self._values[:, at])
            batch = Batch(at * self._interval, self._columns[there], self._values[there, at])
            refused = self._store.append(self._source, [batch])
            if refused != Appended(int(there.sum())):
                raise WorldError(
                    f"input_series: samples at {format_duration(at * self._interval)} are refused,"
                    " since rules have written the same series"
                )
        self._loaded = max(self._loaded, upto)


def _matrix(series: Sequence[InputSeries]) -> tuple[list[Labels], FloatArray]:
    """All series over the same steps; where one is given twice, the last counts."""
    rows = {input_series(one.series): values(one.values) for one in series}
    matrix = np.full((len(rows), max(map(len, rows.values()), default=0)), ABSENT_NAN)
    for at, row in enumerate(rows.values()):
        matrix[at, : len(row)] = row
    return list(rows), matrix
