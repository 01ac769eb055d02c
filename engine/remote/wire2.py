"""Requests of remote write 2.0 as Prometheus and others send them: texts once each, series by their numbers.

They become the same as those of 1.0: a series is told by the bytes that 1.0 would tell it by, so whoever changes from
one protocol to the other goes on with the same series.
"""

from __future__ import annotations

import struct
from collections.abc import Sequence
from typing import Final

import numpy as np

from engine.foundation.protobuf import CHUNK, FIXED64, VARINT, Message, WireError, fields, framed, signed
from engine.remote.wire import HistogramError, Known, Request, read_sample, series_labels
from engine.tsdb.exemplars import Exemplar
from promql.model.labels import Labels

_REQUEST: Final = Message.of("Request", Symbols=(4, CHUNK), Timeseries=(5, CHUNK))
_SERIES: Final = Message.of(
    "TimeSeries", LabelsRefs=(1, CHUNK), Samples=(2, CHUNK), Histograms=(3, CHUNK), Exemplars=(4, CHUNK)
)
_EXEMPLAR: Final = Message.of("Exemplar", LabelsRefs=(1, CHUNK), Value=(2, FIXED64), Timestamp=(3, VARINT))
_SYMBOLS = 4
_REFS, _SAMPLES, _HISTOGRAMS = 1, 2, 3
_MOST_BITS: Final = 63
_FLOAT: Final = struct.Struct("<d")


def decode2(data: bytes, known: Known) -> Request:
    """The request. Raises WireError, as `engine.remote.wire.decode` does."""
    reader = _Reader(data, known)
    for start, stop in reader.series:
        reader.read(start, stop)
    return reader.request()


class _Reader:
    """One request. `symbols` are its texts, `series` where each series lies."""

    def __init__(self, data: bytes, known: Known) -> None:
        self._data = data
        self._known = known
        self._symbols: list[bytes] = []
        self.series: list[tuple[int, int]] = []
        for number, start, end in fields(_REQUEST, data, 0, len(data)):
            if number == _SYMBOLS:
                self._symbols.append(data[start:end])
            else:
                self.series.append((start, end))
        if self._symbols and self._symbols[0]:
            raise WireError("the first symbol is not the empty text")
        self._labels: dict[tuple[int, int], bytes] = {}
        self._fields: dict[tuple[int, int], bytes] = {}
        self._strangers: dict[bytes, int] = {}
        self._named: list[Labels] = []
        self._samples: list[tuple[int, int, float]] = []
        self._exemplars: list[tuple[int, Exemplar]] = []

    def request(self) -> Request:
        numbers, times, values = zip(*self._samples, strict=True) if self._samples else ((), (), ())
        strangers = dict(zip(self._strangers, self._named, strict=True))
        return Request(
            np.array(numbers, np.int64), np.array(times, np.int64), np.array(values, np.float64), strangers,
            self._exemplars,
        )  # fmt: skip

    def read(self, at: int, stop: int) -> None:
        data = self._data
        refs: list[int] = []
        samples: list[tuple[int, float]] = []
        exemplars: list[Exemplar] = []
        for number, start, end in fields(_SERIES, data, at, stop):
            if number == _REFS:
                refs += _numbers(data, start, end)
            elif number == _SAMPLES:
                samples.append(read_sample(data, start, end))
            elif number == _HISTOGRAMS:
                raise HistogramError("native histograms are disabled")
            else:
                exemplars.append(self._exemplar(start, end))
        pairs = self._pairs(refs)
        key = b"".join([self._fields[pair] for pair in pairs])
        series = self._number(key, pairs) if samples else self._seen(key)
        if series is not None:
            self._samples += [(series, time, value) for time, value in samples]
            self._exemplars += [(series, one) for one in exemplars]

    def _seen(self, key: bytes) -> int | None:
        """The number of a series of which there are samples, here or before; of others nobody keeps exemplars."""
        known = self._known(key)
        return self._strangers.get(key) if known is None else known

    def _number(self, key: bytes, pairs: Sequence[tuple[int, int]]) -> int:
        if (number := self._seen(key)) is None:
            number = self._strangers[key] = -1 - len(self._strangers)
            self._named.append(self._read_labels(pairs))
        return number

    def _pairs(self, refs: Sequence[int]) -> list[tuple[int, int]]:
        """The labels by the numbers of their texts; each is there as a field of 1.0 too."""
        if len(refs) % 2:
            raise WireError(f"invalid labelRefs length {len(refs)}")
        pairs = list(zip(refs[::2], refs[1::2], strict=True))
        for pair in pairs:
            if pair not in self._fields:
                label = framed(1, self._symbol(pair[0])) + framed(2, self._symbol(pair[1]))
                self._fields[pair] = framed(1, label)
                self._labels[pair] = label
        return pairs

    def _read_labels(self, pairs: Sequence[tuple[int, int]]) -> Labels:
        return series_labels([self._labels[pair] for pair in pairs])

    def _symbol(self, ref: int) -> bytes:
        if ref >= len(self._symbols):
            raise WireError(f"labelRefs {ref} (name) outside of symbols table (size {len(self._symbols)})")
        return self._symbols[ref]

    def _exemplar(self, at: int, stop: int) -> Exemplar:
        refs: list[int] = []
        value, time = 0.0, 0
        for number, start, end in fields(_EXEMPLAR, self._data, at, stop):
            if number == 1:
                refs += _numbers(self._data, start, end)
            elif number == 2:
                (value,) = _FLOAT.unpack_from(self._data, start)
            else:
                time = signed(start)
        return Exemplar(self._read_labels(self._pairs(refs)) if refs else Labels(), value, time)


def _numbers(data: bytes, at: int, stop: int) -> list[int]:
    """Varints one after the other."""
    packed = data[at:stop]
    if packed.isascii():  # each of one byte
        return list(packed)
    found: list[int] = []
    number = shift = 0
    for byte in packed:
        if byte > 0x7F:  # the number goes on
            number |= (byte & 0x7F) << shift
            shift += 7
            if shift > _MOST_BITS:
                raise WireError("proto: integer overflow")
        else:
            found.append(number | byte << shift)
            number = shift = 0
    if shift:
        raise WireError("unexpected EOF")
    return found
