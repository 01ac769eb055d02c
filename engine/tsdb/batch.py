"""What is appended: one source, one instant, the values of some of its columns. Applied whole or not at all."""

from __future__ import annotations

from msgspec import Struct

from promql.model.types import FloatArray, IntArray


class Batch(Struct, frozen=True):
    """`columns: int64[N]` are indices that `Source.column` gave; `values: float64[N]`; `time` is Unix ms.

    No column appears twice. A stale marker is a value like any other.
    """

    time: int
    columns: IntArray
    values: FloatArray


class Appended(Struct, frozen=True):
    """What became of a batch's samples. Refused ones are counted by cause and do not stop the others.

    `late` of the appended ones stand behind others of their series; `too_old` are those that would, but are further
    behind than the window reaches.
    """

    appended: int = 0
    out_of_order: int = 0
    duplicate: int = 0
    out_of_bounds: int = 0
    too_old: int = 0
    late: int = 0

    def __add__(self, other: Appended) -> Appended:
        return Appended(
            self.appended + other.appended,
            self.out_of_order + other.out_of_order,
            self.duplicate + other.duplicate,
            self.out_of_bounds + other.out_of_bounds,
            self.too_old + other.too_old,
            self.late + other.late,
        )
