"""What a run has beside its query: where lines come from, what it may take, and what it has read so far."""

from __future__ import annotations

from collections.abc import Callable
from typing import Final

import numpy as np
from msgspec import Struct, field

from engine.logql.lines import LogSource
from promql.model.types import IntArray

MS: Final = 1_000_000
SECOND: Final = 1_000_000_000


class Read(Struct):
    """What a run has read: blocks, their lines and bytes."""

    blocks: int = 0
    lines: int = 0
    bytes: int = 0

    def block(self, lines: int, size: int) -> None:
        self.blocks += 1
        self.lines += lines
        self.bytes += size


class Context(Struct):
    """`now` in ns, for templates; `max_series` of a result, `max_cells` (series by steps) of anything held."""

    source: LogSource
    now: int
    pause: Callable[[], None]
    max_series: int = 500
    max_cells: int = 50_000_000
    read: Read = field(default_factory=Read)


class Steps(Struct, frozen=True):
    """`count` instants from `start`, `step` apart (ns)."""

    start: int
    step: int
    count: int

    @classmethod
    def over(cls, start: int, end: int, step: int) -> Steps:
        """From start to end at the latest; one instant where there is no step."""
        return cls(start, step, (end - start) // step + 1 if step else 1)

    @property
    def end(self) -> int:
        return self.start + self.step * (self.count - 1)

    @property
    def times(self) -> IntArray:
        """`int64[count]`, ns."""
        return self.start + self.step * np.arange(self.count, dtype=np.int64)
