"""Samples in any order, put into the order in which they are stored: in sorted runs on disk, read side by side.

A file of history tells series by series; stored are spans of time by source. So samples are taken in, a million at a
time sorted by (window, source, series, time) and written to one file; then each stretch of windows and sources is a
slice of each run. Memory is a run's, whatever the size of the file.
"""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from types import TracebackType
from typing import Final, Self, TypeAlias

import numpy as np

from promql.model.types import AnyArray, FloatArray, IntArray

WINDOW_MS: Final = 2 * 3_600_000
_DAY: Final = 12
_RUN: Final = 1_000_000
_BATCH: Final = 2_000_000
SAMPLE: Final = np.dtype([("time", "<i8"), ("value", "<f8"), ("ref", "<i4"), ("source", "<i4")])

Samples: TypeAlias = AnyArray
"""An array of SAMPLE."""


class Spool:
    """Owns a file, which is gone when the block ends."""

    def __init__(self, path: Path, run: int = _RUN, batch: int = _BATCH) -> None:
        self._path = path
        self._file = path.open("wb+")
        self._limits = (run, batch)
        self._waiting: list[Samples] = []
        self._runs: list[tuple[int, int, AnyArray, IntArray]] = []
        self.size = 0
        """So many samples were added."""

    def __enter__(self) -> Self:
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, at: TracebackType | None) -> None:
        self._file.close()
        self._path.unlink(missing_ok=True)

    def add(self, refs: IntArray, sources: IntArray, times: IntArray, values: FloatArray) -> None:
        """Samples of series `refs`. Of those of one series and time the first added comes first. Raises OSError."""
        some = np.empty(len(refs), SAMPLE)
        some["time"], some["value"], some["ref"], some["source"] = times, values, refs, sources
        self._waiting.append(some)
        self.size += len(some)
        if sum(map(len, self._waiting)) >= self._limits[0]:
            self._flush()

    def batches(self) -> Iterator[Samples]:
        """All samples, sorted; a batch has whole pairs of window and source, of a day at most."""
        self._flush()
        self._file.flush()
        keys = np.unique(np.concatenate([keys for _, _, keys, _ in self._runs])) if self._runs else np.empty(0)
        low = 0
        while low < len(keys):
            high = self._reach(keys, low)
            yield self._between(keys[low], keys[high - 1])
            low = high

    def _flush(self) -> None:
        if not self._waiting:
            return
        run = _sorted(np.concatenate(self._waiting))
        self._waiting = []
        keys, starts = np.unique(_keys(run), return_index=True)
        self._runs.append((self._file.tell(), len(run), keys, np.append(starts, len(run))))
        self._file.write(run.tobytes())

    def _reach(self, keys: AnyArray, low: int) -> int:
        """How far a batch goes that begins with this key."""
        day = int(keys["window"][low:].searchsorted(keys["window"][low] + _DAY)) + low
        counts = np.zeros(day - low, np.int64)
        for _, _, held, starts in self._runs:
            at = held.searchsorted(keys[low:day])
            at[at == len(held)] = 0
            counts += np.where(held[at] == keys[low:day], np.diff(starts)[at], 0)
        return low + max(1, int(counts.cumsum().searchsorted(self._limits[1], "right")))

    def _between(self, first: AnyArray, last: AnyArray) -> Samples:
        found = []
        for offset, size, held, starts in self._runs:
            low, high = starts[held.searchsorted(first)], starts[held.searchsorted(last, "right")]
            if low < high:
                run = np.memmap(self._file, SAMPLE, "r", offset, size)
                found.append(np.array(run[low:high]))
        return _sorted(np.concatenate(found))


def windows(samples: Samples) -> IntArray:
    """The window of each."""
    found: IntArray = samples["time"] // WINDOW_MS
    return found


def _keys(samples: Samples) -> AnyArray:
    keys = np.empty(len(samples), [("window", "<i8"), ("source", "<i8")])
    keys["window"], keys["source"] = windows(samples), samples["source"]
    return keys


def _sorted(samples: Samples) -> Samples:
    order = np.lexsort((samples["time"], samples["ref"], samples["source"], windows(samples)))
    found: Samples = samples[order]
    return found
