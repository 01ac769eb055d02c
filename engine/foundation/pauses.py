"""What keeps the event loop from waiting for others, beside worker threads and among many objects.

- A thread that computes gives the interpreter away each half millisecond. At Python's own five, 1,000 targets were
  asked 0.6 s late (p99) while two wide queries ran: each call of the loop's that lets go of the interpreter, and a
  scrape makes several, waited that long to get it back. No throughput was lost by it.
- What survived a long collection of garbage is not looked at again for an hour. Names of series are many and stay, and
  looking through those of 100,000 took 0.2 s, each few seconds while queries ran. Garbage in cycles of what was frozen
  so waits for the hour; all other is collected as ever.
"""

from __future__ import annotations

import gc
import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any, Final

SWITCH_SECONDS: Final = 0.0005
LONG_SECONDS: Final = 0.01
WHOLE_SECONDS: Final = 3600.0
_OLDEST: Final = 2


@contextmanager
def short_pauses(monotonic: Callable[[], float]) -> Iterator[None]:
    """In this block, for the whole process. `monotonic` tells seconds."""
    limit, before = _Limit(monotonic), sys.getswitchinterval()
    sys.setswitchinterval(SWITCH_SECONDS)
    gc.callbacks.append(limit.note)
    try:
        yield
    finally:
        gc.callbacks.remove(limit.note)
        gc.unfreeze()
        sys.setswitchinterval(before)


class _Limit:
    """Hears of each collection before and after it."""

    def __init__(self, monotonic: Callable[[], float]) -> None:
        self._monotonic = monotonic
        self._began = self._whole = monotonic()

    def note(self, phase: str, info: dict[str, Any]) -> None:
        if info["generation"] != _OLDEST:
            return
        now = self._monotonic()
        if phase == "start":
            self._began = now
            if now - self._whole >= WHOLE_SECONDS:
                self._whole = now
                gc.unfreeze()
        elif now - self._began >= LONG_SECONDS:
            gc.freeze()
