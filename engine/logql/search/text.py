"""A block as filters see it: what is costly is asked for once."""

from __future__ import annotations

from functools import cached_property
from typing import Final

import numpy as np
from numpy.typing import NDArray

from engine.logql.lines import Block, Instants
from promql.model.types import IntArray

LOWER: Final = np.uint8(0x20)
"""The bit that tells a small letter from a capital one."""


class Text:
    """The lines of one block. An index is an ascending `int64[n]` of lines."""

    def __init__(self, block: Block) -> None:
        self.block = block

    @cached_property
    def whole(self) -> bytes:
        return self.block.text()

    @cached_property
    def lowered(self) -> NDArray[np.uint8]:
        """`uint8[size]`: the bytes of all lines, of letters of ASCII the small ones; others may be changed as well."""
        return np.frombuffer(self.whole, np.uint8) | LOWER

    @cached_property
    def starts(self) -> Instants:
        return self.block.starts()

    @cached_property
    def times(self) -> Instants:
        return self.block.times()

    @property
    def count(self) -> int:
        return self.block.count

    def line(self, at: int) -> bytes:
        return self.whole[self.starts[at] : self.starts[at + 1] - 1]

    def lines(self, index: IntArray) -> list[bytes]:
        """The lines of an index."""
        text, begins, ends = self.whole, self.starts[index].tolist(), self.starts[index + 1].tolist()
        return [text[begin : end - 1] for begin, end in zip(begins, ends, strict=True)]

    def lengths(self, index: IntArray) -> IntArray:
        """Bytes of each line."""
        return self.starts[index + 1] - self.starts[index] - 1

    def between(self, start: int, end: int) -> IntArray:
        """The lines with start <= time < end."""
        block = self.block
        if start <= block.first and block.last < end:
            return np.arange(block.count)
        low, high = self.times.searchsorted([start, end])
        return np.arange(low, high)

    def at(self, positions: IntArray) -> IntArray:
        """The lines that hold these ascending positions, each once; what lies behind the last line is in none."""
        found = self.starts.searchsorted(positions, side="right") - 1
        found = found[found < self.count]
        return found[np.flatnonzero(np.diff(found, prepend=-1))] if len(found) else found

    @cached_property
    def folded(self) -> IntArray:
        """The lines that hold a line feed: nearly always none."""
        text = self.whole
        is_feed = np.frombuffer(text, np.uint8) == 0x0A
        if np.count_nonzero(is_feed) == self.count:  # five times as fast as to count them in the text
            return np.empty(0, np.int64)
        feeds = np.flatnonzero(is_feed)
        return self.at(np.setdiff1d(feeds, self.starts[1:] - 1))
