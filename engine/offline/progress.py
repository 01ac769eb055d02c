"""How far long work is: a bar where somebody watches a terminal and `rich` is installed, else a line now and then."""

from __future__ import annotations

import importlib
import importlib.util
import sys
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, contextmanager
from typing import Final, Protocol

from engine.foundation.clock import Clock, SystemClock

Step = Callable[[int], object]
_PARTS: Final = 10


class Progress(Protocol):
    """Shows it."""

    def of(self, total: int, unit: str) -> AbstractContextManager[Step]:
        """The block calls what it gets with how many units more are done."""


class Silent:
    """Shows nothing."""

    @contextmanager
    def of(self, total: int, unit: str) -> Iterator[Step]:
        yield lambda _: None


class Lines:
    """A line at each tenth, written with `say`, but none before so many seconds: short work needs no words."""

    def __init__(self, say: Callable[[str], object], clock: Clock, quiet_seconds: float = 2.0) -> None:
        self._say = say
        self._clock = clock
        self._quiet_seconds = quiet_seconds

    @contextmanager
    def of(self, total: int, unit: str) -> Iterator[Step]:
        done = told = 0
        begun = self._clock.monotonic()

        def step(more: int) -> None:
            nonlocal done, told
            done += more
            if total and (part := done * _PARTS // total) > told:
                told = part
                if self._clock.monotonic() - begun >= self._quiet_seconds:
                    self._say(f"{done} of {total} {unit}")

        yield step


def shown(say: Callable[[str], object]) -> Progress:
    """A bar where standard output and error are a terminal and `rich` is there, else lines."""
    watched = sys.stdout.isatty() and sys.stderr.isatty()
    if not watched or importlib.util.find_spec("rich") is None:
        return Lines(say, SystemClock())
    bar: Progress = importlib.import_module("engine.offline.bar").Bar()  # costs a tenth of a second
    return bar
