"""A store for tests: samples in lists, needs answered with panels."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import Any

import numpy as np

from promql.execute.run import run
from promql.model.labels import Labels
from promql.model.matchers import match_all
from promql.model.panel import Kind, Need, Panel
from promql.model.results import Result
from promql.model.rows import Rows
from promql.model.staleness import is_stale
from promql.plan.build import build
from promql.plan.window import Options, Window
from promql.syntax.ast import Expr
from promql.syntax.parser import parse


class MemoryStore:
    """Series in the order of their first sample; samples of one series ascend. The same rows are the same object."""

    def __init__(self) -> None:
        self._rows: dict[Rows, Rows] = {}
        self._series: dict[Labels, tuple[list[int], list[float]]] = {}

    def append(self, labels: Labels, time: int, value: float) -> None:
        times, values = self._series.setdefault(labels, ([], []))
        if times and time <= times[-1]:
            raise ValueError(f"{labels}: {time} is not after {times[-1]}")
        times.append(time)
        values.append(value)

    def extend(self, labels: Labels, samples: Iterable[tuple[int, float]]) -> None:
        for time, value in samples:
            self.append(labels, time, value)

    def panels(self, need: Need) -> list[Panel]:
        """Series with the same instants share a panel."""
        alike: dict[tuple[int, ...], list[tuple[int, Labels, list[float]]]] = {}
        for ref, (labels, (times, values)) in enumerate(self._series.items()):
            if not match_all(need.matchers, labels):
                continue
            stale = is_stale(np.array(values)) if need.kind is Kind.RANGE else np.zeros(len(values), dtype=np.bool_)
            kept = [i for i, t in enumerate(times) if need.start <= t <= need.end and not stale[i]]
            if kept:
                alike.setdefault(tuple(times[i] for i in kept), []).append((ref, labels, [values[i] for i in kept]))
        return [
            Panel(
                np.array(times, dtype=np.int64),
                np.array([row for _, _, row in rows]),
                self._kept(Rows(labels for _, labels, _ in rows)),
                np.array([ref for ref, _, _ in rows], dtype=np.int64),
            )
            for times, rows in alike.items()
        ]

    def _kept(self, rows: Rows) -> Rows:
        return self._rows.setdefault(rows, rows)

    def query(self, query: str | Expr, start: int, end: int | None = None, step: int = 0, **options: Any) -> Result:
        """An instant query, or with `end` and `step` a range query (Unix ms)."""
        expr = parse(query) if isinstance(query, str) else query
        plan = build(expr, Window(start, start if end is None else end, step), Options(**options))
        return run(plan, self.answers(plan.needs))

    def answers(self, needs: Sequence[Need]) -> dict[Need, list[Panel]]:
        return {need: self.panels(need) for need in needs}
