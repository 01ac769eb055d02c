"""Requests of remote write 2.0: each text once, series and their metadata by the numbers of texts."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Final

from engine.foundation.protobuf import counted, encoded, framed
from engine.remote.packing import packed
from engine.remote.writing.encode import TYPES, Told, exemplar_value
from engine.tsdb.exemplars import Exemplar
from promql.model.labels import Labels
from promql.model.types import FloatArray, IntArray

_SUFFIXES: Final = ("_bucket", "_count", "_sum", "_total", "_info")


class _Symbols:
    """The texts of a request and their numbers; the first one is empty."""

    def __init__(self) -> None:
        self.numbers: dict[str, int] = {"": 0}
        self._about: dict[str, bytes] = {}

    def refs(self, labels: Labels) -> bytes:
        numbers = self.numbers
        found = [numbers.setdefault(text, len(numbers)) for pair in labels.pairs for text in pair]
        content = bytes(found) if max(found, default=0) < 0x80 else b"".join(map(encoded, found))
        return framed(1, content)

    def about(self, name: str, metadata: Mapping[str, Told]) -> bytes:
        """What is known of a metric, as a field of its series."""
        if (found := self._about.get(name)) is None:
            told = metadata.get(name) or metadata.get(_family(name))
            found = b""
            if told is not None:
                _, kind, text, unit = told
                refs = [self.numbers.setdefault(one, len(self.numbers)) for one in (text, unit)]
                found = framed(5, counted(1, TYPES.get(kind, 0)) + counted(3, refs[0]) + counted(4, refs[1]))
            self._about[name] = found
        return found

    def request(self, series: Sequence[bytes]) -> bytes:
        return packed(b"".join([*(framed(4, text.encode()) for text in self.numbers), *series]))


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
