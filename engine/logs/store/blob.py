"""A blob: lines of one stream in order of time, sealed.

Text, lengths and times are packed apart, so that a search reads the text alone, and what tells the times of a blob
never unpacks its text. A blob says of itself what is in it; only the labels of its stream are told elsewhere.
"""

from __future__ import annotations

import struct
from typing import Final, NamedTuple

import msgspec
import numpy as np

from engine.foundation.zstd import compressed, decompressed
from engine.logs.store.lines import Lines, starts_of
from engine.logs.store.numbers import packed, unpacked
from engine.logs.store.packing import packed_text
from promql.model.labels import Labels
from promql.model.types import IntArray

_HEAD: Final = struct.Struct("<IIqqQIIII")


class Told(NamedTuple):
    """What a blob says of itself: whose it is (a number that its file explains), and how much of what it holds."""

    stream: int
    lines: int
    first: int
    last: int
    size: int
    times: int
    sizes: int
    text: int
    metadata: int


def sealed(stream: int, lines: Lines) -> bytes:
    """The blob of lines that are in order."""
    times, sizes = lines.times, np.diff(lines.starts) - 1
    pieces = (packed(np.diff(times)), packed(sizes), packed_text(lines.text), _metadata(lines))
    told = Told(stream, len(lines), int(times[0]), int(times[-1]), len(lines.text), *(len(piece) for piece in pieces))
    return b"".join([_HEAD.pack(*told), *pieces])


def told(blob: memoryview) -> Told:
    return Told(*_HEAD.unpack_from(blob))


def text_of(blob: memoryview) -> bytes:
    head = told(blob)
    begin = _HEAD.size + head.times + head.sizes
    return decompressed(blob[begin : begin + head.text])


def times_of(blob: memoryview) -> IntArray:
    head = told(blob)
    times = np.empty(head.lines, np.int64)
    times[0] = head.first
    times[1:] = unpacked(blob[_HEAD.size : _HEAD.size + head.times], head.lines - 1)
    return np.cumsum(times, out=times)


def starts_in(blob: memoryview) -> IntArray:
    head = told(blob)
    begin = _HEAD.size + head.times
    return starts_of(unpacked(blob[begin : begin + head.sizes], head.lines))


def metadata_of(blob: memoryview) -> dict[int, Labels]:
    head = told(blob)
    if not head.metadata:
        return {}
    found = msgspec.msgpack.decode(
        decompressed(blob[len(blob) - head.metadata :]), type=list[tuple[int, tuple[tuple[str, str], ...]]]
    )
    return {row: Labels(pairs) for row, pairs in found}


def lines_of(blob: memoryview) -> Lines:
    return Lines(text_of(blob), starts_in(blob), times_of(blob), metadata_of(blob))


def renamed(blob: memoryview, stream: int) -> bytes:
    """The same lines under another number."""
    return b"".join([_HEAD.pack(stream, *told(blob)[1:]), blob[_HEAD.size :]])


def _metadata(lines: Lines) -> bytes:
    if not lines.metadata:
        return b""
    return compressed(msgspec.msgpack.encode([(row, kept.pairs) for row, kept in sorted(lines.metadata.items())]))
