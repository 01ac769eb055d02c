"""Progress as a bar of `rich`, which is an extra (`pip install monitoring-engine[rich]`)."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager

from rich.console import Console
from rich.progress import Progress


class Bar:
    """On standard error, gone at the end."""

    @contextmanager
    def of(self, total: int, unit: str) -> Iterator[Callable[[int], object]]:
        with Progress(console=Console(stderr=True), transient=True) as bars:
            task = bars.add_task(unit, total=total)
            yield lambda more: bars.advance(task, more)
