"""A slow twin of the chunks' encoder: reads one back, bit by bit, as Prometheus does."""

from __future__ import annotations

import struct


class Bits:
    def __init__(self, data: bytes) -> None:
        self._text = "".join(f"{byte:08b}" for byte in data)
        self._at = 0

    def take(self, count: int) -> int:
        found = self._text[self._at : self._at + count]
        assert len(found) == count
        self._at += count
        return int(found, 2) if count else 0

    def varint(self) -> int:
        value, shift = 0, 0
        while True:
            byte = self.take(8)
            value |= (byte & 0x7F) << shift
            shift += 7
            if byte < 0x80:
                return value


def samples(chunk: bytes) -> list[tuple[int, bytes]]:
    """Times, and values as their eight bytes."""
    count, bits = int.from_bytes(chunk[:2]), Bits(chunk[2:])
    found: list[tuple[int, int]] = []
    time = word = distance = leading = trailing = 0
    for number in range(count):
        if number == 0:
            folded = bits.varint()
            time, word = folded >> 1 ^ -(folded & 1), bits.take(64)
        else:
            distance = bits.varint() if number == 1 else distance + change(bits)
            time += distance
            if bits.take(1):
                if bits.take(1):
                    leading = bits.take(5)
                    trailing = 64 - leading - (bits.take(6) or 64)
                word ^= bits.take(64 - leading - trailing) << trailing
        found.append((time, word))
    return [(time, struct.pack(">Q", word)) for time, word in found]


def change(bits: Bits) -> int:
    """By how much the distance of two samples changes."""
    for size in (0, 14, 17, 20):
        if not bits.take(1):
            value = bits.take(size)
            return value - (1 << size) if value > (1 << size) // 2 else value
    value = bits.take(64)
    return value - (1 << 64) if value >> 63 else value
