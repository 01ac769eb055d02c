"""A small client of remote write: series as bytes of a WriteRequest, and a request that carries them."""

from __future__ import annotations

import http.client
import struct
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass

import cramjam

SERIES, METADATA = 1, 3
LABEL, SAMPLE, EXEMPLAR, HISTOGRAM = 1, 2, 3, 4


def varint(number: int) -> bytes:
    number &= (1 << 64) - 1  # a negative number takes ten bytes
    out = bytearray()
    while number > 0x7F:
        out.append(number & 0x7F | 0x80)
        number >>= 7
    out.append(number)
    return bytes(out)


def chunk(field: int, content: bytes) -> bytes:
    """A field that holds bytes, a string or a message."""
    return varint(field << 3 | 2) + varint(len(content)) + content


def label(name: str | bytes, value: str | bytes) -> bytes:
    name, value = (text.encode() if isinstance(text, str) else text for text in (name, value))
    return chunk(LABEL, chunk(1, name) + chunk(2, value))


def labels(pairs: Mapping[str, str] | Iterable[tuple[str | bytes, str | bytes]]) -> bytes:
    return b"".join(label(n, v) for n, v in (pairs.items() if isinstance(pairs, Mapping) else pairs))


def sample(time: int, value: float) -> bytes:
    """As Prometheus writes it: what is zero is left out."""
    number = struct.pack("<d", value)
    content = (b"" if value == 0 else b"\x09" + number) + (b"" if time == 0 else b"\x10" + varint(time))
    return chunk(SAMPLE, content)


def series(named: bytes, *samples: tuple[int, float], more: bytes = b"") -> bytes:
    """A time series; `named` is what `labels` gave, `more` are further fields of it."""
    return chunk(SERIES, named + b"".join(sample(*one) for one in samples) + more)


def packed(request: bytes) -> bytes:
    return bytes(cramjam.snappy.compress_raw(request))


@dataclass(frozen=True, slots=True)
class Answer:
    """What came back."""

    status: int
    body: str
    headers: Mapping[str, str]


def post(port: int, body: bytes, path: str = "/api/v1/write", method: str = "POST") -> Answer:
    """Send bytes as they are."""
    connection = http.client.HTTPConnection("127.0.0.1", port, timeout=30)
    headers = {
        "Content-Encoding": "snappy",
        "Content-Type": "application/x-protobuf",
        "X-Prometheus-Remote-Write-Version": "0.1.0",
    }
    try:
        connection.request(method, path, body, headers)
        response = connection.getresponse()
        found = {name.lower(): value for name, value in response.getheaders()}
        return Answer(response.status, response.read().decode(), found)
    finally:
        connection.close()


def write(port: int, found: Sequence[bytes]) -> Answer:
    """Send series as one request."""
    return post(port, packed(b"".join(found)))
