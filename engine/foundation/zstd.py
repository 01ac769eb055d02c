"""Zstandard: in the standard library from Python 3.14 on, before that its backport."""

from __future__ import annotations

import sys
import threading
from typing import Final

if sys.version_info >= (3, 14):
    from compression import zstd
else:
    from backports import zstd

_LEVEL: Final = 1
"""Higher ones take off two per cent of numbers that were made small before, and cost up to ten times as much."""


class _Packer(threading.local):
    """One a thread, since to make one costs as much as to compress 10 kB."""

    def __init__(self) -> None:
        self.compressor = zstd.ZstdCompressor(level=_LEVEL)


_packer = _Packer()


def compressed(data: bytes | memoryview) -> bytes:
    """A whole frame that says how long its content is."""
    compressor = _packer.compressor
    return compressor.compress(data, mode=compressor.FLUSH_FRAME)


def decompressed(data: bytes | memoryview) -> bytes:
    """The content of a frame. Raises zstd's own error where it is none: callers check sums first."""
    return zstd.decompress(data)
