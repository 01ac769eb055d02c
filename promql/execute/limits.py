"""What a run may take: values held at once, and time."""

from __future__ import annotations

from collections.abc import Callable

from msgspec import Struct

from promql.errors import TooManySamplesError


class Limits(Struct):
    """`samples` bounds what a run holds at once: all values that it may still need, and those that it is about to make.

    `pause` is called often, and may raise to end the run. `held` are values that are kept, `peak` is the most so far.
    """

    samples: int
    pause: Callable[[], None]
    held: int = 0
    peak: int = 0

    def spend(self, samples: int) -> None:
        """So many values are to be made. Raises TooManySamplesError before there is memory for them."""
        self.peak = max(self.peak, self.held + samples)
        if self.held + samples > self.samples:
            raise TooManySamplesError

    def keep(self, held: int) -> None:
        """So many values are held now, all told. Raises TooManySamplesError."""
        self.held = held
        self.spend(0)
