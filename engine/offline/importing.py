"""History in: files of samples with timestamps become sealed parts, of any age, without going through the log.

First everything is read, so that a mistake in a file leaves the store as it was; then parts are written, oldest first.
A sample of a series and time that the store has already is passed over, so the same import may be run again.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from itertools import pairwise
from pathlib import Path
from typing import Final

import numpy as np
from msgspec import Struct

from engine.foundation.errors import StoreError
from engine.offline.parsing import ImportFileError, Piece, pieces
from engine.offline.progress import Progress
from engine.offline.spool import Samples, Spool, windows
from engine.remote.places import source_key
from engine.tsdb.store import Store
from engine.tsdb.upkeep.history import History, sealed
from exporters.exposition.keys import decode
from promql.model.labels import Labels
from promql.model.panel import Kind
from promql.model.staleness import normalise
from promql.model.types import BoolArray, FloatArray, IntArray

_SERIES_AT_ONCE: Final = 4096
_NONE: Final = np.empty(0, np.int64)


class Imported(Struct):
    """What became of the samples; times are Unix ms. `there` were in the store (or in the files) already, `other` too,
    but with another value, which stays.
    """

    series: int = 0
    samples: int = 0
    there: int = 0
    other: int = 0
    start: int = 0
    end: int = 0


class Importer:
    """Fills a store that no engine uses."""

    def __init__(self, store: Store, folder: Path, progress: Progress) -> None:
        self._store = store
        self._spool = folder / "import.tmp"  # what a killed process leaves of it is swept at the next opening
        self._progress = progress
        self._known: dict[bytes, int] = {}
        self._refs: list[int] = []
        self._sources: list[int] = []
        self._keys: set[str] = set()
        self.done = Imported()

    def run(self, files: Sequence[Path]) -> Imported:
        """Raises ImportFileError for a mistake in a file: then nothing was imported; StoreError for one of the disk."""
        with Spool(self._spool) as spool:
            try:
                with self._progress.of(sum(path.stat().st_size for path in files), "bytes read") as step:
                    for path in files:
                        for piece in pieces(path):
                            self._add(spool, piece)
                            step(piece.size)
            except OSError as error:
                raise ImportFileError(f"can't read {error.filename}: {error.strerror}: nothing was imported") from error
            except ImportFileError as error:
                raise ImportFileError(f"{error}: nothing was imported") from None
            self.done.series = len(set(self._refs))
            self._store_all(spool)
        return self.done

    def _store_all(self, spool: Spool) -> None:
        try:
            with self._progress.of(spool.size, "samples stored") as step:
                for batch in spool.batches():
                    new = self._new(batch)
                    if len(new):
                        self._store.add_history(list(self._parts(new)))
                        self._note(new)
                    step(len(batch))
        except (OSError, StoreError) as error:
            raise StoreError(
                f"{error}: {self.done.samples:,} of {spool.size:,} samples are in, the oldest, the others are not: "
                "make room and import the same files again; what is there is passed over"
            ) from error

    def _note(self, new: Samples) -> None:
        start, end = int(new["time"].min()), int(new["time"].max())
        self.done.start = min(start, self.done.start) if self.done.samples else start
        self.done.end = max(end, self.done.end) if self.done.samples else end
        self.done.samples += len(new)

    def _add(self, spool: Spool, piece: Piece) -> None:
        if new := [key for key in dict.fromkeys(piece.keys) if key not in self._known]:
            self._learn(new)
        at = np.fromiter(map(self._known.__getitem__, piece.keys), np.int64, len(piece.keys))
        spool.add(np.array(self._refs)[at], np.array(self._sources)[at], piece.times, piece.values)

    def _learn(self, keys: Sequence[bytes]) -> None:
        """Find or make the series of these keys."""
        by_source: dict[str, list[tuple[bytes, Labels]]] = {}
        for key in keys:
            labels = Labels.of(decode(key))
            writers = self._store.writers(labels)
            place = writers[0].key if writers else source_key(labels)
            by_source.setdefault(place, []).append((key, labels))
        for place, some in by_source.items():
            self._keys.add(place)
            source = self._store.source(place)
            columns = source.columns([labels for _, labels in some])
            first = len(self._refs)
            self._known.update(zip((key for key, _ in some), range(first, first + len(some)), strict=True))
            self._refs += source.refs[columns].tolist()
            self._sources += [source.number] * len(some)

    def _new(self, batch: Samples) -> Samples:
        """Without what comes twice, and what is stored."""
        again = np.zeros(len(batch), np.bool_)
        again[1:] = (batch["ref"][1:] == batch["ref"][:-1]) & (batch["time"][1:] == batch["time"][:-1])
        firsts = np.maximum.accumulate(np.where(again, 0, np.arange(len(batch))))
        self._pass_over(batch["value"][again], batch["value"][firsts[again]])
        batch = batch[~again]
        known, values = _met(batch, *self._stored(batch))
        self._pass_over(batch["value"][known], values)
        return batch[~known]

    def _pass_over(self, values: FloatArray, instead: FloatArray) -> None:
        same = int((normalise(values).view(np.uint64) == instead.view(np.uint64)).sum())
        self.done.there += same
        self.done.other += len(values) - same

    def _stored(self, batch: Samples) -> tuple[IntArray, IntArray, FloatArray]:
        """Series, times and values that the store has of these series in this span."""
        start, end = int(batch["time"].min()), int(batch["time"].max())
        found: list[tuple[IntArray, IntArray, FloatArray]] = [(_NONE, _NONE, np.empty(0))]
        refs = np.unique(batch["ref"]).astype(np.int64)
        for low in range(0, len(refs), _SERIES_AT_ONCE):
            for selected in self._store.read(refs[low : low + _SERIES_AT_ONCE], start, end, Kind.INSTANT):
                found += [(np.full(len(times), ref), times, values) for ref, _, times, values in selected.series()]
        names, times, values = (np.concatenate(arrays) for arrays in zip(*found, strict=True))
        return names, times, values

    def _parts(self, batch: Samples) -> Iterator[History]:
        by_number = {source.number: source for source in map(self._store.source, self._keys)}
        whole = windows(batch)
        cuts = np.flatnonzero((np.diff(batch["source"]) != 0) | (np.diff(whole) != 0)) + 1
        for low, high in pairwise([0, *cuts.tolist(), len(batch)]):
            some = batch[low:high]
            refs = some["ref"].astype(np.int64)
            yield sealed(by_number[int(some["source"][0])], refs, some["time"], normalise(some["value"]))


def _met(batch: Samples, refs: IntArray, times: IntArray, values: FloatArray) -> tuple[BoolArray, FloatArray]:
    """Which of the samples meet one that is stored for their series and time, and the values of those."""
    known = np.zeros(len(batch), np.bool_)
    order = np.lexsort((np.concatenate([times, batch["time"]]), np.concatenate([refs, batch["ref"]])))
    all_refs, all_times = np.concatenate([refs, batch["ref"]])[order], np.concatenate([times, batch["time"]])[order]
    meets = np.flatnonzero((all_refs[1:] == all_refs[:-1]) & (all_times[1:] == all_times[:-1])) + 1
    places = order[meets] - len(refs)  # the sort is stable, so what is stored comes first
    known[places] = True
    return known, values[order[meets - 1]][places.argsort()]
