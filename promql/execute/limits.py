"""What a run may take: values held at once, and time."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from promql.errors import TooManySamplesError


@dataclass(frozen=True, slots=True)
class Limits:
    """`samples` bounds each grid by itself; `pause` is called often, and may raise to end the run."""

    samples: int
    pause: Callable[[], None]

    def spend(self, samples: int) -> None:
        """Raises TooManySamplesError."""
        if samples > self.samples:
            raise TooManySamplesError
