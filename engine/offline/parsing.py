"""Files of samples with timestamps: OpenMetrics, or Prometheus's older text. Read in pieces: memory stays small.

Every sample must bear a timestamp: a page says what is now, a file of history has no now.
"""

from __future__ import annotations

from collections.abc import Iterator
from functools import partial
from pathlib import Path
from typing import Final

import numpy as np
from msgspec import Struct

from engine.foundation.errors import EngineError
from exporters.exposition.openmetrics import parse_openmetrics
from exporters.exposition.page import ExpositionError, Page
from exporters.exposition.text import parse_text
from promql.model.types import FloatArray, IntArray

EOF: Final = b"# EOF"
_PIECE: Final = 4 << 20
_TAIL: Final = 64


class ImportFileError(EngineError):
    """A file can't be imported as it stands."""


class Piece(Struct, frozen=True):
    """Samples of consecutive lines: series as they are written, times (Unix ms), values; `size` bytes of the file."""

    keys: list[bytes]
    times: IntArray
    values: FloatArray
    size: int


def pieces(path: Path, piece: int = _PIECE) -> Iterator[Piece]:
    """The file, piece by piece. Raises ImportFileError with the line of what is wrong."""
    openmetrics = is_openmetrics(path)
    with path.open("rb") as file:
        line, rest = 1, b""
        for block in iter(partial(file.read, piece), b""):
            body, rest = _whole_lines(rest + block)
            if body:
                yield _parsed(path, body, line, openmetrics=openmetrics)
                line += body.count(b"\n")
        if rest:
            yield _parsed(path, rest, line, openmetrics=openmetrics)


def is_openmetrics(path: Path) -> bool:
    """Does it end as OpenMetrics must?"""
    with path.open("rb") as file:
        file.seek(0, 2)
        file.seek(max(0, file.tell() - _TAIL))
        return file.read().rstrip().rpartition(b"\n")[2] == EOF


def _whole_lines(data: bytes) -> tuple[bytes, bytes]:
    """Up to the last end of a line, and what is behind it."""
    cut = data.rfind(b"\n") + 1
    return data[:cut], data[cut:]


def _parsed(path: Path, body: bytes, line: int, *, openmetrics: bool) -> Piece:
    try:
        page = _page(body, openmetrics=openmetrics)
    except ExpositionError as error:
        at = line + _fault(body, openmetrics=openmetrics)
        raise ImportFileError(f"{path}:{at}: {error}") from None
    if page.timestamps is None or page.stamped is None:
        bare = 0
    elif page.stamped.all():
        return Piece(page.keys, page.timestamps, page.values, len(body))
    else:
        bare = int(np.flatnonzero(~page.stamped)[0])
    if not page.keys:
        return Piece([], np.empty(0, np.int64), np.empty(0), len(body))
    at = line + _line_of_sample(body, bare)
    raise ImportFileError(f"{path}:{at}: the sample has no timestamp: only samples with one can be imported")


def _page(body: bytes, *, openmetrics: bool) -> Page:
    if not openmetrics:
        return parse_text(body)
    plain = body.rstrip()
    return parse_openmetrics(body if plain == EOF or plain.endswith(b"\n" + EOF) else body + EOF + b"\n")


def _fault(body: bytes, *, openmetrics: bool) -> int:
    """The line, from 0, at which a piece that is wrong becomes wrong: found by halving."""
    lines = body.splitlines(keepends=True)
    low, high = 0, len(lines)
    while high - low > 1:
        middle = (low + high) // 2
        try:
            _page(b"".join(lines[low:middle]), openmetrics=openmetrics)
        except ExpositionError:
            high = middle
        else:
            low = middle
    return low


def _line_of_sample(body: bytes, sample: int) -> int:
    """The line, from 0, of the sample with this index, in a body without faults."""
    lines = body.split(b"\n")
    holds = [at for at, line in enumerate(lines) if line.strip(b" \t") and line.lstrip(b" \t")[:1] != b"#"]
    return holds[sample]
