"""Rates that may be used up at once to a degree, and fill again with time."""

from __future__ import annotations


class Bucket:
    """Gives out what was not used: `rate` a second, `burst` at most at once."""

    __slots__ = ("_at", "_left")

    def __init__(self) -> None:
        self._left: float | None = None
        self._at = 0.0

    def take(self, amount: float, now: float, rate: float, burst: float) -> bool:
        """Whether there was as much; `now` is in seconds and never goes back."""
        left = burst if self._left is None else min(self._left + (now - self._at) * rate, burst)
        fine = amount <= left
        self._left, self._at = left - amount if fine else left, now
        return fine
