"""What servers answer to remote read: series with all their samples, or frames of chunks.

Samples of one response are read in bulk: nearly all have one of two forms, with a value and without (which is zero).
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Final

import numpy as np

from engine.foundation.errors import RemoteError
from engine.foundation.protobuf import CHUNK, VARINT, Message, WireError, fields, varint
from engine.remote.reading import Row, crc32c
from engine.remote.reads.chunks import read_chunk
from engine.remote.wire import read_sample, series_labels
from engine.remote.xor import XOR
from promql.model.labels import Labels
from promql.model.staleness import normalise
from promql.model.types import AnyArray, BoolArray, FloatArray, IntArray

_RESPONSE: Final = Message.of("ReadResponse", Results=(1, CHUNK))
_RESULT: Final = Message.of("QueryResult", Timeseries=(1, CHUNK))
_SERIES: Final = Message.of("TimeSeries", Labels=(1, CHUNK), Samples=(2, CHUNK), Histograms=(4, CHUNK))
_CHUNKED: Final = Message.of("ChunkedReadResponse", ChunkedSeries=(1, CHUNK), QueryIndex=(2, VARINT))
_CHUNKED_SERIES: Final = Message.of("ChunkedSeries", Labels=(1, CHUNK), Chunks=(2, CHUNK))
_CHUNK: Final = Message.of("Chunk", Type=(3, VARINT), Data=(4, CHUNK))
_LABELS, _SAMPLES = 1, 2
_CHUNK_TYPE, _CHUNK_DATA = 3, 4
_NATIVE: Final = "it sent native histograms, which are not supported here"

_FULL: Final = 16  # bytes of a sample with a value and a time of our days: tag and value, tag and six bytes
_ZERO: Final = 7
_STAMP: Final = 6
_WEIGHTS: Final = 1 << (7 * np.arange(_STAMP))
_CONTINUES: Final = np.array([True] * (_STAMP - 1) + [False])
_CHECKSUM: Final = 4


class TooManyError(RemoteError):
    """An answer has more samples than a query may hold."""


def sampled(data: bytes, most: int) -> list[Row]:
    """The series of an answer to one query, unpacked. Raises WireError, and TooManyError beyond `most` samples."""
    results = [(start, end) for _, start, end in fields(_RESPONSE, data, 0, len(data))]
    if len(results) != 1:
        raise WireError(f"responses: want 1, got {len(results)}")
    ((at, stop),) = results
    return list(_counted((_series(data, start, end) for _, start, end in fields(_RESULT, data, at, stop)), most))


def streamed(data: bytes, most: int) -> list[Row]:
    """The series of a stream of frames; what frames say of one series is put together. Raises WireError, TooManyError:
    a byte of a chunk may be four samples, so bytes are no bound.
    """
    found: dict[Labels, list[tuple[IntArray, FloatArray]]] = {}
    for labels, times, values in _counted(_parts(data), most):
        found.setdefault(labels, []).append((times, values))
    return [(labels, *_joined(chunks)) for labels, chunks in found.items()]


def _parts(data: bytes) -> Iterator[Row]:
    """Chunks, one after the other."""
    for message in _messages(data):
        for number, start, end in fields(_CHUNKED, message, 0, len(message)):
            if number == 1:
                labels, chunks = _chunked_series(message, start, end)
                yield from ((labels, *_chunk(message, at, stop)) for at, stop in chunks)


def _counted(rows: Iterator[Row], most: int) -> Iterator[Row]:
    count = 0
    for row in rows:
        count += len(row[1])
        if count > most:
            raise TooManyError(f"more than the {most} samples that a query may hold")
        yield row


def _joined(chunks: list[tuple[IntArray, FloatArray]]) -> tuple[IntArray, FloatArray]:
    """Times ascend, each once: chunks that compaction has not seen yet may overlap, and some servers have no order."""
    times = np.concatenate([times for times, _ in chunks])
    values = normalise(np.concatenate([values for _, values in chunks]))
    if (times[1:] > times[:-1]).all():
        return times, values
    times, first = np.unique(times, return_index=True)
    return times, values[first]


def _messages(data: bytes) -> Iterator[bytes]:
    at = 0
    while at < len(data):
        size, at = varint(data, at, len(data))
        start = at + _CHECKSUM
        at = start + size
        if at > len(data):
            raise WireError("unexpected EOF")
        message = data[start:at]
        if crc32c(message) != int.from_bytes(data[start - _CHECKSUM : start]):
            raise WireError("chunkedReader: corrupted frame; checksum mismatch")
        yield message


def _chunked_series(data: bytes, at: int, stop: int) -> tuple[Labels, list[tuple[int, int]]]:
    """The labels, and where the chunks lie."""
    labels, chunks = [], []
    for number, start, end in fields(_CHUNKED_SERIES, data, at, stop):
        if number == _LABELS:
            labels.append(data[start:end])
        else:
            chunks.append((start, end))
    return series_labels(labels), chunks


def _chunk(data: bytes, at: int, stop: int) -> tuple[IntArray, FloatArray]:
    kind, content = 0, b""
    for number, start, end in fields(_CHUNK, data, at, stop):
        if number == _CHUNK_TYPE:
            kind = start
        elif number == _CHUNK_DATA:
            content = data[start:end]
    if kind != XOR:
        raise WireError(_NATIVE)
    return read_chunk(content)


def _series(data: bytes, at: int, stop: int) -> Row:
    labels: list[bytes] = []
    starts: list[int] = []
    ends: list[int] = []
    for number, start, end in fields(_SERIES, data, at, stop):
        if number == _LABELS:
            labels.append(data[start:end])
        elif number == _SAMPLES:
            starts.append(start)
            ends.append(end)
        else:
            raise WireError(_NATIVE)
    samples = _samples(data, np.array(starts, np.int64), np.array(ends, np.int64))
    return series_labels(labels), *_joined([samples])


def _samples(data: bytes, starts: IntArray, ends: IntArray) -> tuple[IntArray, FloatArray]:
    """Samples that lie between these places."""
    sizes, octets = ends - starts, np.frombuffer(data, np.uint8)
    times, values = np.zeros(len(starts), np.int64), np.zeros(len(starts))
    odd = np.ones(len(starts), np.bool_)
    for size, fits in ((_FULL, _is_full), (_ZERO, _is_zero)):
        rows = np.flatnonzero(sizes == size)
        content = octets[starts[rows, None] + np.arange(size)]
        stamps = content[:, -_STAMP:]
        plain = fits(content) & ((stamps > 0x7F) == _CONTINUES).all(axis=1)
        rows, content, stamps = rows[plain], content[plain], stamps[plain]
        times[rows] = (stamps & 0x7F) @ _WEIGHTS
        if size == _FULL:
            values[rows] = np.ascontiguousarray(content[:, 1:9]).view("<f8")[:, 0]
        odd[rows] = False
    for row in np.flatnonzero(odd).tolist():
        times[row], values[row] = read_sample(data, int(starts[row]), int(ends[row]))
    return times, values


def _is_full(content: AnyArray) -> BoolArray:
    fits: BoolArray = (content[:, 0] == 0x09) & (content[:, 9] == 0x10)
    return fits


def _is_zero(content: AnyArray) -> BoolArray:
    return np.equal(content[:, 0], 0x10)
