"""The log of exemplars, so that those that are kept are there again after a restart.

Of two files the older goes once the newer has as many as the ring holds. A full disk costs no more than that.
"""

from __future__ import annotations

import logging
from collections.abc import Iterable, Iterator, Sequence
from itertools import islice
from pathlib import Path
from typing import Final

import msgspec

from engine.foundation.errors import StoreError
from engine.foundation.frames import Form, FrameFile, Gap, framed, read_frames
from engine.tsdb.exemplars import Exemplar, ExemplarCounts, Exemplars, Verdict
from promql.model.labels import Labels

FORM: Final = Form(b"exem", 1)
_BATCH: Final = 1

log = logging.getLogger(__name__)


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
