"""What one execution may use, and what it has used: no template runs for ever or fills the memory."""

from __future__ import annotations

from typing import Final

from msgspec import Struct

from engine.gotemplate.errors import TooLargeError


class Limits(Struct, frozen=True):
    """Steps (nodes, calls, and the characters that calls handle), characters of output, depth of template calls."""

    steps: int = 1_000_000
    output: int = 8 << 20
    depth: int = 10_000


DEFAULT_LIMITS: Final = Limits()


class Budget:
    """Counts down; raises TooLargeError at the end."""

    def __init__(self, limits: Limits) -> None:
        self._limits = limits
        self._steps = limits.steps
        self._room = limits.output

    def step(self, count: int = 1) -> None:
        self._steps -= count
        if self._steps < 0:
            raise TooLargeError(f"the template takes more than {self._limits.steps} steps")

    def write(self, size: int) -> None:
        self._room -= size
        if self._room < 0:
            raise TooLargeError(f"the text would be longer than {self._limits.output} characters")

    def enter(self, depth: int) -> None:
        if depth > self._limits.depth:
            raise TooLargeError(f"exceeded maximum template depth ({self._limits.depth})")
