"""Stand-ins for the store and for whoever rules talk to: obvious, and no faster than they must be."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field

import numpy as np

from engine.alerting.alert import Alert
from engine.rules.spec import AlertingRule, GroupSpec, RecordingRule, Rule
from engine.tsdb.batch import Appended, Batch
from promql.model.labels import Labels
from promql.model.matchers import match_all
from promql.model.panel import Need, Panel
from promql.model.results import Result, Vector
from promql.model.staleness import is_stale
from promql.model.types import IntArray
from promql.syntax.ast import Expr, StringLiteral


class FakeSource:
    def __init__(self, series: list[Labels]) -> None:
        self.series = series

    def columns(self, labels: Sequence[Labels]) -> IntArray:
        for one in labels:
            if one not in self.series:
                self.series.append(one)
        return np.array([self.series.index(one) for one in labels], np.int64)


@dataclass
class FakeStore:
    """Series with their samples; refuses what is not newer, as the store does. `failure` is raised by appends."""

    series: list[Labels] = field(default_factory=list)
    samples: dict[Labels, list[tuple[int, float]]] = field(default_factory=dict)
    failure: Exception | None = None

    def source(self, key: str) -> FakeSource:
        return FakeSource(self.series)

    def append(self, source: FakeSource, batches: Sequence[Batch]) -> Appended:
        if self.failure is not None:
            raise self.failure
        total = Appended()
        for batch in batches:
            assert len(set(batch.columns.tolist())) == len(batch.columns), "a column twice in a batch"
            for column, value in zip(batch.columns.tolist(), batch.values, strict=True):
                total += self._put(source.series[column], batch.time, value)
        return total

    def _put(self, labels: Labels, time: int, value: np.float64) -> Appended:
        kept = self.samples.setdefault(labels, [])
        if kept and time < kept[-1][0]:
            return Appended(out_of_order=1)
        if kept and time == kept[-1][0]:
            return Appended(duplicate=1)
        kept.append((time, value))
        return Appended(appended=1)

    def select(self, need: Need) -> Sequence[Panel]:
        panels = []
        for ref, (labels, samples) in enumerate(self.samples.items()):
            found = [(t, v) for t, v in samples if need.start <= t <= need.end]
            if found and match_all(need.matchers, labels):
                times = np.array([t for t, _ in found], np.int64)
                values = np.array([[v for _, v in found]], np.float64)
                panels.append(Panel(times, values, [labels], np.array([ref])))
        return panels

    def shown(self) -> dict[str, list[tuple[int, float | str]]]:
        """Series as PromQL writes them -> (time, value), stale markers being `stale`."""
        return {
            str(labels): [(t, "stale" if is_stale(np.array([v]))[0] else float(v)) for t, v in samples]
            for labels, samples in self.samples.items()
        }


Answer = Callable[[int], Result]


@dataclass
class FakeEvaluator:
    """Answers expressions by their text. An answer may raise."""

    answers: Mapping[str, Answer] = field(default_factory=dict)
    asked: list[tuple[str, int]] = field(default_factory=list)

    async def __call__(self, query: str | Expr, time: int) -> Result:
        text = query if isinstance(query, str) else _text(query)
        self.asked.append((text, time))
        return self.answers[text](time)


async def braces(name: str, text: str, labels: Labels, value: float, time: int) -> str:
    """Templates of one sort: `{{label}}` and `{{VALUE}}`."""
    for label, content in labels:
        text = text.replace(f"{{{{{label}}}}}", content)
    return text.replace("{{VALUE}}", f"{value:g}")


@dataclass
class Told:
    alerts: list[Alert] = field(default_factory=list)

    def __call__(self, alerts: Sequence[Alert]) -> None:
        self.alerts += alerts


def vector(*samples: tuple[Mapping[str, str], float]) -> Answer:
    """The same at every instant."""
    labels = [Labels.of(labels) for labels, _ in samples]
    values = np.array([value for _, value in samples], np.float64)
    return lambda time: Vector(time, labels, values)


def during(spans: Iterable[tuple[int, int]], answer: Answer) -> Answer:
    """The answer within these spans (ms, ends outside), nothing else."""
    held = list(spans)
    nothing = vector()
    return lambda time: (answer if any(start <= time < end for start, end in held) else nothing)(time)


def recording(name: str, text: str, **labels: str) -> RecordingRule:
    return RecordingRule(name, StringLiteral(text), text, labels)


def alerting(
    name: str,
    text: str,
    *,
    hold: int = 0,
    keep_firing: int = 0,
    labels: Mapping[str, str] | None = None,
    annotations: Mapping[str, str] | None = None,
) -> AlertingRule:
    return AlertingRule(name, StringLiteral(text), text, hold, keep_firing, labels or {}, annotations or {})


def group(*rules: Rule, name: str = "g", file: str = "f.yml", interval: int = 60_000, limit: int = 0) -> GroupSpec:
    return GroupSpec(file, name, interval, rules, limit)


def _text(expr: Expr) -> str:
    assert isinstance(expr, StringLiteral)
    return expr.value
