"""A push as Loki takes it: `PushRequest` in protobuf, compressed with snappy."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Final

from engine.foundation.protobuf import counted, framed
from engine.logql.lines import StreamLines
from promql.model.labels import Labels, quote

_SECOND: Final = 1_000_000_000


def push_request(streams: Iterable[StreamLines]) -> bytes:
    """Not yet compressed."""
    return b"".join(framed(1, _stream(lines)) for lines in streams)


def label_text(labels: Labels) -> str:
    """`{a="b", c="d"}`."""
    return "{" + ", ".join(f"{name}={quote(value)}" for name, value in labels) + "}"


def _stream(lines: StreamLines) -> bytes:
    pieces = [framed(1, label_text(lines.labels).encode("utf-8", "replace"))]
    pieces += [
        framed(2, _entry(time, line, lines.metadata.get(place)))
        for place, (time, line) in enumerate(zip(lines.times, lines.lines, strict=True))
    ]
    return b"".join(pieces)


def _entry(time: int, line: bytes, metadata: Labels | Mapping[str, str] | None) -> bytes:
    seconds, rest = divmod(time, _SECOND)
    body = framed(1, counted(1, seconds) + counted(2, rest)) + framed(2, line)
    for name, value in dict(metadata or ()).items():
        body += framed(3, framed(1, name.encode()) + framed(2, value.encode("utf-8", "replace")))
    return body
