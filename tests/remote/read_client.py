"""A small client of remote read: requests as bytes, and both kinds of answers taken apart."""

from __future__ import annotations

import http.client
import struct
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

import cramjam

from tests.remote.client import chunk, packed, varint
from tests.remote.xor_reader import samples

MATCHERS = ("=", "!=", "=~", "!~")
CASTAGNOLI = 0x82F63B78
Series = dict[tuple[tuple[str, str], ...], list[tuple[int, bytes]]]
"""Times and values, as their eight bytes, by labels."""


def query(start: int, end: int, *matchers: tuple[str, str, str]) -> bytes:
    return chunk(1, b"\x08" + varint(start) + b"\x10" + varint(end) + b"".join(map(matcher, matchers)))


def matcher(one: tuple[str, str, str]) -> bytes:
    name, op, value = one
    kind = MATCHERS.index(op) if op in MATCHERS else int(op)
    return chunk(3, b"\x08" + varint(kind) + chunk(2, name.encode()) + chunk(3, value.encode()))


def request(*queries: bytes, accepted: Sequence[int] = ()) -> bytes:
    kinds = chunk(2, b"".join(map(varint, accepted))) if accepted else b""
    return packed(b"".join(queries) + kinds)


@dataclass(frozen=True, slots=True)
class Answer:
    status: int
    content_type: str
    body: bytes

    def streamed(self) -> list[tuple[int, Series]]:
        """Each frame: which query, and its series. The checksums are looked at."""
        found, at = [], 0
        while at < len(self.body):
            size, at = read_varint(self.body, at)
            checksum, message = self.body[at : at + 4], self.body[at + 4 : at + 4 + size]
            assert int.from_bytes(checksum) == crc32c(message)
            at += 4 + size
            parts = dict.fromkeys([1, 2], b"")
            number = 0
            for field, value in fields(message):
                if field == 2:
                    assert isinstance(value, int)
                    number = value
                else:
                    assert isinstance(value, bytes)
                    parts[field] = value
            found.append((number, dict([chunked(parts[1])])))
        return found

    def sampled(self) -> list[Series]:
        """The series of each query."""
        data = bytes(cramjam.snappy.decompress_raw(self.body))
        return [dict(timeseries(inside(value)) for _, value in fields(inside(result))) for _, result in fields(data)]


def ask(port: int, body: bytes) -> Answer:
    connection = http.client.HTTPConnection("127.0.0.1", port, timeout=30)
    try:
        connection.request("POST", "/api/v1/read", body, {"Content-Type": "application/x-protobuf"})
        response = connection.getresponse()
        return Answer(response.status, response.getheader("Content-Type", ""), response.read())
    finally:
        connection.close()


def merged(frames: list[tuple[int, Series]]) -> dict[int, Series]:
    """By query, a series of several frames put together."""
    found: dict[int, Series] = {}
    for number, series in frames:
        for labels, some in series.items():
            found.setdefault(number, {}).setdefault(labels, []).extend(some)
    return found


def chunked(data: bytes) -> tuple[tuple[tuple[str, str], ...], list[tuple[int, bytes]]]:
    labels, found = [], list[tuple[int, bytes]]()
    for field, value in fields(data):
        if field == 1:
            labels.append(pair(inside(value)))
        else:
            parts = dict(fields(inside(value)))
            some = samples(inside(parts[4]))
            assert (parts[1], parts[2], parts[3]) == (some[0][0], some[-1][0], 1)
            found += some
    return tuple(labels), found


def timeseries(data: bytes) -> tuple[tuple[tuple[str, str], ...], list[tuple[int, bytes]]]:
    labels, found = [], []
    for field, value in fields(data):
        if field == 1:
            labels.append(pair(inside(value)))
        else:
            parts = dict(fields(inside(value)))
            number = parts.get(1, bytes(8))
            found.append((int(str(parts.get(2, 0))), inside(number)[::-1]))
    return tuple(labels), found


def pair(data: bytes) -> tuple[str, str]:
    parts = dict(fields(data))
    return inside(parts[1]).decode(), inside(parts.get(2, b"")).decode()


def inside(value: int | bytes) -> bytes:
    assert isinstance(value, bytes)
    return value


def fields(data: bytes) -> Iterator[tuple[int, int | bytes]]:
    at = 0
    while at < len(data):
        tag, at = read_varint(data, at)
        if tag & 7 == 0:
            value, at = read_varint(data, at)
            yield tag >> 3, value
        else:
            size, at = (8, at) if tag & 7 == 1 else read_varint(data, at)
            yield tag >> 3, data[at : at + size]
            at += size


def read_varint(data: bytes, at: int) -> tuple[int, int]:
    value = shift = 0
    while True:
        value |= (data[at] & 0x7F) << shift
        shift += 7
        at += 1
        if data[at - 1] < 0x80:
            return struct.unpack("<q", struct.pack("<Q", value & (1 << 64) - 1))[0], at


def crc32c(data: bytes) -> int:
    crc = 0xFFFFFFFF
    for byte in data:
        crc ^= byte
        for _ in range(8):
            crc = crc >> 1 ^ (CASTAGNOLI if crc & 1 else 0)
    return crc ^ 0xFFFFFFFF
