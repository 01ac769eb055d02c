"""The open lines of a stream, as they came.

Law: one thread adds; readers in others take `view`, a value that is put in place last, so that they never see half
an addition. What a view counts never changes afterwards: adding only writes behind it.
"""

from __future__ import annotations

from array import array
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import NamedTuple

import numpy as np

from engine.logs.store.lines import Lines, in_order, rising, starts_of
from promql.model.labels import Labels
from promql.model.types import IntArray


@dataclass(frozen=True, slots=True)
class Run:
    """Lines that came together: `text` with a line feed after each, its lengths without, times in Unix ns."""

    text: bytes
    sizes: array[int]
    times: array[int]
    metadata: Mapping[int, Labels]

    def __len__(self) -> int:
        return len(self.times)

    def lines(self) -> Lines:
        return Lines(self.text, starts_of(_ints(self.sizes)), _ints(self.times), self.metadata)


class View(NamedTuple):
    """So much of a head: runs, lines, bytes of text; the lowest and the highest time."""

    runs: int
    lines: int
    size: int
    first: int
    last: int
    ordered: bool


class Head:
    """Grows by runs."""

    __slots__ = ("_known", "highs", "lows", "metadata", "rows", "sizes", "texts", "times", "view")

    def __init__(self) -> None:
        self.texts: list[bytes] = []
        self.times = array("q")
        self.sizes = array("I")
        self.rows = array("q", [0])  # where each run begins, and where the last one ends
        self.lows = array("q")
        self.highs = array("q")
        self.metadata: dict[int, Labels] = {}
        self.view = View(0, 0, 0, 0, 0, ordered=True)
        self._known: tuple[int, Lines] | None = None

    def add(self, run: Run) -> None:
        """The run has lines."""
        before = self.view
        times = _ints(run.times)
        low, high = int(times.min()), int(times.max())
        if run.metadata:
            self.metadata |= {before.lines + row: kept for row, kept in run.metadata.items()}
        self.texts.append(run.text)
        self.times.extend(run.times)
        self.sizes.extend(run.sizes)
        self.rows.append(len(self.times))
        self.lows.append(low)
        self.highs.append(high)
        self.view = View(
            before.runs + 1,
            before.lines + len(run),
            before.size + len(run.text),
            min(before.first, low) if before.lines else low,
            max(before.last, high) if before.lines else high,
            before.ordered and (not before.lines or low >= before.last) and rising(times),
        )

    def lines(self, view: View) -> Lines:
        """Those of a view, in order."""
        known = self._known
        if known is not None and known[0] == view.lines:
            return known[1]
        found = in_order(
            Lines(
                text=b"".join(self.texts[: view.runs]),
                starts=starts_of(_ints(self.sizes[: view.lines])),
                times=_ints(self.times[: view.lines]),
                metadata={row: kept for row, kept in self.metadata.copy().items() if row < view.lines},
            )
        )
        self._known = (view.lines, found)
        return found

    def forget(self) -> None:
        """What was put in order for readers; they may ask again."""
        self._known = None

    def at_instants(self, times: set[int]) -> set[tuple[int, bytes]]:
        """The lines of these instants, each with its time and its line feed. Only for the thread that adds."""
        low, high = min(times), max(times)
        view = self.view
        if not view.lines or view.last < low or view.first > high:
            return set()
        near = np.flatnonzero((_ints(self.highs) >= low) & (_ints(self.lows) <= high))
        return {found for run in near.tolist() for found in self._among(run, times)}

    def _among(self, run: int, times: set[int]) -> Iterator[tuple[int, bytes]]:
        text, row, at = self.texts[run], self.rows[run], 0
        end = self.rows[run + 1]
        for time, size in zip(self.times[row:end], self.sizes[row:end], strict=True):
            if time in times:
                yield time, text[at : at + size + 1]
            at += size + 1


def _ints(values: array[int]) -> IntArray:
    """As int64; a copy where they are not, and never a view of an array that grows."""
    return np.array(values, np.int64)
