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
_WINDOW: Final = 20


class _Packers(threading.local):
    """One a thread and reach, since to make one costs as much as to compress 10 kB."""

    def __init__(self) -> None:
        self.compressors: dict[int | None, zstd.ZstdCompressor] = {}


_packers = _Packers()


def compressed(data: bytes | memoryview, reach: int | None = None) -> bytes:
    """A whole frame that says how long its content is.

    The `reach` (6 to 20; else zstd chooses) is how much of what came before is looked up: 2 ** reach places. Few places
    lead to repeats close by, which take fewer bits to name; many find repeats far away.
    """
    compressor = _packers.compressors.get(reach)
    if compressor is None:
        compressor = _packers.compressors[reach] = zstd.ZstdCompressor(options=_options(reach))
    return compressor.compress(data, mode=compressor.FLUSH_FRAME)


def _options(reach: int | None) -> dict[int, int]:
    parameter = zstd.CompressionParameter
    level: dict[int, int] = {parameter.compression_level: _LEVEL}
    if reach is None:
        return level
    return level | {
        parameter.strategy: zstd.Strategy.fast,
        parameter.hash_log: reach,
        parameter.min_match: 7,
        parameter.window_log: _WINDOW,
    }


def decompressed(data: bytes | memoryview) -> bytes:
    """The content of a frame. Raises zstd's own error where it is none: callers check sums first."""
    return zstd.decompress(data)
