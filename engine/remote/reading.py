"""What remote read asks, and what it is answered: messages, chunks and frames of Prometheus's protocol.

A frame tells its length and its checksum. That is CRC-32C, which the library of Python lacks and which a loop over
bytes would be slow to compute; but snappy's stream format holds the same of each block of up to 64 KiB, so frames are
kept below that and snappy is asked.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from functools import cache
from itertools import accumulate, pairwise
from typing import Final

import cramjam
import numpy as np
from msgspec import Struct

from engine.foundation.errors import RemoteError
from engine.foundation.protobuf import CHUNK, VARINT, Message, counted, encoded, fields, framed, signed, varint
from engine.remote.wire import label_fields
from engine.remote.xor import MOST, XOR, xor_chunk
from promql.model.labels import Labels
from promql.model.matchers import Matcher, MatchOp
from promql.model.types import FloatArray, IntArray

SAMPLES: Final = 0
STREAMED_CHUNKS: Final = 1
MOST_IN_FRAME: Final = 60 * 1024
_READ: Final = Message.of("ReadRequest", Queries=(1, CHUNK), AcceptedResponseTypes=(2, CHUNK))
_QUERY: Final = Message.of("Query", StartTimestampMs=(1, VARINT), EndTimestampMs=(2, VARINT), Matchers=(3, CHUNK))
_MATCHER: Final = Message.of("LabelMatcher", Type=(1, VARINT), Name=(2, CHUNK), Value=(3, CHUNK))
_OPS: Final = (MatchOp.EQUAL, MatchOp.NOT_EQUAL, MatchOp.REGEX, MatchOp.NOT_REGEX)

# A sample with a time of our days: tag and size, tag and value, tag and six bytes.
_PLAIN: Final = np.array([0x12, 16, 0x09, *[0] * 8, 0x10, *[0x80] * 5, 0], np.uint8)
_SHIFTS: Final = 7 * np.arange(6)
_EARLIEST, _LATEST = 1 << 35, (1 << 42) - 1  # of six bytes
_SNAPPY_HEAD: Final = 10
_BLOCK_HEAD: Final = 4
_BLOCK: Final = 64 * 1024
_MASK: Final = 0xA282EAD8
_POLYNOMIAL: Final = 0x82F63B78

Row = tuple[Labels, IntArray, FloatArray]
"""A series, the times of its samples (Unix ms) and their values."""


class MatcherError(RemoteError):
    """A matcher is none."""


class ReadQuery(Struct, frozen=True):
    """All samples of the series that match, with start <= t <= end (Unix ms)."""

    matchers: tuple[tuple[int, str, str], ...]
    start: int
    end: int

    def asked(self, external: dict[str, str]) -> tuple[Matcher, ...]:
        """The matchers; one for an external label asks for series without it, since none is stored with it.

        Raises MatcherError, RegexError.
        """
        return tuple(_matcher(*one, external) for one in self.matchers)


class ReadRequest(Struct, frozen=True):
    """`accepted` are the kinds of answers that the client knows, the best one first."""

    queries: tuple[ReadQuery, ...]
    accepted: tuple[int, ...]


def decode_read(data: bytes) -> ReadRequest:
    """Raises WireError."""
    queries, accepted = [], []
    for number, start, end in fields(_READ, data, 0, len(data)):
        if number == 1:
            queries.append(_query(data, start, end))
            continue
        at = start
        while at < end:
            kind, at = varint(data, at, end)
            accepted.append(kind)
    return ReadRequest(tuple(queries), tuple(accepted))


def encode_read(query: ReadQuery, accepted: Sequence[int], func: str = "") -> bytes:
    """A request with one query, not packed. `func` says what the samples are for, if a server wants to know."""
    matchers = (
        framed(3, counted(1, kind) + framed(2, name.encode()) + framed(3, value.encode()))
        for kind, name, value in query.matchers
    )
    times = counted(1, query.start) + counted(2, query.end)
    hints = (framed(2, func.encode()) if func else b"") + counted(3, query.start) + counted(4, query.end)
    kinds = framed(2, b"".join(map(encoded, accepted)))
    return framed(1, times + b"".join(matchers) + framed(4, hints)) + kinds


def told(matcher: Matcher) -> tuple[int, str, str]:
    """A matcher as a query tells it."""
    return _OPS.index(matcher.op), matcher.name, matcher.value


def query_result(rows: Iterable[Row]) -> bytes:
    """A `QueryResult` with all samples, as a field of its response."""
    series = (framed(1, label_fields(labels) + _samples(times, values)) for labels, times, values in rows)
    return framed(1, b"".join(series))


def frames(rows: Iterable[Row], query: int, most: int) -> Iterator[bytes]:
    """The series as chunks, in frames of about `most` bytes, none with more than one series."""
    for labels, times, values in rows:
        head = label_fields(labels)
        chunks = [_chunk(times[low : low + MOST], values[low : low + MOST]) for low in range(0, len(times), MOST)]
        for some in _in_portions(chunks, max(min(most, MOST_IN_FRAME) - len(head), 1)):
            yield _frame(framed(1, head + b"".join(some)) + counted(2, query))


def crc32c(data: bytes) -> int:
    """The checksum of Castagnoli's polynomial."""
    first = len(data) % _BLOCK
    found = _crc32c_of_block(data[:first]) if first else 0
    for at in range(first, len(data), _BLOCK):
        found = _moved(found) ^ _crc32c_of_block(data[at : at + _BLOCK])
    return found


def _crc32c_of_block(data: bytes) -> int:
    stream = bytes(cramjam.snappy.compress(data))
    at = _SNAPPY_HEAD + _BLOCK_HEAD
    masked = (int.from_bytes(stream[at : at + 4], "little") - _MASK) & 0xFFFFFFFF
    return (masked >> 17 | masked << 15) & 0xFFFFFFFF


def _moved(crc: int) -> int:
    """What a checksum contributes to that of bytes which go on for another block."""
    return _product(_block_columns(), crc)


@cache
def _block_columns() -> tuple[int, ...]:
    """What becomes of each bit of a checksum when a block of zeros follows: one zero bit, doubled up to a block."""
    columns = (_POLYNOMIAL, *(1 << bit for bit in range(31)))
    for _ in range((8 * _BLOCK).bit_length() - 1):
        columns = tuple(_product(columns, column) for column in columns)
    return columns


def _product(columns: Sequence[int], vector: int) -> int:
    found = 0
    for bit, column in enumerate(columns):
        if vector >> bit & 1:
            found ^= column
    return found


def _frame(message: bytes) -> bytes:
    return encoded(len(message)) + crc32c(message).to_bytes(4) + message


def _in_portions(chunks: Sequence[bytes], most: int) -> Iterator[Sequence[bytes]]:
    """Runs of chunks; each but the last is the first that is no smaller than `most`."""
    sizes = [0, *accumulate(map(len, chunks))]
    edges = [0]
    for at in range(1, len(chunks)):
        if sizes[at] - sizes[edges[-1]] >= most:
            edges.append(at)
    yield from (chunks[low:high] for low, high in pairwise([*edges, len(chunks)]) if low < high)


def _chunk(times: IntArray, values: FloatArray) -> bytes:
    stamps = times.tolist()
    told = counted(1, stamps[0]) + counted(2, stamps[-1]) + counted(3, XOR)
    return framed(2, told + framed(4, xor_chunk(stamps, values)))


def _samples(times: IntArray, values: FloatArray) -> bytes:
    if not len(times):
        return b""
    if times[0] < _EARLIEST or times[-1] > _LATEST:
        pairs = zip(times.tolist(), values, strict=True)
        return b"".join(framed(2, b"\x09" + value.tobytes() + counted(2, time)) for time, value in pairs)
    out = np.tile(_PLAIN, (len(times), 1))
    out[:, 3:11] = np.ascontiguousarray(values).view(np.uint8).reshape(-1, 8)
    out[:, 12:] |= ((times[:, None] >> _SHIFTS) & 0x7F).astype(np.uint8)
    return out.tobytes()


def _query(data: bytes, at: int, stop: int) -> ReadQuery:
    times, matchers = {1: 0, 2: 0}, []
    for number, start, end in fields(_QUERY, data, at, stop):
        if number == 3:
            matchers.append(_read_matcher(data, start, end))
        else:
            times[number] = signed(start)
    return ReadQuery(tuple(matchers), times[1], times[2])


def _read_matcher(data: bytes, at: int, stop: int) -> tuple[int, str, str]:
    kind, texts = 0, {2: "", 3: ""}
    for number, start, end in fields(_MATCHER, data, at, stop):
        if number == 1:
            kind = start
        else:
            texts[number] = data[start:end].decode(errors="replace")
    return kind, texts[2], texts[3]


def _matcher(kind: int, name: str, value: str, external: dict[str, str]) -> Matcher:
    if kind >= len(_OPS):
        raise MatcherError("invalid matcher type")
    if _OPS[kind] is MatchOp.EQUAL and external.get(name, "") == value:
        return Matcher(name, MatchOp.EQUAL, "")
    return Matcher(name, _OPS[kind], value)
