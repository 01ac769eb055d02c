"""Files of blobs made anew: several as one, or without what is not kept any more.

Law: the new file says which ones it replaces, and is whole before they go, so that a crash leaves either. Small blobs
of a stream become large ones, those that overlap are merged (and lines that came twice are kept once); large ones are
copied as they are. A file with a blob that can't be read is left as it is.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from typing import BinaryIO, TypeAlias

from msgspec import Struct

from engine.logs.store.blob import lines_of, renamed, sealed, told
from engine.logs.store.blocks import overlapping
from engine.logs.store.files import Files
from engine.logs.store.lines import Lines, cut, joined, merged
from engine.logs.store.segment import Entry, Named, Segment, Writing
from engine.logs.store.stream import Stored

Keep: TypeAlias = Callable[[Named, Entry], bool]
Thin: TypeAlias = Callable[[Named, Lines], Lines | None]
"""The lines that are kept; None for none."""


class Change(Struct, frozen=True):
    """Which blobs are kept, and of those that `touched` names, which lines."""

    keep: Keep = lambda _named, _entry: True
    touched: Keep = lambda _named, _entry: False
    thin: Thin = lambda _named, lines: lines


AS_IT_IS = Change()


def rewritten(files: Files, segments: Sequence[Segment], blob_bytes: int, change: Change = AS_IT_IS) -> Segment | None:
    """One file in the place of these, which are neighbours in order of arrival; None where nothing is left.

    Raises DamagedError, DiskFullError, DiskError, and changes nothing then.
    """
    kept = _kept(segments, change)
    names = sorted(kept, key=lambda named: (named.tenant, named.labels.pairs))
    left = False

    def blobs() -> Iterator[bytes]:
        nonlocal left
        for place, named in enumerate(names):
            for blob in _of_stream(place, named, kept[named], blob_bytes, change):
                left = True
                yield blob

    def write(file: BinaryIO) -> None:
        through = max(segment.through for segment in segments)
        Writing(segments[0].order, through, tuple(segment.number for segment in segments)).write(file, names, blobs())

    made = files.made(write) if names else None
    if made is not None and not left:
        files.unlink([made])
        return None
    return made


def _kept(segments: Sequence[Segment], change: Change) -> dict[Named, list[Stored]]:
    found: dict[Named, list[Stored]] = {}
    for segment in segments:
        for entry in segment.entries:
            named = segment.streams[entry.stream]
            if change.keep(named, entry):
                found.setdefault(named, []).append(Stored(segment, entry))
    return found


def _of_stream(place: int, named: Named, stored: Sequence[Stored], size: int, change: Change) -> Iterator[bytes]:
    small: list[Lines] = []
    for group in overlapping([(entry.first, entry.last) for _, entry in stored]):
        some = [stored[at] for at in group]
        touched = any(change.touched(named, one.entry) for one in some)
        if len(some) == 1 and not touched and some[0].entry.size >= size // 2:
            yield from _sealed(place, small, size)
            small = []
            yield renamed(_blob(some[0]), place)
            continue
        lines = merged([lines_of(_blob(one)) for one in some])
        left = change.thin(named, lines) if touched else lines
        if left is not None:
            small.append(left)
        if sum(len(one.text) for one in small) >= size:
            yield from _sealed(place, small, size)
            small = []
    yield from _sealed(place, small, size)


def _sealed(place: int, small: Sequence[Lines], size: int) -> Iterator[bytes]:
    if small:
        yield from (sealed(place, piece) for piece in cut(joined(small), size))


def _blob(one: Stored) -> memoryview:
    found = one.segment.blob(one.entry.offset)
    assert told(found).lines == one.entry.lines, "the directory tells what the blob tells"
    return found
