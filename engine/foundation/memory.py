"""The C library's heap, held small, and not given back and asked for again with each megabyte.

glibc gives each thread a heap of its own, and keeps what was freed behind something that is still used. Where several
workers read pages and seal samples in turn, each heap grows to the largest of what they ever did: at 100,000 series
that was 50 MB of 300. One heap is enough for threads that seldom run at the same time.

What is freed at the end of the heap goes back to the system, and pieces beyond some size always do. Left to itself that
happens with each block of lines or page that is read, and the system hands out memory by 4 kB, cleared: a search of
lines took twice as much CPU. So some megabytes are kept.
"""

from __future__ import annotations

import ctypes
import sys
from typing import Final

_ARENA_MAX: Final = -8  # M_ARENA_MAX of malloc.h
_TRIM_THRESHOLD: Final = -1
_MMAP_THRESHOLD: Final = -3
_KEPT_BYTES: Final = 4 << 20
_OWN_BYTES: Final = 2 << 20
"""A piece of that size gets pages of its own, which are given back when it is freed. Blobs and pages are smaller."""


def tame_heap() -> None:
    """From now on all threads share one heap, which keeps some of what was freed; to be called before there are any.

    Only glibc is told.
    """
    if sys.platform == "linux" and (set_option := getattr(ctypes.CDLL(None), "mallopt", None)) is not None:
        set_option(_ARENA_MAX, 1)
        set_option(_TRIM_THRESHOLD, _KEPT_BYTES)
        set_option(_MMAP_THRESHOLD, _OWN_BYTES)
