"""Prometheus's XOR chunks, read back; the other way round is `engine.remote.xor`."""

from __future__ import annotations

from typing import Final

import numpy as np

from engine.foundation.protobuf import WireError, varint
from promql.model.types import FloatArray, IntArray

_HEAD: Final = 2
_WORD: Final = (1 << 64) - 1
_FARTHEST: Final = 1 << 63
_CHANGES: Final = (0, 14, 17, 20, 64)
"""Bits of a change of distance, by how many ones announce it."""


class _Bits:
    """Bits of a chunk, one after the other. What lies behind its end is WireError."""

    __slots__ = ("_left", "_value")

    def __init__(self, data: bytes) -> None:
        self._value, self._left = int.from_bytes(data), 8 * len(data)

    def take(self, count: int) -> int:
        self._left -= count
        if self._left < 0:
            raise WireError("unexpected EOF in a chunk")
        return (self._value >> self._left) & ((1 << count) - 1)

    def ones(self, most: int) -> int:
        """How many ones there are before a zero, which is passed too; no more than so many are looked at."""
        count = 0
        while count < most and self.take(1):
            count += 1
        return count

    def varint(self) -> int:
        value = shift = 0
        while (byte := self.take(8)) > 0x7F:
            value |= (byte & 0x7F) << shift
            shift += 7
        return (value | byte << shift) & _WORD


def read_chunk(data: bytes) -> tuple[IntArray, FloatArray]:
    """Times (Unix ms) and values. Raises WireError."""
    count = int.from_bytes(data[:_HEAD])
    times, words = np.empty(count, np.int64), np.empty(count, np.uint64)
    if not count:
        return times, words.view(np.float64)
    folded, at = varint(data, _HEAD, len(data))
    bits = _Bits(data[at:])
    time, word, distance = folded >> 1 ^ -(folded & 1), bits.take(64), 0
    leading, size = 0, 64
    times[0], words[0] = time, word
    for row in range(1, count):
        distance = bits.varint() if row == 1 else distance + _change(bits)
        time += distance
        if not -_FARTHEST <= time < _FARTHEST:
            raise WireError("a chunk tells a time that is none")
        told = bits.ones(2)
        if told:
            if told > 1:
                leading, size = bits.take(5), bits.take(6) or 64
            if leading + size > 64:
                raise WireError("a chunk tells more bits than a value has")
            word ^= bits.take(size) << (64 - leading - size)
        times[row], words[row] = time, word
    return times, words.view(np.float64)


def _change(bits: _Bits) -> int:
    size = _CHANGES[bits.ones(4)]
    value = bits.take(size)
    if size == 64:
        return value - (1 << 64) if value >> 63 else value
    return value - (1 << size) if size and value > 1 << (size - 1) else value
