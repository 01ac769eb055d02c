"""Lines as one run of bytes, and what is done with them: put in order, joined, thinned.

Law: what counts lines is an array; only what reorders text looks at single lines, and that is the exception.
Lines of one instant keep the order in which they came.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from itertools import pairwise

import numpy as np
from msgspec import Struct, field

from promql.model.labels import Labels
from promql.model.types import BoolArray, IntArray


class Lines(Struct, frozen=True):
    """`text` has a line feed after each line; line i is `text[starts[i] : starts[i + 1] - 1]`, of `times[i]` (Unix ns).

    starts: int64[n + 1], times: int64[n]; metadata by the index of the line.
    """

    text: bytes
    starts: IntArray
    times: IntArray
    metadata: Mapping[int, Labels] = field(default_factory=dict)

    def __len__(self) -> int:
        return len(self.times)


def starts_of(sizes: IntArray) -> IntArray:
    """Where lines of these lengths (without their line feeds) begin."""
    starts = np.zeros(len(sizes) + 1, np.int64)
    np.cumsum(sizes, out=starts[1:])
    starts += np.arange(len(starts))
    return starts


def in_order(lines: Lines) -> Lines:
    """By time."""
    if rising(lines.times):
        return lines
    return take(lines, np.argsort(lines.times, kind="stable"))


def rising(times: IntArray) -> bool:
    """Never falling."""
    return bool((times[1:] >= times[:-1]).all())


def take(lines: Lines, rows: IntArray) -> Lines:
    """These lines, in this order."""
    text, bounds = lines.text, lines.starts.tolist()
    starts = np.zeros(len(rows) + 1, np.int64)
    np.cumsum(np.diff(lines.starts)[rows], out=starts[1:])
    held = lines.metadata
    metadata = {new: held[old] for new, old in enumerate(rows.tolist()) if old in held} if held else held
    return Lines(
        text=b"".join([text[bounds[row] : bounds[row + 1]] for row in rows.tolist()]),
        starts=starts,
        times=lines.times[rows],
        metadata=metadata,
    )


def joined(parts: Sequence[Lines]) -> Lines:
    """One after the other."""
    if len(parts) == 1:
        return parts[0]
    counts = np.cumsum([0, *map(len, parts)]).tolist()
    sizes = np.cumsum([0, *(len(part.text) for part in parts)]).tolist()
    shifted = [part.starts[:-1] + size for part, size in zip(parts, sizes, strict=False)]
    return Lines(
        text=b"".join([part.text for part in parts]),
        starts=np.append(np.concatenate(shifted), sizes[-1]),
        times=np.concatenate([part.times for part in parts]),
        metadata={
            count + row: kept for part, count in zip(parts, counts, strict=False) for row, kept in part.metadata.items()
        },
    )


def without_repeats(lines: Lines) -> Lines:
    """Of equal lines of one instant the first; `lines` are in order."""
    again = repeats(lines)
    return take(lines, np.flatnonzero(~again)) if again.any() else lines


def repeats(lines: Lines) -> BoolArray:
    """Which lines their instant has already."""
    out = np.zeros(len(lines), np.bool_)
    same = np.flatnonzero(lines.times[1:] == lines.times[:-1])
    text, starts, times = lines.text, lines.starts, lines.times
    seen: set[bytes] = set()
    instant = None
    for row in same.tolist():
        if instant != times[row]:
            instant = times[row]
            seen = {text[starts[row] : starts[row + 1]]}
        line = text[starts[row + 1] : starts[row + 2]]
        out[row + 1] = line in seen
        seen.add(line)
    return out


def merged(parts: Sequence[Lines]) -> Lines:
    """All of them in order, none twice; of one instant those of earlier parts first."""
    return without_repeats(in_order(joined(parts)))


def cut(lines: Lines, size: int) -> list[Lines]:
    """Pieces of about so many bytes of text, none of which shares an instant with another."""
    if len(lines.text) <= size:
        return [lines]
    edges = np.flatnonzero(lines.times[1:] != lines.times[:-1]) + 1
    begins = lines.starts[edges]
    places, wanted = [0], size
    while wanted < len(lines.text):
        at = int(np.searchsorted(begins, wanted))
        if at == len(edges):
            break
        if int(edges[at]) > places[-1]:
            places.append(int(edges[at]))
        wanted = int(lines.starts[places[-1]]) + size
    return [part(lines, low, high) for low, high in pairwise([*places, len(lines)])]


def part(lines: Lines, low: int, high: int) -> Lines:
    """Lines `low` up to `high`."""
    begin, end = int(lines.starts[low]), int(lines.starts[high])
    return Lines(
        text=lines.text[begin:end],
        starts=lines.starts[low : high + 1] - begin,
        times=lines.times[low:high],
        metadata={row - low: kept for row, kept in lines.metadata.items() if low <= row < high},
    )
