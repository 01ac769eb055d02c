"""Samples as chunks of Prometheus's XOR encoding, for those who read them from here.

The head counts the samples (two bytes). The first sample is whole; then times are told by how much their distance
changes, and values by the bits in which they differ from the one before.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final

import numpy as np

from engine.foundation.protobuf import encoded
from promql.model.types import FloatArray

XOR: Final = 1
MOST: Final = 120
"""Samples of a chunk, as Prometheus cuts them; the format has room for 65,535."""
_WORD: Final = (1 << 64) - 1
_MOST_LEADING: Final = 31
_NO_WINDOW: Final = (64, 64)
_RANGES: Final = ((14, 0b10, 2), (17, 0b110, 3), (20, 0b1110, 4))
"""Bits of a change of distance, and what announces it."""


class _Bits:
    """Bits one after the other."""

    __slots__ = ("count", "value")

    def __init__(self, start: bytes) -> None:
        self.value = int.from_bytes(start)
        self.count = 8 * len(start)

    def put(self, value: int, count: int) -> None:
        self.value = self.value << count | value & ((1 << count) - 1)
        self.count += count

    def finished(self) -> bytes:
        """With zeros behind them, to whole bytes."""
        rest = -self.count % 8
        return (self.value << rest).to_bytes((self.count + rest) // 8)


def xor_chunk(times: Sequence[int], values: FloatArray) -> bytes:
    """The chunk of up to 65,535 samples, at least one, whose times (ms) ascend."""
    words = np.ascontiguousarray(values).view(np.uint64).tolist()
    first = times[0]
    bits = _Bits(len(times).to_bytes(2) + encoded((first << 1 ^ first >> 63) & _WORD))
    bits.put(words[0], 64)
    before, distance, window = words[0], 0, _NO_WINDOW
    for at in range(1, len(times)):
        passed = times[at] - times[at - 1]
        if at == 1:
            for byte in encoded(passed):
                bits.put(byte, 8)
        else:
            _put_change(bits, passed - distance)
        distance = passed
        window = _put_value(bits, before ^ words[at], window)
        before = words[at]
    return bits.finished()


def _put_change(bits: _Bits, change: int) -> None:
    if not change:
        bits.put(0, 1)
        return
    for size, head, length in _RANGES:
        if -((1 << (size - 1)) - 1) <= change <= 1 << (size - 1):
            bits.put(head, length)
            bits.put(change, size)
            return
    bits.put(0b1111, 4)
    bits.put(change, 64)


def _put_value(bits: _Bits, difference: int, window: tuple[int, int]) -> tuple[int, int]:
    """`window` is how many zeros lead and trail the bits that were told last; gives the next one."""
    if not difference:
        bits.put(0, 1)
        return window
    leading = min(64 - difference.bit_length(), _MOST_LEADING)
    trailing = (difference & -difference).bit_length() - 1
    if leading >= window[0] and trailing >= window[1]:
        leading, trailing = window
        bits.put(0b10, 2)
    else:
        bits.put(0b11, 2)
        bits.put(leading, 5)
        bits.put(64 - leading - trailing, 6)
    bits.put(difference >> trailing, 64 - leading - trailing)
    return leading, trailing
