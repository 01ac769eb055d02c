"""MetricFamily messages, written out."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from struct import pack

from engine.foundation.protobuf import encoded

TYPES = {"counter": 0, "gauge": 1, "summary": 2, "untyped": 3, "histogram": 4, "gaugehistogram": 5}


def chunk(number: int, content: bytes) -> bytes:
    return encoded(number << 3 | 2) + encoded(len(content)) + content


def double(number: int, value: float) -> bytes:
    return encoded(number << 3 | 1) + pack("<d", value)


def whole(number: int, value: int) -> bytes:
    return encoded(number << 3) + encoded(value % 2**64)


def labels(pairs: Mapping[str, str] | Iterable[tuple[str, str]]) -> bytes:
    items = pairs.items() if isinstance(pairs, Mapping) else pairs
    return b"".join(chunk(1, chunk(1, name.encode()) + chunk(2, value.encode())) for name, value in items)


def scalar(kind: str, value: float, pairs: Mapping[str, str] | None = None, *more: bytes, ms: int = 0) -> bytes:
    """A metric with one value; `more` is what its message holds besides."""
    field = {"counter": 3, "gauge": 2, "untyped": 5}[kind]
    stamp = whole(6, ms) if ms else b""
    return labels(pairs or {}) + chunk(field, double(1, value) + b"".join(more)) + stamp


def bucket(bound: float, count: int, *more: bytes) -> bytes:
    return chunk(3, whole(1, count) + double(2, bound) + b"".join(more))


def histogram(count: int, total: float, *parts: bytes, pairs: Mapping[str, str] | None = None) -> bytes:
    return labels(pairs or {}) + chunk(7, whole(1, count) + double(2, total) + b"".join(parts))


def summary(
    count: int, total: float, quantiles: Mapping[float, float], pairs: Mapping[str, str] | None = None
) -> bytes:
    told = b"".join(chunk(3, double(1, q) + double(2, value)) for q, value in quantiles.items())
    return labels(pairs or {}) + chunk(4, whole(1, count) + double(2, total) + told)


def exemplar(number: int, value: float, pairs: Mapping[str, str], seconds: int | None = None, nanos: int = 0) -> bytes:
    stamp = b"" if seconds is None else chunk(3, whole(1, seconds) + whole(2, nanos))
    return chunk(number, labels(pairs) + double(2, value) + stamp)


def family(name: str, kind: str, *metrics: bytes, help_: str = "") -> bytes:
    """One message with its length before it."""
    content = chunk(1, name.encode()) + (chunk(2, help_.encode()) if help_ else b"") + whole(3, TYPES[kind])
    content += b"".join(chunk(4, metric) for metric in metrics)
    return encoded(len(content)) + content
