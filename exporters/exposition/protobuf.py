"""Pages as MetricFamily messages with their lengths before them, as Prometheus 2.42 reads them.

Series are named as in OpenMetrics (`le="1.0"`); a histogram gets its `+Inf` bucket where it has none. Of a histogram
that has both kinds of buckets the classic ones count; one with native buckets alone is refused, since what is stored
are floats. A time stamp of 0 is none.

Nearly all of a page is labels, and they rarely change: the bytes of a series' labels lead to its key, which is written
only once; and what a family, a histogram or a summary was read as stands for the same bytes in the next page. Law: what
was read before makes no difference to what a page is read as.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from functools import partial
from struct import Struct
from typing import Final, TypeAlias

import msgspec
import numpy as np
from msgspec import field

from engine.foundation.protobuf import CHUNK, FIXED64, VARINT, Message, WireError, encoded, fields, signed, varint
from engine.foundation.values import is_label_name, is_metric_name
from exporters.exposition.grammar import BAD_UTF8, Fault, is_utf8
from exporters.exposition.page import EMPTY_PAGE, Exemplar, ExpositionError, Metadata, Page
from exporters.exposition.render import escape
from promql.model.numbers import general
from promql.model.staleness import normalise

_FAMILY: Final = Message.of(
    "MetricFamily", Name=(1, CHUNK), Help=(2, CHUNK), Type=(3, VARINT), Metric=(4, CHUNK), Unit=(5, CHUNK)
)
_METRIC: Final = Message.of(
    "Metric", Label=(1, CHUNK), Gauge=(2, CHUNK), Counter=(3, CHUNK), Summary=(4, CHUNK), Untyped=(5, CHUNK),
    TimestampMs=(6, VARINT), Histogram=(7, CHUNK),
)  # fmt: skip
_PAIR: Final = Message.of("LabelPair", Name=(1, CHUNK), Value=(2, CHUNK))
_SCALAR: Final = Message.of("Counter", Value=(1, FIXED64), Exemplar=(2, CHUNK))
_PLAIN: Final = Message.of("Gauge", Value=(1, FIXED64))
_SUMMARY: Final = Message.of("Summary", SampleCount=(1, VARINT), SampleSum=(2, FIXED64), Quantile=(3, CHUNK))
_QUANTILE: Final = Message.of("Quantile", Quantile=(1, FIXED64), Value=(2, FIXED64))
_HISTOGRAM: Final = Message.of(
    "Histogram", SampleCount=(1, VARINT), SampleSum=(2, FIXED64), Bucket=(3, CHUNK), SampleCountFloat=(4, FIXED64),
    ZeroThreshold=(6, FIXED64), ZeroCount=(7, VARINT), ZeroCountFloat=(8, FIXED64), NegativeSpan=(9, CHUNK),
    PositiveSpan=(12, CHUNK),
)  # fmt: skip
_BUCKET: Final = Message.of(
    "Bucket", CumulativeCount=(1, VARINT), UpperBound=(2, FIXED64), Exemplar=(3, CHUNK),
    CumulativeCountFloat=(4, FIXED64),
)  # fmt: skip
_EXEMPLAR: Final = Message.of("Exemplar", Label=(1, CHUNK), Value=(2, FIXED64), Timestamp=(3, CHUNK))
_TIME: Final = Message.of("Timestamp", Seconds=(1, VARINT), Nanos=(2, VARINT))

_TYPES: Final = ("counter", "gauge", "summary", "unknown", "histogram", "gaugehistogram")
_SCALARS: Final = {"counter": (3, _SCALAR), "gauge": (2, _PLAIN), "unknown": (5, _PLAIN)}
"""Of each type with one value a metric: the field that holds it, and what that is."""
_PLAIN_STARTS: Final = {kind: bytes((field << 3 | CHUNK, 9, 1 << 3 | FIXED64)) for kind, (field, _) in _SCALARS.items()}
"""How the value of a metric begins that holds nothing else, as nearly all do; eight bytes follow."""
_PLAIN_LENGTH: Final = 11
_DOUBLE: Final = Struct("<d")
_INFINITE: Final = _DOUBLE.pack(float("inf"))
_ZERO: Final = _DOUBLE.pack(0.0)
_SLACK: Final = 1000
NATIVE: Final = "has native buckets alone, which can't be stored: leave PrometheusProto out of scrape_protocols"

_BUCKET_PART: Final = b"b"
_QUANTILE_PART: Final = b"q"
_Keys: TypeAlias = dict[tuple[bytes, bytes, bytes], bytes]
"""A series' key by the name of its family, the bytes of its labels, and what tells it from others of its metric: a
suffix, or a letter and the eight bytes of a bound.
"""


class _Read(msgspec.Struct, frozen=True):
    """What a metric, or a family of them, without time stamps and exemplars was read as."""

    keys: list[bytes]
    values: list[float]
    said: dict[str, Metadata]


class _Known(msgspec.Struct):
    """Of the pages before: keys, whole families of the last page by their bytes, and by the name and type of a family
    the metrics that it had, by theirs.
    """

    keys: _Keys = field(default_factory=dict)
    families: dict[bytes, _Read] = field(default_factory=dict)
    metrics: dict[tuple[bytes, str], dict[bytes, _Read]] = field(default_factory=dict)


class ProtobufLayout:
    """What is known of one target's pages. Owned by one caller at a time."""

    def __init__(self) -> None:
        self._page = EMPTY_PAGE
        self._known = _Known()

    def parse(self, body: bytes) -> Page:
        """The page. Raises ExpositionError."""
        if len(self._known.keys) + len(self._known.metrics) > 2 * len(self._page.keys) + _SLACK:
            self._known = _Known()
        reading = _Reading(body, self._known)
        try:
            reading.read()
        except (WireError, Fault) as error:
            raise ExpositionError(str(error), reading.page()) from None
        page, last, self._known.families = reading.page(), self._page, reading.families
        keys = last.keys if page.keys == last.keys else page.keys
        metadata = last.metadata if page.metadata == last.metadata else page.metadata
        self._page = Page(keys, page.values, page.timestamps, page.stamped, metadata, page.exemplars)
        return self._page


class _Family(msgspec.Struct):
    name: bytes = b""
    help: str | None = None
    type: str = "counter"
    unit: str | None = None


class _Reading:
    """One page while it is read."""

    def __init__(self, body: bytes, known: _Known) -> None:
        self.families: dict[bytes, _Read] = {}
        self._body = body
        self._known = known
        self._keys: list[bytes] = []
        self._values: list[float] = []
        self._stamps: dict[int, int] = {}
        self._metadata: dict[str, Metadata] = {}
        self._exemplars: list[Exemplar] = []
        self._family = _Family()
        self._plain = b""

    def page(self) -> Page:
        """What has been read so far."""
        values = normalise(np.array(self._values, np.float64))
        if not self._stamps:
            return Page(self._keys, values, None, None, self._metadata, self._exemplars)
        times, stamped = np.zeros(len(values), np.int64), np.zeros(len(values), np.bool_)
        where = list(self._stamps)
        times[where], stamped[where] = list(self._stamps.values()), True
        return Page(self._keys, values, times, stamped, self._metadata, self._exemplars)

    def read(self) -> None:
        """Raises WireError, Fault."""
        body, at, end = self._body, 0, len(self._body)
        while at < end:
            start = at
            length, at = varint(body, at, end)
            if at + length > end:
                told = f"expected at least {at - start + length} bytes, got {end - start} bytes"
                raise Fault(f"protobufparse: insufficient length of buffer, {told}")
            whole = body[at : at + length]
            read = self._known.families.get(whole)
            if read is None:
                read = self._noted(partial(self._read_family, at, at + length))
            else:
                self._repeat(read)
            if read is not None:
                self.families[whole] = read
            at += length

    def _noted(self, action: Callable[[], None]) -> _Read | None:
        """What this reads; None where there were time stamps or exemplars."""
        begun, marks, said = len(self._values), len(self._stamps) + len(self._exemplars), self._metadata
        self._metadata = {}
        try:
            action()
        finally:
            own, self._metadata = self._metadata, said
            said.update(own)
        if marks != len(self._stamps) + len(self._exemplars):
            return None
        return _Read(self._keys[begun:], self._values[begun:], own)

    def _repeat(self, read: _Read) -> None:
        self._keys += read.keys
        self._values += read.values
        self._metadata |= read.said

    def _read_family(self, start: int, stop: int) -> None:
        body, family, metrics = self._body, _Family(), list[tuple[int, int]]()
        for number, at, end in fields(_FAMILY, body, start, stop):
            if number == 4:
                metrics.append((at, end))
            elif number == 3:
                family.type = _TYPES[at] if at < len(_TYPES) else str(at)
            elif number == 1:
                family.name = body[at:end]
            elif not is_utf8(body[at:end]):
                raise Fault(f"invalid help for metric {family.name.decode(errors='replace')!r}")
            elif number == 2:
                family.help = body[at:end].decode()
            else:
                family.unit = body[at:end].decode()
        if metrics:
            self._describe(family)
            self._family = family
            self._plain = _PLAIN_STARTS.get(family.type, b"none")
            self._read_metrics(metrics)

    def _describe(self, family: _Family) -> None:
        name = family.name.decode(errors="replace")
        if not is_metric_name(name):
            raise Fault(f"invalid metric name: {name}")
        if family.type not in _TYPES:
            raise Fault(f'unknown metric type for metric "{name}": {family.type}')
        self._metadata[name] = Metadata(family.type, family.help, family.unit)

    def _read_metrics(self, metrics: list[tuple[int, int]]) -> None:
        if self._family.type in _SCALARS:
            for at, stop in metrics:
                self._read_metric(at, stop)
            return
        place, now = (self._family.name, self._family.type), dict[bytes, _Read]()
        before = self._known.metrics.get(place, now)
        for at, stop in metrics:
            whole = self._body[at:stop]
            read = before.get(whole)
            if read is None:
                read = self._noted(partial(self._read_metric, at, stop))
            else:
                self._repeat(read)
            if read is not None:
                now[whole] = read
        self._known.metrics[place] = now

    def _read_metric(self, start: int, stop: int) -> None:
        body, begun, stamp = self._body, len(self._values), 0
        at = _labels_end(body, start, stop)
        labels, parts = body[start:at], list[tuple[int, int, int]]()
        if body[at:stop].startswith(self._plain) and stop - at == _PLAIN_LENGTH:
            self._add(labels, b"", _DOUBLE.unpack_from(body, at + 3)[0])
            return
        for number, first, last in fields(_METRIC, body, at, stop):
            if number == 1:
                labels += b"\n" + encoded(last - first) + body[first:last]
            elif number == 6:
                stamp = signed(first)
            else:
                parts.append((number, first, last))
        self._read_values(labels, parts)
        if stamp:
            self._stamps |= dict.fromkeys(range(begun, len(self._values)), stamp)

    def _read_values(self, labels: bytes, parts: list[tuple[int, int, int]]) -> None:
        kind = self._family.type
        wanted = _SCALARS[kind][0] if kind in _SCALARS else 4 if kind == "summary" else 7
        start, end = next(((start, end) for number, start, end in reversed(parts) if number == wanted), (0, 0))
        if kind in _SCALARS:
            self._read_scalar(labels, start, end)
        elif kind == "summary":
            self._read_summary(labels, start, end)
        else:
            self._read_histogram(labels, start, end)

    def _read_scalar(self, labels: bytes, start: int, end: int) -> None:
        value, exemplar = 0.0, None
        for number, at, stop in fields(_SCALARS[self._family.type][1], self._body, start, end):
            if number == 1:
                value = _DOUBLE.unpack_from(self._body, at)[0]
            else:
                exemplar = (at, stop)
        self._add(labels, b"", value)
        if exemplar is not None:
            self._add_exemplar(*exemplar)

    def _read_summary(self, labels: bytes, start: int, end: int) -> None:
        count, total, quantiles = 0.0, 0.0, list[tuple[bytes, float]]()
        for number, at, stop in fields(_SUMMARY, self._body, start, end):
            if number == 1:
                count = float(at)
            elif number == 2:
                total = _DOUBLE.unpack_from(self._body, at)[0]
            else:
                own = {field: self._body[a:b] for field, a, b in fields(_QUANTILE, self._body, at, stop)}
                quantiles.append((own.get(1, _ZERO), _DOUBLE.unpack(own.get(2, _ZERO))[0]))
        self._add(labels, b"_count", count)
        self._add(labels, b"_sum", total)
        for quantile, value in quantiles:
            self._add(labels, _QUANTILE_PART + quantile, value)

    def _read_histogram(self, labels: bytes, start: int, end: int) -> None:
        count, total, native, buckets = 0.0, 0.0, False, list[tuple[int, int]]()
        for number, at, stop in fields(_HISTOGRAM, self._body, start, end):
            if number == 3:
                buckets.append((at, stop))
            elif number == 1:
                count = count or float(at)
            elif number == 2:
                total = _DOUBLE.unpack_from(self._body, at)[0]
            elif number == 4:
                count = _DOUBLE.unpack_from(self._body, at)[0] or count
            elif number == 7:
                native = native or at > 0
            else:
                native = native or number in (9, 12) or _DOUBLE.unpack_from(self._body, at)[0] > 0
        if native and not buckets:
            raise Fault(f'histogram "{self._family.name.decode()}" {NATIVE}')
        self._add(labels, b"_count", count)
        self._add(labels, b"_sum", total)
        last = b""
        for at, stop in buckets:
            last = self._read_bucket(labels, at, stop)
        if last != _INFINITE:
            self._add(labels, _BUCKET_PART + _INFINITE, count)

    def _read_bucket(self, labels: bytes, start: int, end: int) -> bytes:
        """Its bound."""
        count, bound, exemplar = 0.0, _ZERO, None
        if start < end and self._body[start] == 8:
            told, at = varint(self._body, start + 1, end)
            if end - at == 9 and self._body[at] == 17:  # nearly all are written so
                bound = self._body[at + 1 : end]
                self._add(labels, _BUCKET_PART + bound, float(told))
                return bound
        for number, at, stop in fields(_BUCKET, self._body, start, end):
            if number == 1:
                count = count or float(at)
            elif number == 2:
                bound = self._body[at:stop]
            elif number == 3:
                exemplar = (at, stop)
            else:
                count = _DOUBLE.unpack_from(self._body, at)[0] or count
        self._add(labels, _BUCKET_PART + bound, count)
        if exemplar is not None:
            self._add_exemplar(*exemplar)
        return bound

    def _add(self, labels: bytes, part: bytes, value: float) -> None:
        place = (self._family.name, labels, part)
        key = self._known.keys.get(place)
        if key is None:
            key = self._known.keys[place] = self._key(labels, part)
        self._keys.append(key)
        self._values.append(value)

    def _key(self, labels: bytes, part: bytes) -> bytes:
        """As it stands in a page of text: `x_bucket{a="b",le="1.0"}`. Raises Fault."""
        name, pairs = self._family.name.decode(), list(_pairs(labels, 0, len(labels)))
        if part.startswith(b"_"):
            name += part.decode()
        elif part:
            name += "_bucket" if part.startswith(_BUCKET_PART) else ""
            label = "le" if part.startswith(_BUCKET_PART) else "quantile"
            pairs.append((label, _bound(_DOUBLE.unpack(part[1:])[0])))
        return (name + _braced(pairs) if pairs else name).encode()

    def _add_exemplar(self, start: int, end: int) -> None:
        """Of the sample before it. Raises Fault."""
        pairs, value, stamp = list[tuple[str, str]](), 0.0, None
        for number, at, stop in fields(_EXEMPLAR, self._body, start, end):
            if number == 1:
                pairs.append(_pair(self._body, at, stop))
            elif number == 2:
                value = _DOUBLE.unpack_from(self._body, at)[0]
            else:
                own = {field: signed(told) for field, told, _ in fields(_TIME, self._body, at, stop)}
                stamp = own.get(1, 0) * 1000 + own.get(2, 0) // 1_000_000
        self._exemplars.append(Exemplar(len(self._values) - 1, _braced(pairs).encode(), value, stamp))


def _labels_end(body: bytes, at: int, stop: int) -> int:
    """Where the labels end that a metric begins with. Raises WireError."""
    while at < stop and body[at] == 10:
        length, at = varint(body, at + 1, stop)
        at += length
    if at > stop:
        raise WireError("unexpected EOF")
    return at


def _pairs(labels: bytes, at: int, stop: int) -> Iterator[tuple[str, str]]:
    return (_pair(labels, start, end) for _, start, end in fields(_METRIC, labels, at, stop))


def _pair(body: bytes, start: int, end: int) -> tuple[str, str]:
    own = {field: body[at:stop] for field, at, stop in fields(_PAIR, body, start, end)}
    try:
        name, value = own.get(1, b"").decode(), own.get(2, b"").decode()
    except UnicodeDecodeError:
        raise Fault(BAD_UTF8) from None
    if not is_label_name(name):
        raise Fault(f'invalid label name "{name}"')
    return name, value


def _braced(pairs: list[tuple[str, str]]) -> str:
    return "{" + ",".join(f'{name}="{escape(value)}"' for name, value in pairs) + "}"


def _bound(value: float) -> str:
    text = general(value)
    return text if any(letter in text for letter in "e.nN") else f"{text}.0"
