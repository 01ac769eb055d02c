"""How long something took, summed up for a page of metrics."""

from __future__ import annotations

from msgspec import Struct


class Lengths(Struct):
    """How many, and how many seconds all together."""

    count: int = 0
    seconds: float = 0.0

    def add(self, seconds: float) -> None:
        self.count += 1
        self.seconds += seconds
