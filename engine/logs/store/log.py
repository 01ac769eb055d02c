"""The log of lines that no file of blobs holds yet.

A segment `NNNNNNNN.wal` is a file of records (`engine.foundation.frames`). Laws:
- A push is one record, with the positions of its sources: it is replayed whole or not at all.
- Each segment can be read alone: it begins with all positions, and tells the labels of a stream where it is first
  named, and again after each megabyte, so that a lost record costs its streams no more.
- Segments below the one that a file of blobs names are held by it, and are dropped.

A record is a head (msgpack) and its length, then times, lengths and text of all its lines, as they are: packing them
would cost more than it saves, since they are packed in bulk soon.
"""

from __future__ import annotations

import os
import struct
from array import array
from collections.abc import Iterator, Mapping, Sequence
from contextlib import suppress
from pathlib import Path
from typing import Final

import msgspec

from engine.foundation.errors import DiskFullError
from engine.foundation.frames import Form, FrameFile, Gap, framed, read_frames
from engine.logs.store.head import Run
from engine.logs.store.segment import Named
from promql.model.labels import Labels

FORM: Final = Form(b"line", 1)
_PUSH: Final = 1
_AGAIN: Final = 1 << 20
_LENGTH: Final = struct.Struct("<I")
Pairs = tuple[tuple[str, str], ...]


class _Head(msgspec.Struct, frozen=True, array_like=True):
    """`streams` are those named here: number, tenant, labels; `runs` are number, lines, bytes of text;
    `metadata` are run, line in it, labels. Positions that are empty were taken away.
    """

    streams: tuple[tuple[int, str, Pairs], ...]
    runs: tuple[tuple[int, int, int], ...]
    positions: dict[str, str]
    metadata: tuple[tuple[int, int, Pairs], ...] = ()


class Log:
    """Writes segments, one at a time. Used by one thread at a time."""

    def __init__(self, folder: Path, number: int, positions: Mapping[str, str]) -> None:
        """Goes on with this segment. `positions` are all there are at any time. Raises DiskError.

        Where there is no room for it now, it is begun with the first push for which there is.
        """
        self._folder = folder
        self._positions = positions
        self.number = number
        self._file: FrameFile | None = None
        with suppress(DiskFullError):
            self._file = self._begun(number)

    def _begun(self, number: int) -> FrameFile:
        path = path_of(self._folder, number)
        file = FrameFile(path, FORM)
        try:
            file.append([_record(_Head((), (), dict(self._positions)), ())])
        except BaseException:
            file.close()
            path.unlink(missing_ok=True)
            raise
        self._named: dict[int, int] = {}
        return file

    @property
    def size(self) -> int:
        return 0 if self._file is None else self._file.size

    def write(self, streams: Sequence[tuple[int, Named]], runs: Sequence[Run], positions: Mapping[str, str]) -> None:
        """Raises DiskFullError, DiskError, and leaves nothing behind then."""
        if self._file is None:
            self._file = self._begun(self.number)
        size, known = self._file.size, self._named
        new = {number: named for number, named in streams if known.get(number, -_AGAIN) + _AGAIN <= size}
        head = _Head(
            streams=tuple((number, named.tenant, named.labels.pairs) for number, named in new.items()),
            runs=tuple((number, len(run), len(run.text)) for (number, _), run in zip(streams, runs, strict=True)),
            positions=dict(positions),
            metadata=tuple((at, row, kept.pairs) for at, run in enumerate(runs) for row, kept in run.metadata.items()),
        )
        self._file.append([_record(head, runs)])
        known.update(dict.fromkeys(new, size))

    def roll(self) -> None:
        """Go on in the next segment. Raises DiskFullError, DiskError, and stays in this one then."""
        if self._file is None:
            return
        new = self._begun(self.number + 1)
        self._file.close()
        self._file, self.number = new, self.number + 1

    def drop_before(self, number: int) -> None:
        """Delete the segments below this one."""
        for path in segments(self._folder):
            if int(path.stem) < number:
                path.unlink(missing_ok=True)

    def handle(self) -> int | None:
        """A handle of the file where it has what is not synced, for the caller to sync and close."""
        if self._file is None or self._file.synced == self._file.size:
            return None
        self._file.synced = self._file.size
        return self._file.duplicate()

    def close(self) -> None:
        handle = self.handle()
        if handle is not None:
            os.fsync(handle)
            os.close(handle)
        if self._file is not None:
            self._file.close()


Replayed = tuple[list[tuple[Named, Run]], dict[str, str]]


def replay(path: Path) -> Iterator[Replayed | Gap]:
    """The pushes of a segment, in order: runs with the streams that they belong to, and positions. And the gaps, also
    where a stream was named in what is lost: its lines are passed over then, since nobody knows whose they are.
    """
    named: dict[int, Named] = {}
    for found in read_frames(path, FORM):
        if isinstance(found, Gap):
            yield found
            continue
        head, runs = _read(found.payload)
        named |= {number: Named(tenant, Labels(pairs)) for number, tenant, pairs in head.streams}
        known = [(named[of[0]], run) for of, run in zip(head.runs, runs, strict=True) if of[0] in named]
        if len(known) < len(runs):
            yield Gap(found.start, found.end, torn=False)
        yield known, head.positions


def segments(folder: Path) -> list[Path]:
    """The segments of a folder, oldest first."""
    return numbered(folder, ".wal")


def numbered(folder: Path, suffix: str) -> list[Path]:
    """The files of a folder that are named by a number, in order; others with such names are not the store's."""
    return sorted(path for path in folder.glob(f"*{suffix}") if path.stem.isascii() and path.stem.isdecimal())


def path_of(folder: Path, number: int) -> Path:
    return folder / f"{number:08}.wal"


def _record(head: _Head, runs: Sequence[Run]) -> bytes:
    told = msgspec.msgpack.encode(head)
    return framed(
        _PUSH,
        _LENGTH.pack(len(told)),
        told,
        *(run.times.tobytes() for run in runs),
        *(run.sizes.tobytes() for run in runs),
        *(run.text for run in runs),
    )


def _read(payload: memoryview) -> tuple[_Head, list[Run]]:
    (length,) = _LENGTH.unpack_from(payload)
    at = _LENGTH.size + length
    head = msgspec.msgpack.decode(payload[_LENGTH.size : at], type=_Head)
    total = sum(count for _, count, _ in head.runs)
    times = array("q", bytes(payload[at : at + 8 * total]))
    sizes = array("I", bytes(payload[at + 8 * total : at + 12 * total]))
    at += 12 * total
    kept: dict[int, dict[int, Labels]] = {}
    for of, line, pairs in head.metadata:
        kept.setdefault(of, {})[line] = Labels(pairs)
    runs: list[Run] = []
    row = 0
    for index, (_, count, size) in enumerate(head.runs):
        text, inside = bytes(payload[at : at + size]), slice(row, row + count)
        runs.append(Run(text, sizes[inside], times[inside], kept.get(index, {})))
        at, row = at + size, row + count
    return head, runs
