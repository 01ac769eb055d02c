"""Opening a folder: files first, then the log from where they end.

Damage never stops the opening and never becomes a wrong line: what can't be read is left out, and told.
"""

from __future__ import annotations

import os
from collections.abc import Iterable, Iterator, Mapping, Sequence
from pathlib import Path

from msgspec import Struct, field

from engine.foundation.errors import DamagedError
from engine.foundation.frames import Gap
from engine.logs.store.catalog import Catalog
from engine.logs.store.head import Run
from engine.logs.store.log import replay, segments
from engine.logs.store.sealing import stored_in
from engine.logs.store.segment import Named, Segment
from engine.logs.store.stream import Held


class Recovery(Struct):
    """What opening found: pushes and lines of the log, and what could not be read."""

    pushes: int = 0
    lines: int = 0
    last_segment: int = 0
    damages: list[str] = field(default_factory=list)


def load_blobs(found: Sequence[Segment], catalog: Catalog) -> None:
    """Enter the blobs of these files, which are in order of arrival."""
    for segment in found:
        for place, stored in stored_in(segment).items():
            stream = catalog.stream(segment.streams[place])
            stream.held = Held((*stream.held.blobs, *stored))


def first_segment(found: Iterable[Segment]) -> int:
    """The first segment of the log that is needed beside these files."""
    return max((segment.through for segment in found), default=0)


def replay_into(folder: Path, first: int, positions: dict[str, str], recovery: Recovery) -> Iterator[tuple[Named, Run]]:
    """The lines that only the log has, as they came; positions are entered. A torn tail is cut off."""
    for path in segments(folder):
        recovery.last_segment = max(recovery.last_segment, int(path.stem))
        if int(path.stem) < first:
            continue
        for found in replay(path):
            if isinstance(found, Gap):
                _note(path, found, recovery)
                continue
            runs, told = found
            note_positions(positions, told)
            recovery.pushes += 1
            recovery.lines += sum(len(run) for _, run in runs)
            yield from runs


def note_positions(known: dict[str, str], new: Mapping[str, str]) -> None:
    """An empty position takes a source away."""
    for name, place in new.items():
        if place:
            known[name] = place
        else:
            known.pop(name, None)


def _note(path: Path, gap: Gap, recovery: Recovery) -> None:
    what = "a torn tail was cut off" if gap.torn else "damaged, left out"
    recovery.damages.append(f"{path}: {what} ({gap.end - gap.start} bytes at {gap.start})")
    if gap.torn:
        try:
            os.truncate(path, gap.start)
        except OSError as error:
            raise DamagedError(f"{path}: a torn tail can't be cut off ({error.strerror})") from error
