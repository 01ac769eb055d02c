"""Query results as JSON, written in bulk, in the number formats of Prometheus's API.

Samples are strings of shortest digits; instants are seconds with three decimals or none. Rows whose values
all lie where the JSON library prints as Prometheus does are formatted whole; the others value by value.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence

import msgspec
import numpy as np

from engine.foundation import gojson
from promql.model import numbers
from promql.model.labels import Labels
from promql.model.results import Matrix, RawMatrix, Result, Scalar, Series, String, Vector
from promql.model.types import FloatArray, IntArray


def instant(ms: int) -> str:
    """Unix ms as seconds."""
    sign, (seconds, rest) = "-" if ms < 0 else "", divmod(abs(ms), 1000)
    return f"{sign}{seconds}.{rest:03d}" if rest else f"{sign}{seconds}"


def samples(values: FloatArray) -> list[str]:
    """The text of each value; `values: float64[N]`."""
    if values.size == 0:
        return []
    size = np.abs(values)
    usual = (size < 1e15) & ((size >= 1e-3) | ((values == 0) & ~np.signbit(values)))
    if not usual.all():
        return [numbers.sample(v) for v in values.tolist()]
    whole = values == np.trunc(values)
    if whole.all():
        return str(values.astype(np.int64).tolist())[1:-1].split(", ")
    texts = msgspec.json.encode(values.tolist()).decode()[1:-1].split(",")
    return [text.removesuffix(".0") for text in texts] if whole.any() else texts


def result(value: Result) -> bytes:
    """`{"resultType":...,"result":...}`."""
    match value:
        case Scalar(time, number):
            return b'{"resultType":"scalar","result":[%b,"%b"]}' % (
                instant(time).encode(),
                numbers.plain(number).encode(),
            )
        case String(time, text):
            return b'{"resultType":"string","result":[%b,%b]}' % (instant(time).encode(), gojson.encode(text))
        case Vector():
            return b'{"resultType":"vector","result":[%b]}' % _vector(value)
        case RawMatrix(series):
            return b'{"resultType":"matrix","result":[%b]}' % b",".join(_series(s) for s in series)
        case Matrix():
            return b'{"resultType":"matrix","result":[%b]}' % _matrix(value)


def _vector(vector: Vector) -> bytes:
    now = instant(vector.time)
    rows = zip(vector.labels, samples(np.ascontiguousarray(vector.values)), strict=True)
    return b",".join(
        b'{"metric":%b,"value":[%b,"%b"]}' % (_metric(labels), now.encode(), text.encode()) for labels, text in rows
    )


def _series(series: Series) -> bytes:
    return _row(series.labels, _prefixes(series.times), samples(series.values))


def _matrix(matrix: Matrix) -> bytes:
    prefixes = _prefixes(matrix.times)
    return b",".join(_matrix_rows(matrix, prefixes))


def _matrix_rows(matrix: Matrix, prefixes: Sequence[str]) -> Iterable[bytes]:
    for labels, row, here in zip(matrix.labels, matrix.values, matrix.present, strict=True):
        if here.all():
            yield _row(labels, prefixes, samples(row))
        else:
            yield _row(labels, [prefixes[i] for i in np.flatnonzero(here).tolist()], samples(row[here]))


def _row(labels: Labels, prefixes: Sequence[str], texts: Sequence[str]) -> bytes:
    points = '"],'.join(map(str.__add__, prefixes, texts))
    tail = '"]' if texts else ""
    return b'{"metric":%b,"values":[%b]}' % (_metric(labels), (points + tail).encode())


def _prefixes(times: IntArray) -> list[str]:
    return [f'[{instant(ms)},"' for ms in times.tolist()]


def _metric(labels: Labels) -> bytes:
    return gojson.encode(labels.as_dict())
