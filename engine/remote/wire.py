"""A request of remote write 1.0, taken apart: which series, when, what.

Nearly all of a request are series that were there before, each with one sample. So the bytes of a series' labels are
the key under which it is known: for such a series the loop finds its end, cuts off the sample, and looks up the rest;
times and values are then read for all of them at once. Only what is new or has another shape is read field by field.

Law: what the quick way reads is what the slow way would. A sample is guessed to be the last 18 bytes (9 where the value
is zero, which is left out). Where the bytes before it are known as the labels of a series, they end where these fields
end, so the guess was right, and that the rest is one plain sample is looked at. Else the slow way decides.
"""

from __future__ import annotations

import struct
from collections.abc import Callable, Sequence
from functools import lru_cache
from itertools import pairwise
from sys import intern
from typing import Final

import numpy as np
from msgspec import Struct

from engine.foundation.protobuf import CHUNK, FIXED64, VARINT, Message, WireError, encoded, fields, framed, signed
from engine.tsdb.exemplars import Exemplar
from exporters.exposition.numbers import quote_bytes
from promql.model.labels import Labels, quote
from promql.model.types import FloatArray, IntArray

REQUEST: Final = Message.of("WriteRequest", Timeseries=(1, CHUNK), Metadata=(3, CHUNK))
SERIES: Final = Message.of(
    "TimeSeries", Labels=(1, CHUNK), Samples=(2, CHUNK), Exemplars=(3, CHUNK), Histograms=(4, CHUNK)
)
LABEL: Final = Message.of("Label", Name=(1, CHUNK), Value=(2, CHUNK))
_SAMPLE: Final = Message.of("Sample", Value=(1, FIXED64), Timestamp=(2, VARINT))
EXEMPLAR: Final = Message.of("Exemplar", Labels=(1, CHUNK), Value=(2, FIXED64), Timestamp=(3, VARINT))
METADATA: Final = Message.of(
    "MetricMetadata", Type=(1, VARINT), MetricFamilyName=(2, CHUNK), Help=(4, CHUNK), Unit=(5, CHUNK)
)
_LABELS, _SAMPLES, _EXEMPLARS, _HISTOGRAMS = 1, 2, 3, 4

_FULL: Final = 18  # a sample with a value and a time of our days: two bytes, tag and value, tag and six bytes
_ZERO: Final = 9
_SIZE: Final = 17  # so far from its end such a sample tells its size
_STAMP: Final = 6
_WEIGHTS: Final = 1 << (7 * np.arange(_STAMP))
_CONTINUES: Final = np.array([True] * (_STAMP - 1) + [False])
_ANY: Final = 0xFF
_FULL_HEAD: Final = np.array([0x12, 0x10, 0x09, *[_ANY] * 8, 0x10], np.uint8)
_ZERO_HEAD: Final = np.array([0x12, 0x07, 0x10], np.uint8)
_NOTHING: Final = (np.empty(0, np.int64), np.empty(0))
_FLOAT: Final = struct.Struct("<d")
_SERIES_TAG: Final = 0x0A
_LABEL_TAG: Final = 0x0A

Known = Callable[[bytes], int | None]
"""The number, not negative, under which the series with these bytes of labels is known."""


class LabelsError(WireError):
    """The labels of a series are none."""


class HistogramError(WireError):
    """A native histogram."""


class Request(Struct, frozen=True):
    """Samples in the order in which they came: `series`, `times` (Unix ms), `values`, all of length N.

    A series is a number that was known, or -1 - k for the k-th of `strangers`, which are told by the bytes of their
    labels. `exemplars` are those of series that are known or have samples here, told by the same numbers.
    """

    series: IntArray
    times: IntArray
    values: FloatArray
    strangers: dict[bytes, Labels]
    exemplars: Sequence[tuple[int, Exemplar]] = ()


def decode(data: bytes, known: Known) -> Request:
    """The request. Raises WireError: LabelsError, HistogramError where it is well formed and can't be taken."""
    reader = _Reader(data, known)
    reader.walk()
    plain = reader.plain()
    if plain is None:  # a known series has something else than one plain sample
        reader = _Reader(data, known)
        reader.walk_slowly()
        plain = _NOTHING
    return reader.request(*plain)


class _Reader:
    """One request. `ends` are those of plain samples, negative where the value is zero; `numbers` are their series."""

    def __init__(self, data: bytes, known: Known) -> None:
        self._data = data
        self._known = known
        self._numbers: list[int] = []
        self._ends: list[int] = []
        self._strangers: dict[bytes, int] = {}
        self._labels: list[Labels] = []
        self._others: list[tuple[int, int, int, float]] = []
        self._exemplars: list[tuple[int, Exemplar]] = []

    def request(self, times: IntArray, values: FloatArray) -> Request:
        """All samples, when those that are plain are these."""
        series = np.array(self._numbers, np.int64)
        if self._others:
            places, *more = zip(*self._others, strict=True)
            series, times, values = (
                np.insert(array, places, some) for array, some in zip((series, times, values), more, strict=True)
            )
        strangers = dict(zip(self._strangers, self._labels, strict=True))
        return Request(series, times, values, strangers, self._exemplars)

    def walk(self) -> None:
        data, known, size = self._data, self._known, len(self._data)
        numbers, ends = self._numbers, self._ends
        at = 0
        while at < size:
            # Nearly always a tag of one byte and a length of two.
            if data[at] == _SERIES_TAG and at + 3 < size and data[at + 1] > 0x7F and 0 < data[at + 2] < 0x80:
                start = at + 3
                at = start + data[at + 1] + ((data[at + 2] - 1) << 7)
                if at > size:
                    raise WireError("unexpected EOF")
            else:
                start, at = _next(data, at)
            tail = _FULL if at > _SIZE and data[at - _SIZE] == _FULL - 2 else _ZERO
            if at - start > tail and (number := known(data[start : at - tail])) is not None:
                ends.append(at if tail == _FULL else -at)
                numbers.append(number)
            elif at > start:
                self._read(start, at)

    def walk_slowly(self) -> None:
        at = 0
        while at < len(self._data):
            start, at = _next(self._data, at)
            self._read_others([], start, at)

    def plain(self) -> tuple[IntArray, FloatArray] | None:
        """Times and values of the plain samples; None where one is not."""
        stops = np.array(self._ends, np.int64)
        full = stops > 0
        octets = np.frombuffer(self._data, np.uint8)
        times, values = np.empty(len(stops), np.int64), np.zeros(len(stops))
        for chosen, length, head in ((full, _FULL, _FULL_HEAD), (~full, _ZERO, _ZERO_HEAD)):
            tails = octets[(np.abs(stops[chosen]) - length)[:, None] + np.arange(length)]
            stamps = tails[:, -_STAMP:]
            alike = (tails[:, : len(head)] == head) | (head == _ANY)
            if not alike.all() or not ((stamps > 0x7F) == _CONTINUES).all():
                return None
            times[chosen] = (stamps & 0x7F) @ _WEIGHTS
            if length == _FULL:
                values[chosen] = np.ascontiguousarray(tails[:, 3:11]).view("<f8")[:, 0]
        return times, values

    def _read(self, start: int, stop: int) -> None:
        """A series that is not known, or not plain."""
        data, at = self._data, start
        labels: list[bytes] = []
        while at + 1 < stop and data[at] == _LABEL_TAG and (size := data[at + 1]) < 0x80 and at + 2 + size <= stop:
            labels.append(data[at + 2 : at + 2 + size])
            at += 2 + size
        tail = stop - at
        if (tail == _FULL and data[at + 1] == _FULL - 2) or (tail == _ZERO and data[at + 1] == _ZERO - 2):
            self._ends.append(stop if tail == _FULL else -stop)
            self._numbers.append(self._number(data[start:at], labels))
        else:
            self._read_others(labels, at, stop)

    def _read_others(self, labels: list[bytes], at: int, stop: int) -> None:
        """The rest of a series, behind the first of its labels, field by field."""
        data = self._data
        samples: list[tuple[int, float]] = []
        exemplars: list[Exemplar] = []
        for number, start, end in fields(SERIES, data, at, stop):
            if number == _LABELS:
                labels.append(data[start:end])
            elif number == _SAMPLES:
                samples.append(read_sample(data, start, end))
            elif number == _HISTOGRAMS:
                raise HistogramError("native histograms are disabled")
            else:
                exemplars.append(_exemplar(data, start, end))
        key = b"".join(map(_framed, labels))
        if samples:
            number = self._number(key, labels)
            self._others += [(len(self._numbers), number, *one) for one in samples]
        if exemplars:
            known = self._known(key)
            named = self._strangers.get(key) if known is None else known
            if named is not None:  # of others nobody has seen a sample
                self._exemplars += [(named, one) for one in exemplars]

    def _number(self, key: bytes, labels: list[bytes]) -> int:
        """That of a series that may be known, or a stranger's."""
        if (number := self._known(key)) is not None:
            return number
        if (number := self._strangers.get(key)) is None:
            number = self._strangers[key] = -1 - len(self._strangers)
            self._labels.append(series_labels(labels))
        return number


def _next(data: bytes, at: int) -> tuple[int, int]:
    """Where the content of the next series begins and ends; nothing at the end of the request."""
    size = len(data)
    for number, start, end in fields(REQUEST, data, at, size):
        if number == 1:
            return start, end
        for _ in fields(METADATA, data, start, end):
            pass  # it must be well formed
    return size, size


def read_sample(data: bytes, at: int, stop: int) -> tuple[int, float]:
    """Time (Unix ms) and value of the sample between these places. Raises WireError."""
    time, value = 0, 0.0
    for number, start, _ in fields(_SAMPLE, data, at, stop):
        if number == 1:
            (value,) = _FLOAT.unpack_from(data, start)
        else:
            time = signed(start)
    return time, value


def _exemplar(data: bytes, at: int, stop: int) -> Exemplar:
    pairs, value, time = [], 0.0, 0
    for number, start, end in fields(EXEMPLAR, data, at, stop):
        if number == 1:
            pairs.append(_pair(data[start:end]))
        elif number == 2:
            (value,) = _FLOAT.unpack_from(data, start)
        else:
            time = signed(start)
    return Exemplar(Labels.of(pairs), value, time)


def series_labels(labels: Sequence[bytes]) -> Labels:
    """Their order is the client's, and empty values mean that there is no such label. Raises LabelsError."""
    pairs = sorted(pair for pair in map(_pair, labels) if pair[1])
    if not pairs:
        raise LabelsError("empty labelset: invalid sample")
    for (name, _), (following, _) in pairwise(pairs):
        if name == following:
            raise LabelsError(f"label name {quote(name)} is not unique: invalid sample")
    return Labels(tuple(pairs))


@lru_cache(maxsize=2**16)
def _pair(label: bytes) -> tuple[str, str]:
    """Series share most of their labels: one tuple for all of them is quicker to get and smaller to keep."""
    name, value = _halves(label)
    try:
        return intern(name.decode()), value.decode()
    except UnicodeDecodeError:
        raise LabelsError(f"label {quote_bytes(name)}={quote_bytes(value)} is not UTF-8: invalid sample") from None


def _halves(label: bytes) -> tuple[bytes, bytes]:
    """Name and value."""
    size = len(label)
    at = label[1] + 2 if size > 3 else size  # where the value begins, if lengths are of one byte as nearly always
    if at < min(size - 1, 0x82) and label[0] == 0x0A and label[at] == 0x12 and label[at + 1] == size - at - 2 < 0x80:
        return label[2:at], label[at + 2 :]
    name = value = b""
    for number, start, end in fields(LABEL, label, 0, len(label)):
        if number == 1:
            name = label[start:end]
        else:
            value = label[start:end]
    return name, value


def label_fields(labels: Labels) -> bytes:
    """The labels of a series, as everybody writes them."""
    return b"".join(framed(1, framed(1, name.encode()) + framed(2, value.encode())) for name, value in labels.pairs)


def _framed(label: bytes) -> bytes:
    """A label as a field of its series, as everybody writes it."""
    size = len(label)
    return (bytes((_LABEL_TAG, size)) if size < 0x80 else bytes((_LABEL_TAG,)) + encoded(size)) + label
