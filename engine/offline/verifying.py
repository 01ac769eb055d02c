"""Every checksum of a store, read and compared; nothing is changed.

What is damaged costs what can't be read without it: samples of some series and time in a file of parts, commits in the
log, and all samples of a series whose name is gone.
"""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import numpy as np
from msgspec import Struct, field

from engine.foundation.errors import DamagedError
from engine.foundation.frames import Gap
from engine.offline.progress import Step
from engine.tsdb.files.cache import ArrayCache
from engine.tsdb.files.partfile import PartFile
from engine.tsdb.log.pages import Lost
from engine.tsdb.log.replay import read_segment
from engine.tsdb.log.serieslog import read_series
from engine.tsdb.log.tombstones import read_tombstones
from engine.tsdb.log.walformat import segments
from engine.tsdb.parts import Wanted
from engine.tsdb.view import Part
from promql.model.types import IntArray

_COLUMNS = 64
_CACHE = 4 << 20


class Damage(Struct, frozen=True):
    """What is wrong with a file, where that can be told, and what it costs."""

    file: Path
    what: str
    cost: str

    def __str__(self) -> str:
        return f"{self.file}: {self.what}: {self.cost}"


class Verdict(Struct):
    """What was read, and what was damaged."""

    files: int = 0
    bytes: int = 0
    series: int = 0
    damages: list[Damage] = field(default_factory=list)


class Verifier:
    """Reads a folder, file by file. Raises FormatError for files of another version."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self._sources: dict[int, str] = {}
        self._refs: dict[int, list[int]] = {}
        self.verdict = Verdict()

    def files(self) -> list[Path]:
        """Those that have checksums, in the order in which they are read."""
        single = [path for name in ("series.log", "tombstones") if (path := self._folder / name).is_file()]
        return [*single, *sorted((self._folder / "parts").glob("*.part")), *segments(self._folder / "wal")]

    def run(self, step: Step) -> Verdict:
        """Read all; `step` hears of the bytes."""
        for path in self.files():
            checks = {".part": self._part_file, ".wal": self._segment, ".log": self._names, "": self._deletions}
            self.verdict.damages += checks[path.suffix](path)
            self.verdict.files += 1
            self.verdict.bytes += path.stat().st_size
            step(path.stat().st_size)
        return self.verdict

    def _names(self, path: Path) -> Iterator[Damage]:
        for found in read_series(path):
            if isinstance(found, Gap):
                yield Damage(path, _where(found), "names of series are lost, and with them all their samples")
            else:
                self._sources[found.number] = found.key
                self._refs.setdefault(found.number, []).extend(found.refs)
                self.verdict.series += len(found.refs)

    def _part_file(self, path: Path) -> Iterator[Damage]:
        try:
            file = PartFile.open(path, ArrayCache(_CACHE))
            parts = list(file.parts())
        except DamagedError as error:
            yield Damage(path, _what(error), "all samples of the file are lost")
            return
        for part in parts:
            if part.source not in self._refs:
                yield Damage(path, f"source {part.source} has no name", f"its samples {_span(part)} are lost")
                continue
            try:
                _read(part, np.unique(self._refs[part.source]))
            except DamagedError as error:
                yield Damage(path, _what(error), f"samples of {self._sources[part.source]!r} {_span(part)} are lost")

    def _segment(self, path: Path) -> Iterator[Damage]:
        hanging = nameless = 0
        names = {number: frozenset(refs) for number, refs in self._refs.items()}
        for found in read_segment(path):
            if isinstance(found, Gap):
                cost = "a commit that was under way when the process ended, or one that is lost"
                yield Damage(path, _where(found), cost if found.torn else "the commits in it are lost")
            elif isinstance(found, Lost):
                hanging += found.commits
            elif not names.get(found.source, frozenset()).issuperset(found.refs.tolist()):
                nameless += len(found.numbers)
        if hanging:
            yield Damage(path, f"{hanging} commits rest on bytes that can't be read", "they are lost")
        if nameless:
            yield Damage(path, f"{nameless} commits are of series that have no name", "they are lost")

    def _deletions(self, path: Path) -> Iterator[Damage]:
        for found in read_tombstones(path):
            if isinstance(found, Gap):
                yield Damage(path, _where(found), "deletions are lost, and what they deleted is there again")


def _read(part: Part, refs: IntArray) -> None:
    """Decode all of it."""
    wanted = Wanted(refs, np.zeros(len(refs), np.int64))
    if part.ragged is not None:
        part.ragged.samples(wanted, part.start, part.end)
    if part.table is not None:
        at = np.sort(part.table.locate(wanted).at)
        for low in range(0, len(at), _COLUMNS):
            some = at[low : low + _COLUMNS]
            part.table.fill(np.empty((len(some), len(part.table.times))), some, 0, len(part.table.times))


def _where(gap: Gap) -> str:
    return f"bytes {gap.start} to {gap.end} can't be read"


def _what(error: DamagedError) -> str:
    """Without the file's name, which is told before it, and without the advice."""
    return str(error).split(": ", 1)[-1].split(": move", 1)[0]


def _span(part: Part) -> str:
    return f"from {part.start} to {part.end} (Unix ms)"
