"""The C library's heap, held small.

glibc gives each thread a heap of its own, and keeps what was freed behind something that is still used. Where several
workers read pages and seal samples in turn, each heap grows to the largest of what they ever did: at 100,000 series
that was 50 MB of 300. One heap is enough for threads that seldom run at the same time.
"""

from __future__ import annotations

import ctypes
import sys
from typing import Final

_ARENA_MAX: Final = -8  # M_ARENA_MAX of malloc.h


def share_heap() -> None:
    """From now on all threads share one heap; to be called before there are any. Only glibc has more than one."""
    if sys.platform == "linux" and (set_option := getattr(ctypes.CDLL(None), "mallopt", None)) is not None:
        set_option(_ARENA_MAX, 1)
