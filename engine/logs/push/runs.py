"""Lines of a push as runs of bytes."""

from __future__ import annotations

from array import array
from collections.abc import Mapping, Sequence
from datetime import UTC, datetime, timedelta
from typing import Final

from engine.logql.lines import StreamLines
from engine.logs.store.head import Run
from promql.model.labels import Labels

_EPOCH: Final = datetime(1970, 1, 1, tzinfo=UTC)
_SECOND: Final = 1_000_000_000


def run_of(lines: StreamLines) -> Run:
    """A source's lines."""
    return Run(
        text=b"\n".join(lines.lines) + b"\n" if lines.lines else b"",
        sizes=array("I", map(len, lines.lines)),
        times=array("q", lines.times),
        metadata=lines.metadata,
    )


def run_of_text(times: array[int], lines: Sequence[str], metadata: Mapping[int, Labels]) -> Run:
    """Lines that came as text; readers of bodies let no half of a surrogate pair through."""
    joined = "\n".join(lines) + "\n" if lines else ""
    text = joined.encode()
    sizes = array("I", map(len, lines) if len(text) == len(joined) else [len(line.encode()) for line in lines])
    return Run(text, sizes, times, metadata)


def run_of_bytes(times: array[int], lines: Sequence[bytes], metadata: Mapping[int, Labels]) -> Run:
    return Run(b"\n".join(lines) + b"\n" if lines else b"", array("I", map(len, lines)), times, metadata)


def rfc3339_seconds(ns: int) -> str:
    """Without fractions, as the original tells times of lines."""
    return f"{_moment(ns):%Y-%m-%dT%H:%M:%SZ}"


def go_time(ns: int) -> str:
    """As Go prints a time in UTC: `2026-11-25 10:00:00.5 +0000 UTC`."""
    fraction = f".{ns % _SECOND:09}".rstrip("0") if ns % _SECOND else ""
    return f"{_moment(ns):%Y-%m-%d %H:%M:%S}{fraction} +0000 UTC"


def _moment(ns: int) -> datetime:
    try:
        return _EPOCH + timedelta(seconds=ns // _SECOND)
    except OverflowError:
        return _EPOCH
