"""The shape of a small page: its lines, compared one by one. Below some hundred kilobytes nothing is faster."""

from __future__ import annotations

from itertools import compress, count
from operator import ne

import numpy as np

from exporters.exposition.page import Page
from promql.model.types import BoolArray, IntArray


class LineChange:
    """Another page of a shape. `samples` have other lines than in the page before."""

    def __init__(self, samples: IntArray, page: list[bytes], lines: list[bytes], heads: list[bytes]) -> None:
        self.samples = samples
        self.page = page
        self._changed = lines
        self._heads = heads

    def numbers(self, some: IntArray) -> None:
        """Few are not worth reading in bulk."""

    def words(self, some: IntArray) -> list[bytes]:
        """What stands behind the heads of these samples, which are all that have changed."""
        return list(map(bytes.removeprefix, self._changed, self._heads))

    def lines(self, some: IntArray) -> list[bytes]:
        """Their lines."""
        return self._changed


class LineShape:
    """Made by `line_shape_of`, of a small page. Owned by a layout.

    `odd: bool[N]` are samples whose head is a key alone, since no single blank is behind it.
    """

    def __init__(self, page: list[bytes], sample_of: IntArray, heads: list[bytes], odd: BoolArray) -> None:
        self.odd = odd
        self._page = page
        self._sample_of = sample_of
        self._heads = heads

    def compare(self, body: bytes) -> LineChange | None:
        """What has changed since the page before; None if that is more than what stands behind heads."""
        page = body.split(b"\n")
        if len(page) != len(self._page) or b"\0" in body:
            return None
        places = list(compress(count(), map(ne, page, self._page)))
        samples = self._sample_of[places]
        if len(samples) and samples.min() < 0:
            return None
        lines, heads = [page[i] for i in places], [self._heads[i] for i in samples.tolist()]
        return LineChange(samples, page, lines, heads) if all(map(bytes.startswith, lines, heads)) else None

    def accept(self, change: LineChange) -> bool:
        """From now on this is the page before."""
        self._page = change.page
        return True


def line_shape_of(body: bytes, page: Page) -> LineShape | None:
    """None for a page whose lines are not its entries: a NUL may end it early, a label value may hold a line break."""
    lines = body.split(b"\n")
    holds = np.fromiter((line[:1] not in (b"", b"#") for line in lines), np.bool_, len(lines))
    if b"\0" in body or holds.sum() != len(page.keys) or b"\n" in b"".join(page.keys):
        return None
    behind = [lines[i][len(key) :] for i, key in zip(np.flatnonzero(holds).tolist(), page.keys, strict=True)]
    odd = [not rest.startswith(b" ") or rest[1:2] in (b"", b" ", b"\t") for rest in behind]
    heads = [key if one else key + b" " for key, one in zip(page.keys, odd, strict=True)]
    return LineShape(lines, np.where(holds, np.cumsum(holds) - 1, -1), heads, np.array(odd, np.bool_))
