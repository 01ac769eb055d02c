"""Which files of parts are made one, and when.

    level 0      what a turn of maintenance stored
    level 1      sixteen of those, only laid together: each open file costs a descriptor, and a map
    level 2      what ended in the same two hours: rows of a source that follow each other become one part
    level 3...   what ended in the same span, three times as long with each level, up to a tenth of the retention, so
                 that dropping whole files keeps near to it

Spans begin at multiples of their length since 1970, as Prometheus's blocks do. One is due when samples have come from a
quarter of an hour after its end; what is stored later (a source that was silent for long) waits for the next level.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Final, Generic, Protocol, TypeVar

from msgspec import Struct

from engine.tsdb.options import HOUR

SHORTEST: Final = 2 * HOUR
GATHERED: Final = 1
_FIRST_SPAN: Final = 2
_STEP: Final = 3
_MANY: Final = 16
_SLACK: Final = HOUR // 4
_DEFAULT_RETENTION: Final = 15 * 24 * HOUR


class Compactable(Protocol):
    """What is asked of a file: `end` is its newest sample (Unix ms)."""

    @property
    def level(self) -> int: ...

    @property
    def end(self) -> int: ...


F = TypeVar("F", bound=Compactable)


class Job(Struct, Generic[F], frozen=True):
    """Files to be made one, of that level."""

    files: tuple[F, ...]
    level: int

    @property
    def joins(self) -> bool:
        """Whether parts become one, and not files alone."""
        return self.level > GATHERED


def plan(files: Sequence[F], newest: int, retention_ms: int) -> Job[F] | None:
    """What is to be done first, if anything; `newest` is the store's newest sample (Unix ms)."""
    for level, span in _levels(retention_ms):
        due: dict[int, list[F]] = {}
        for file in files:
            bucket = file.end // span
            if file.level < level and (bucket + 1) * span + _SLACK <= newest:
                due.setdefault(bucket, []).append(file)
        for _, found in sorted(due.items()):
            if len(found) > 1 or (level == _FIRST_SPAN and found[0].level == GATHERED):
                return Job(tuple(found), level)
    fresh = [file for file in files if file.level == 0]
    return Job(tuple(fresh), GATHERED) if len(fresh) >= _MANY else None


def _levels(retention_ms: int) -> Iterator[tuple[int, int]]:
    longest = max(SHORTEST, (retention_ms or _DEFAULT_RETENTION) // 10)
    level, span = _FIRST_SPAN, SHORTEST
    while span <= longest:
        yield level, span
        level, span = level + 1, span * _STEP
