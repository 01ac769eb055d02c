"""Requests of remote write 1.0, made in bulk: what tells a series is encoded once, and joined with its samples."""

from __future__ import annotations

import struct
from collections.abc import Iterable, Mapping, Sequence
from functools import lru_cache
from types import MappingProxyType
from typing import Final

from engine.foundation.protobuf import FIXED64, counted, encoded, framed
from engine.remote.packing import packed
from engine.remote.wire import label_fields
from engine.tsdb.exemplars import Exemplar
from promql.model.labels import Labels
from promql.model.types import FloatArray, IntArray

_SERIES: Final = b"\x0a"
_SAMPLE: Final = 2
_METADATA: Final = 3
_VALUE: Final = b"\x09"
_TIME: Final = b"\x10"
TYPES: Final[Mapping[str, int]] = MappingProxyType(
    {
        "counter": 1, "gauge": 2, "histogram": 3, "gaugehistogram": 4, "summary": 5, "info": 6, "stateset": 7,
    }
)  # fmt: skip
"""What metadata calls them; others are 0."""


Told = tuple[str, str, str, str]
"""What is known of a metric: name, type, help and unit."""


class SeriesBytes:
    """A series as requests begin with it, up to the value of its only sample."""

    __slots__ = ("_heads", "_labels", "labels")

    def __init__(self, labels: Labels) -> None:
        self.labels = labels
        self._labels = label_fields(labels)
        self._heads: dict[int, bytes] = {}

    def head(self, tail: int) -> bytes:
        """For a sample whose end, behind the value, has so many bytes."""
        found = self._heads.get(tail)
        if found is None:
            sample = encoded(_SAMPLE << 3 | 2) + encoded(len(_VALUE) + 8 + tail) + _VALUE
            size = len(self._labels) + len(sample) + 8 + tail
            found = self._heads[tail] = _SERIES + encoded(size) + self._labels + sample
        return found


def samples(series: Sequence[SeriesBytes], times: IntArray, values: FloatArray) -> bytes:
    """A request, packed. The three are of one length."""
    tails = [_tail(time) for time in times.tolist()]
    raw = values.astype("<f8").tobytes()
    parts: list[bytes] = [b""] * (3 * len(tails))
    parts[0::3] = [one.head(len(tail)) for one, tail in zip(series, tails, strict=True)]
    parts[1::3] = [raw[at : at + 8] for at in range(0, len(raw), 8)]
    parts[2::3] = tails
    return packed(b"".join(parts))


def exemplars(found: Iterable[tuple[Labels, Exemplar]]) -> bytes:
    """A request with exemplars of series, packed."""
    return packed(b"".join(framed(1, label_fields(labels) + framed(3, _exemplar(one))) for labels, one in found))


def metadata(found: Iterable[Told]) -> bytes:
    """A request that tells of metrics: name, type, help and unit of each."""
    return packed(
        b"".join(
            framed(
                _METADATA,
                counted(1, TYPES.get(kind, 0)) + framed(2, name.encode()) + _text(4, about) + _text(5, unit),
            )
            for name, kind, about, unit in found
        )
    )


def _exemplar(one: Exemplar) -> bytes:
    return label_fields(one.labels) + exemplar_value(2, one) + counted(3, one.time)


def exemplar_value(number: int, one: Exemplar) -> bytes:
    """The value as the field of this number."""
    return encoded(number << 3 | FIXED64) + struct.pack("<d", one.value)


@lru_cache(4096)
def _tail(time: int) -> bytes:
    return _TIME + encoded(time if time >= 0 else time + (1 << 64))


def _text(number: int, text: str) -> bytes:
    return framed(number, text.encode()) if text else b""
