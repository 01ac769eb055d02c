"""Which number is which series: the file `series.log`.

Parts and the log of samples name series by number, so the names are written once in the life of a series, not
once a part. Records are added before the first sample of a series is logged, and synced before anything that
relies on them. At opening, when most of it speaks of series that have no samples any more, it is written anew.
"""

from __future__ import annotations

import zlib
from collections.abc import Iterable, Iterator, Sequence
from itertools import chain, islice
from pathlib import Path
from typing import Final

import msgspec
from msgspec import Struct

from engine.foundation.files import beside
from engine.foundation.frames import Form, FrameFile, Gap, file_header, framed, read_frames
from engine.tsdb.codec.deflate import deflated
from promql.model.labels import Labels

SERIES: Final = 1
FORM: Final = Form(b"name", 1)


class Named(Struct, frozen=True):
    """A source with its number and key, and more of its columns in their order: series numbers and labels."""

    number: int
    key: str
    refs: Sequence[int]
    labels: Sequence[Labels]


def read_series(path: Path) -> Iterator[Named | Gap]:
    for frame in read_frames(path, FORM):
        if isinstance(frame, Gap):
            yield frame
        else:
            number, key, refs, counts, texts = msgspec.msgpack.decode(zlib.decompress(frame.payload))
            pairs = iter(zip(texts[::2], texts[1::2], strict=True))
            yield Named(number, key, refs, [Labels(tuple(islice(pairs, count))) for count in counts])


def rewrite(path: Path, everything: Iterable[Named]) -> None:
    """Put a log of just these in the place of the old one."""
    with beside(path) as file:
        file.write(file_header(FORM))
        for named in everything:
            file.write(_record(named))


class SeriesLog:
    """Writes names."""

    def __init__(self, path: Path) -> None:
        self._file = FrameFile(path, FORM)

    def write(self, named: Named) -> None:
        """Raises DiskFullError and leaves nothing behind."""
        self._file.append([_record(named)])

    def handles(self) -> list[int]:
        if self._file.synced == self._file.size:
            return []
        self._file.synced = self._file.size
        return [self._file.duplicate()]

    def size(self) -> int:
        return self._file.size

    def close(self) -> None:
        self._file.close()


class NoSeriesLog:
    """The names of a store that keeps nothing."""

    def write(self, named: Named) -> None:
        """Nothing is kept."""

    def handles(self) -> list[int]:
        return []

    def size(self) -> int:
        return 0

    def close(self) -> None:
        """Nothing is open."""


def _record(named: Named) -> bytes:
    pairs = [labels.pairs for labels in named.labels]
    texts = list(chain.from_iterable(chain.from_iterable(pairs)))  # one list, not one a series: those cost a second
    packed = msgspec.msgpack.encode((named.number, named.key, list(named.refs), list(map(len, pairs)), texts))
    return framed(SERIES, deflated(packed))
