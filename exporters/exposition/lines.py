"""The shape of a small stretch: its lines, compared one by one. Below some hundred kilobytes nothing is faster."""

from __future__ import annotations

from collections.abc import Sequence
from itertools import compress, count
from operator import ne

import numpy as np
from msgspec import Struct

from exporters.exposition.page import Page
from promql.model.types import BoolArray, IntArray


class LineChange(Struct, frozen=True, eq=False):
    """Other lines of a shape, all of them in `seen`. `samples` have other lines than before."""

    samples: IntArray
    seen: list[bytes]
    _changed: list[bytes]
    _heads: list[bytes]

    def numbers(self, some: IntArray) -> None:
        """Few are not worth reading in bulk."""

    def words(self, some: IntArray) -> list[bytes]:
        """What stands behind the heads of these samples, which are all that have changed."""
        return list(map(bytes.removeprefix, self._changed, self._heads))

    def lines(self, some: IntArray) -> list[bytes]:
        """Their lines."""
        return self._changed


class LineShape(Struct, frozen=True, eq=False):
    """Made by `line_shape_of`, of a small stretch.

    `sample_of: int64[lines]` says which sample a line holds, -1 where it is none. `odd: bool[N]` are samples whose head
    is a key alone, since no single blank is behind it.
    """

    sample_of: IntArray
    heads: list[bytes]
    odd: BoolArray

    def compare(self, text: bytes, seen: Sequence[bytes]) -> LineChange | None:
        """What has changed since these lines; None if that is more than what stands behind heads."""
        lines = text.split(b"\n")
        if len(lines) != len(seen):
            return None
        places = list(compress(count(), map(ne, lines, seen)))
        samples = self.sample_of[places]
        if len(samples) and samples.min() < 0:
            return None
        changed, heads = [lines[i] for i in places], [self.heads[i] for i in samples.tolist()]
        return LineChange(samples, lines, changed, heads) if all(map(bytes.startswith, changed, heads)) else None

    def near(self, change: LineChange) -> bool:
        """Comparing costs the same however much has changed."""
        return True

    def recognised(self, lines: Sequence[bytes]) -> IntArray:
        """Of each line the sample that it is about, judged by what stands before its last blank; -1 where none is."""
        samples = dict(zip(self.heads, count(), strict=False))
        return np.array([samples.get(line[: line.rfind(b" ") + 1], -1) for line in lines], np.int64)

    def joined(self, other: LineShape) -> LineShape:
        """Both, one behind the other."""
        holds = np.concatenate([self.sample_of >= 0, other.sample_of >= 0])
        return LineShape(_numbered(holds), self.heads + other.heads, np.concatenate([self.odd, other.odd]))

    def samples_on(self, lines: IntArray) -> IntArray:
        """The samples that these lines hold."""
        samples = self.sample_of[lines]
        return samples[samples >= 0]

    def taken(self, lines: IntArray) -> LineShape:
        """These of its lines, in this order."""
        samples = self.samples_on(lines)
        holds = self.sample_of[lines] >= 0
        return LineShape(_numbered(holds), [self.heads[i] for i in samples.tolist()], self.odd[samples])


def line_shape_of(lines: Sequence[bytes], page: Page) -> LineShape | None:
    """None for lines that are not entries: a label value may hold a line break."""
    holds = holding(lines)
    if holds.sum() != len(page.keys) or b"\n" in b"".join(page.keys):
        return None
    behind = [lines[i][len(key) :] for i, key in zip(np.flatnonzero(holds).tolist(), page.keys, strict=True)]
    odd = [not rest.startswith(b" ") or rest[1:2] in (b"", b" ", b"\t") for rest in behind]
    heads = [key if one else key + b" " for key, one in zip(page.keys, odd, strict=True)]
    return LineShape(_numbered(holds), heads, np.array(odd, np.bool_))


def holding(lines: Sequence[bytes]) -> BoolArray:
    """Which lines hold a sample: neither comments nor empty ones."""
    return np.array([line[:1] not in (b"", b"#") for line in lines], np.bool_)


def _numbered(holds: BoolArray) -> IntArray:
    return np.where(holds, np.cumsum(holds) - 1, -1)
