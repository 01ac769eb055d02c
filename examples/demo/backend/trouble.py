"""The buttons: errors, latency and load, each for a while."""

from __future__ import annotations

import time
from dataclasses import dataclass, field

SECONDS = 180.0


@dataclass
class Trouble:
    """What goes wrong on purpose now; values are what they are when nothing is asked for."""

    calm: dict[str, float] = field(default_factory=lambda: {"errors": 0.005, "latency": 0.0, "load": 1.0})
    asked: dict[str, tuple[float, float]] = field(default_factory=dict)

    def ask(self, what: str, value: float) -> None:
        self.asked[what] = (value, time.monotonic() + SECONDS)

    def __getitem__(self, what: str) -> float:
        """`errors` is a share of requests, `latency` are seconds more, `load` is a factor."""
        value, until = self.asked.get(what, (0.0, 0.0))
        return value if time.monotonic() < until else self.calm[what]

    def shown(self) -> dict[str, float]:
        return {what: self[what] for what in self.calm}
