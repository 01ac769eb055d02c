"""When to evaluate, and under which limits."""

from __future__ import annotations

from msgspec import Struct

from promql.functions.dialects import Dialect
from promql.model.grid import Steps


class Window(Struct, frozen=True):
    """From `start` to `end`, every `step` (Unix ms). An instant query has start == end and no step (0)."""

    start: int
    end: int
    step: int

    @property
    def instant(self) -> bool:
        return self.start == self.end and self.step == 0

    @property
    def steps(self) -> Steps:
        if self.start == self.end:
            return Steps(self.start, max(self.step, 1), 1)
        return Steps(self.start, self.step, (self.end - self.start) // self.step + 1)


class Options(Struct, frozen=True):
    """How far an instant selector looks back, a subquery's step where none is written, cells held at once.

    `dialect` says whose meanings hold where releases of Prometheus differ.
    """

    lookback_ms: int = 300_000
    default_step_ms: int = 60_000
    max_samples: int = 50_000_000
    dialect: Dialect = Dialect.PROMETHEUS_2
