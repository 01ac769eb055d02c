"""The open lines of a stream, as they came.

Law: one adds at a time; readers in other threads take `view`, a value that is put in place last, so that they never
see half an addition. What a view counts never changes afterwards: adding only writes behind it.
"""

from __future__ import annotations

from array import array
from collections.abc import Iterator, Mapping
from typing import NamedTuple

import numpy as np
from msgspec import Struct

from engine.logs.store.lines import Lines, in_order, starts_of
from promql.model.labels import Labels
from promql.model.types import IntArray


class Run(Struct, frozen=True):
    """Lines that came together: `text` with a line feed after each, its lengths without, times in Unix ns."""

    text: bytes
    sizes: array[int]
    times: array[int]
    metadata: Mapping[int, Labels]

    def __len__(self) -> int:
        return len(self.times)

    def lines(self) -> Lines:
        return Lines(self.text, starts_of(_ints(self.sizes)), _ints(self.times), self.metadata)


class Portion(NamedTuple):
    """Runs from `run` up to `end_run`, their rows and bytes of text; the lowest and the highest time of them."""

    run: int
    end_run: int
    row: int
    end_row: int
    size: int
    first: int
    last: int

    @property
    def lines(self) -> int:
        return self.end_row - self.row


class View(NamedTuple):
    """So much of a head: lines, bytes of text, the lowest and the highest time; and its portions, each
    later than the one before.
    """

    lines: int
    size: int
    first: int
    last: int
    portions: tuple[Portion, ...] = ()


class Head:
    """Grows by runs. A portion is full with `portion_bytes` of text: so much is read and searched at one go."""

    __slots__ = ("_known", "_portion_bytes", "highs", "lows", "metadata", "rows", "sizes", "texts", "times", "view")

    def __init__(self, portion_bytes: int) -> None:
        self.texts: list[bytes] = []
        self.times = array("q")
        self.sizes = array("I")
        self.rows = array("q", [0])  # where each run begins, and where the last one ends
        self.lows = array("q")
        self.highs = array("q")
        self.metadata: dict[int, Labels] = {}
        self.view = View(0, 0, 0, 0)
        self._portion_bytes = portion_bytes
        self._known: dict[int, tuple[Portion, Lines]] = {}

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
        place = len(self.texts) - 1
        added = Portion(place, place + 1, before.lines, before.lines + len(run), len(run.text), low, high)
        self.view = View(
            before.lines + len(run),
            before.size + len(run.text),
            min(before.first, low) if before.lines else low,
            max(before.last, high) if before.lines else high,
            self._grown(before.portions, added),
        )

    def _grown(self, portions: tuple[Portion, ...], added: Portion) -> tuple[Portion, ...]:
        """What is late makes one of all portions that it is not behind."""
        kept = len(portions)
        while kept and (added.first <= portions[kept - 1].last or portions[kept - 1].size < self._portion_bytes):
            kept -= 1
            before = portions[kept]
            added = before._replace(
                end_run=added.end_run,
                end_row=added.end_row,
                size=before.size + added.size,
                first=min(before.first, added.first),
                last=max(before.last, added.last),
            )
        return (*portions[:kept], added)

    def all_lines(self) -> Lines:
        """In order."""
        view = self.view
        return self._read(Portion(0, len(self.texts), 0, view.lines, view.size, view.first, view.last))

    def lines(self, portion: Portion) -> Lines:
        """Those of a portion, in order."""
        known = self._known.get(portion.run)
        if known is not None and known[0] == portion:
            return known[1]
        found = self._read(portion)
        for run in [run for run in list(self._known) if portion.run < run < portion.end_run]:
            self._known.pop(run, None)  # of when they were portions of their own
        self._known[portion.run] = (portion, found)
        return found

    def _read(self, portion: Portion) -> Lines:
        held = self.metadata
        rows = range(portion.row, portion.end_row) if held else ()
        return in_order(
            Lines(
                text=b"".join(self.texts[portion.run : portion.end_run]),
                starts=starts_of(_ints(self.sizes[portion.row : portion.end_row])),
                times=_ints(self.times[portion.row : portion.end_row]),
                metadata={row - portion.row: held[row] for row in rows if row in held},
            )
        )

    def forget(self) -> None:
        """What was put in order for readers; they may ask again."""
        self._known = {}

    def at_instants(self, times: set[int]) -> set[tuple[int, bytes]]:
        """The lines of these instants, each with its time and its line feed. Only for whoever adds."""
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
