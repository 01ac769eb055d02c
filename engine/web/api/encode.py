"""Query results as JSON, written in bulk, in the number formats of Prometheus's API.

Samples are strings of shortest digits; instants are seconds with three decimals or none. Values that lie where the
JSON library prints as Prometheus does are written at once, the others one by one.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from typing import Final

import msgspec
import numpy as np

from engine.foundation import gojson
from promql.model import numbers
from promql.model.labels import Labels
from promql.model.results import Matrix, RawMatrix, Result, Scalar, Series, String, Vector
from promql.model.rows import Rows
from promql.model.types import FloatArray, IntArray

_END: Final = b'"],'
_SINGLY: Final = 4
"""So few values are sooner written one by one than prepared to be written at once."""
_CELLS: Final = 1 << 14
"""Values that are written at a time."""


def instant(ms: int) -> str:
    """Unix ms as seconds."""
    sign, (seconds, rest) = "-" if ms < 0 else "", divmod(abs(ms), 1000)
    return f"{sign}{seconds}.{rest:03d}" if rest else f"{sign}{seconds}"


def samples(values: FloatArray) -> list[bytes]:
    """The text of each value; `values: float64[N]`."""
    if values.size <= _SINGLY:
        return [numbers.sample(value).encode() for value in values.tolist()]
    size = np.abs(values)
    usual = (size < 1e15) & ((size >= 1e-3) | ((values == 0) & ~np.signbit(values)))
    odd = np.flatnonzero(~usual)
    if len(odd):
        values, given = np.where(usual, values, 0.0), values
    texts = _usual(values)
    for at in odd.tolist():
        texts[at] = numbers.sample(float(given[at])).encode()
    return texts


def _usual(values: FloatArray) -> list[bytes]:
    if (values == np.trunc(values)).all():
        return msgspec.json.encode(values.astype(np.int64).tolist())[1:-1].split(b",")
    texts = msgspec.json.encode(values.tolist())[1:-1] + b","
    return texts.replace(b".0,", b",")[:-1].split(b",")


def result(value: Result) -> list[bytes]:
    """`{"resultType":...,"result":...}` in pieces, of which the last is the closing brace: large ones are joined once,
    with what else stands in the answer.
    """
    match value:
        case Scalar(time, number):
            found: Iterable[bytes] = [b'[%b,"%b"]' % (_moment(time), numbers.plain(number).encode())]
            kind = b"scalar"
        case String(time, text):
            found, kind = [b"[%b,%b]" % (_moment(time), gojson.encode(text))], b"string"
        case Vector():
            found, kind = [_vector(value)], b"vector"
        case RawMatrix(series):
            found, kind = _listed(map(_series, series)), b"matrix"
        case Matrix():
            found, kind = _listed(_matrix(value)), b"matrix"
    return [b'{"resultType":"%b","result":' % kind, *found, b"}"]


def _moment(ms: int) -> bytes:
    """The time of what is no series: without zeros at its end."""
    return numbers.plain(ms / 1000).encode()


def _listed(found: Iterable[bytes]) -> list[bytes]:
    """As an array."""
    pieces = [piece for one in found for piece in (b",", one)] or [b""]
    pieces[0] = b"["
    return [*pieces, b"]"]


def _vector(vector: Vector) -> bytes:
    now, texts = instant(vector.time).encode(), samples(np.ascontiguousarray(vector.values))
    if not isinstance(vector.labels, Rows):
        values = [(msgspec.Raw(now), text.decode()) for text in texts]
        rows = zip(vector.labels, values, strict=True)
        return gojson.encode([{"metric": labels.as_dict(), "value": value} for labels, value in rows])
    known = vector.labels
    heads = known.once("JSON", lambda: [b'{"metric":%b,"value":[' % _metric(labels) for labels in known])
    return b"[%b]" % b",".join([b'%b%b,"%b"]}' % (head, now, text) for head, text in zip(heads, texts, strict=True)])


def _series(series: Series) -> bytes:
    return _row(series.labels, _prefixes(series.times), samples(series.values))


def _matrix(matrix: Matrix) -> Iterator[bytes]:
    """Values of many rows are written at once: calls cost as much as a hundred values."""
    prefixes = _prefixes(matrix.times)
    run = max(_CELLS // max(len(prefixes), 1), 1)
    for start in range(0, len(matrix.labels), run):
        rows = slice(start, start + run)
        present = matrix.present[rows]
        counts = present.sum(axis=1).tolist()
        texts, at = samples(matrix.values[rows][present]), 0
        for labels, here, count in zip(matrix.labels[rows], present, counts, strict=True):
            steps = prefixes if count == len(prefixes) else [prefixes[i] for i in np.flatnonzero(here).tolist()]
            yield _row(labels, steps, texts[at : at + count])
            at += count


def _row(labels: Labels, prefixes: Sequence[bytes], texts: Sequence[bytes]) -> bytes:
    """`prefixes` end the point before; the first has none before it."""
    if not texts:
        return b'{"metric":%b,"values":[]}' % _metric(labels)
    pieces = [b'"]]}'] * (2 * len(texts) + 1)
    pieces[:-1:2] = prefixes
    pieces[1::2] = texts
    pieces[0] = b'{"metric":%b,"values":[%b' % (_metric(labels), prefixes[0].removeprefix(_END))
    return b"".join(pieces)


def _prefixes(times: IntArray) -> list[bytes]:
    if (times % 1000 == 0).all():
        instants = msgspec.json.encode((times // 1000).tolist())[1:-1].split(b",") if len(times) else []
    else:
        instants = [instant(ms).encode() for ms in times.tolist()]
    return [b'%b[%b,"' % (_END, one) for one in instants]


def _metric(labels: Labels) -> bytes:
    return gojson.encode(labels.as_dict())
