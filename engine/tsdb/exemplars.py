"""Exemplars: samples of single requests, with the labels that lead to their traces. A ring of so many for all series.

Laws, as in Prometheus: an exemplar belongs to a series and is later than the one before it; the oldest to come is the
first to go; labels have 128 characters at most. What is kept is also logged, and there again after a restart: of two
files the older goes once the newer has as many as the ring holds. A full disk costs no more than that.
"""

from __future__ import annotations

import logging
from collections import deque
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from enum import Enum
from itertools import islice
from pathlib import Path
from typing import Final

import msgspec

from engine.foundation.errors import StoreError
from engine.tsdb.log.frames import Form, FrameFile, Gap, framed, read_frames
from promql.model.labels import Labels
from promql.model.matchers import Matcher, match_all

LONGEST: Final = 128
"""Characters of the names and values of all labels of one."""
FORM: Final = Form(b"exem", 1)
_BATCH: Final = 1

log = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class Exemplar:
    """`time` is Unix ms; `stamped`: it was given with it, and is not just when it was seen."""

    labels: Labels
    value: float
    time: int
    stamped: bool = True

    def repeats(self, other: Exemplar) -> bool:
        """Is it the other one, seen again?"""
        timed = self.stamped or other.stamped
        return (self.labels, self.value) == (other.labels, other.value) and not (timed and self.time != other.time)


class Verdict(Enum):
    """What became of an exemplar."""

    KEPT = "kept"
    KNOWN = "it is the newest of its series, seen again"
    OUT_OF_ORDER = "its series has a later one"
    TOO_LONG = "its labels are too long"


@dataclass(slots=True)
class ExemplarCounts:
    """Since the start."""

    kept: int = 0
    out_of_order: int = 0


Found = Sequence[tuple[Labels, Sequence[Exemplar]]]
"""Series and their exemplars by time, sorted by labels."""


@dataclass(slots=True)
class Exemplars:
    """At most `most` of them; none where that is zero. Filled by one thread; `select` may run in any."""

    most: int = 0
    counts: ExemplarCounts = field(default_factory=ExemplarCounts)
    _order: deque[Labels] = field(default_factory=deque)
    _series: dict[Labels, deque[Exemplar]] = field(default_factory=dict)

    def __len__(self) -> int:
        return len(self._order)

    @property
    def series(self) -> int:
        """How many series have some."""
        return len(self._series)

    @property
    def oldest(self) -> int:
        """When the one was that goes next (Unix ms); 0 where there is none."""
        return self._series[self._order[0]][0].time if self._order else 0

    def resize(self, most: int) -> None:
        """Keep so many from now on."""
        self.most = max(most, 0)
        self._shrink()

    def add(self, series: Labels, exemplar: Exemplar) -> Verdict:
        """Keep one, if there is reason to."""
        if sum(len(name) + len(value) for name, value in exemplar.labels) > LONGEST:
            return Verdict.TOO_LONG
        if before := self._series.get(series):
            if exemplar.repeats(before[-1]):
                return Verdict.KNOWN
            if exemplar.time <= before[-1].time:
                self.counts.out_of_order += 1
                return Verdict.OUT_OF_ORDER
        self._order.append(series)
        self._series.setdefault(series, deque()).append(exemplar)
        self.counts.kept += 1
        self._shrink()
        return Verdict.KEPT

    def select(self, selectors: Sequence[Sequence[Matcher]], start: int, end: int) -> Found:
        """Those of series that one of the selectors matches, with start <= t <= end."""
        found = []
        for series in list(self._series):
            if any(match_all(matchers, series) for matchers in selectors):
                inside = [one for one in tuple(self._series.get(series, ())) if start <= one.time <= end]
                if inside:
                    found.append((series, inside))
        return sorted(found, key=lambda pair: pair[0])

    def _shrink(self) -> None:
        while len(self._order) > self.most:
            series = self._order.popleft()
            rest = self._series[series]
            rest.popleft()
            if not rest:
                del self._series[series]


class ExemplarLog:
    """The files `exemplars.log` and `exemplars.old` of a folder."""

    def __init__(self, folder: Path, ring: Exemplars) -> None:
        self._path = folder / "exemplars.log"
        self._ring = ring
        self._file: FrameFile | None = None
        self._held = 0
        self._full = False

    def read(self) -> None:
        """Put back what was kept; damaged records are passed over."""
        counts = ExemplarCounts(self._ring.counts.kept, self._ring.counts.out_of_order)
        for path in (self._path.with_suffix(".old"), self._path):
            self._held = 0
            for series, exemplar in _read(path):
                self._ring.add(series, exemplar)
                self._held += 1
        self._ring.counts = counts

    def write(self, kept: Sequence[tuple[Labels, Exemplar]]) -> None:
        """Log what was kept. What there is no room for is told once."""
        try:
            if self._file is not None and self._held >= self._ring.most:
                self.close()
                self._path.replace(self._path.with_suffix(".old"))
                self._held = 0
            if self._file is None:
                self._file = FrameFile(self._path, FORM)
            self._file.append([framed(_BATCH, msgspec.msgpack.encode([_row(*one) for one in kept]))])
            self._held += len(kept)
            self._full = False
        except (StoreError, OSError) as error:
            if not self._full:
                log.warning("exemplars are not logged, and will be gone after a restart: %s", error)
            self._full = True

    def close(self) -> None:
        if self._file is not None:
            self._file.close()
            self._file = None


def _row(series: Labels, exemplar: Exemplar) -> tuple[object, ...]:
    texts = [text for labels in (series, exemplar.labels) for pair in labels for text in pair]
    return (len(series), texts, exemplar.value, exemplar.time, exemplar.stamped)


def _read(path: Path) -> Iterator[tuple[Labels, Exemplar]]:
    if not path.exists():
        return
    for frame in read_frames(path, FORM):
        if isinstance(frame, Gap):
            continue
        for count, texts, value, time, stamped in msgspec.msgpack.decode(frame.payload):
            pairs = iter(zip(texts[::2], texts[1::2], strict=True))
            series = Labels(tuple(islice(pairs, count)))
            yield series, Exemplar(Labels(tuple(pairs)), value, time, stamped)


class KeptExemplars:
    """The ring and its log, where there is a folder for one."""

    def __init__(self, folder: Path | None, most: int) -> None:
        self.ring = Exemplars(max(most, 0))
        self._log = None if folder is None else ExemplarLog(folder, self.ring)
        if self._log is not None and self.ring.most:
            self._log.read()

    def add(self, found: Iterable[tuple[Labels, Exemplar]]) -> list[Verdict]:
        """Keep those that there is reason to keep; what became of each."""
        verdicts, kept = [], []
        for series, exemplar in found:
            verdicts.append(self.ring.add(series, exemplar))
            if verdicts[-1] is Verdict.KEPT:
                kept.append((series, exemplar))
        if kept and self._log is not None:
            self._log.write(kept)
        return verdicts

    def close(self) -> None:
        if self._log is not None:
            self._log.close()
