"""Requests of remote write 2.0: each text once, series and their metadata by the numbers of texts."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Final

from engine.foundation.protobuf import VARINT, counted, encoded, framed
from engine.remote.packing import packed
from engine.remote.writing.encode import TYPES, Told, exemplar_value
from engine.tsdb.exemplars import Exemplar
from promql.model.labels import Labels
from promql.model.types import FloatArray, IntArray

_SUFFIXES: Final = ("_bucket", "_count", "_sum", "_total", "_info")


class _Symbols(dict[str, bytes]):
    """The texts of a request, and the numbers that they are told by, as they are written; the first one is empty."""

    def __init__(self) -> None:
        super().__init__({"": b"\0"})
        self._about: dict[str, bytes] = {}

    def __missing__(self, text: str) -> bytes:
        number = self[text] = encoded(len(self))
        return number

    def refs(self, labels: Labels) -> bytes:
        return framed(1, b"".join([self[text] for pair in labels.pairs for text in pair]))

    def about(self, name: str, metadata: Mapping[str, Told]) -> bytes:
        """What is known of a metric, as a field of its series."""
        if (found := self._about.get(name)) is None:
            told = metadata.get(name) or metadata.get(_family(name))
            found = b""
            if told is not None:
                _, kind, text, unit = told
                found = framed(5, counted(1, TYPES.get(kind, 0)) + _ref(3, self[text]) + _ref(4, self[unit]))
            self._about[name] = found
        return found

    def request(self, series: Sequence[bytes]) -> bytes:
        return packed(b"".join([*(framed(4, text.encode()) for text in self), *series]))


def _ref(number: int, written: bytes) -> bytes:
    """A field with the number of a text."""
    return encoded(number << 3 | VARINT) + written


def samples2(series: Sequence[Labels], times: IntArray, values: FloatArray, metadata: Mapping[str, Told]) -> bytes:
    """A request, packed. The three are of one length; `metadata` is what is known of metrics, by name."""
    symbols = _Symbols()
    raw = values.astype("<f8").tobytes()
    rows = []
    for at, (labels, time) in enumerate(zip(series, times.tolist(), strict=True)):
        sample = b"\x09" + raw[8 * at : 8 * at + 8] + counted(2, time)
        rows.append(framed(5, symbols.refs(labels) + framed(2, sample) + symbols.about(labels.name, metadata)))
    return symbols.request(rows)


def exemplars2(found: Sequence[tuple[Labels, Exemplar]]) -> bytes:
    """A request with exemplars of series, packed."""
    symbols = _Symbols()
    return symbols.request(
        [framed(5, symbols.refs(labels) + framed(4, _exemplar(symbols, one))) for labels, one in found]
    )


def _exemplar(symbols: _Symbols, one: Exemplar) -> bytes:
    return symbols.refs(one.labels) + exemplar_value(2, one) + counted(3, one.time)


def _family(name: str) -> str:
    """The metric that a series' name belongs to."""
    return next((name.removesuffix(suffix) for suffix in _SUFFIXES if name.endswith(suffix)), name)
