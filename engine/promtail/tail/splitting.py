"""Bytes in, whole lines out. Knows no file and no clock.

A line ends with a line feed, which is no part of it; a carriage return before it is, as in the original. Longer lines
than the limit are cut there, so that one without an end takes no more memory than that.
"""

from __future__ import annotations

import codecs
from itertools import accumulate
from typing import Final

LONGEST: Final = 1024 * 1024
"""Bytes of a line that are kept."""

_LINE_FEED: Final = b"\n"
_HOLE: Final = b"\0"


class LineSplitter:
    """`start` is where the line begins that has not ended yet. Lines are UTF-8, whatever the encoding."""

    def __init__(self, start: int = 0, encoding: str = "", limit: int = LONGEST) -> None:
        self.start = start
        self.cut = 0
        """Lines that were too long."""
        self._limit = limit
        self._kept = b""
        self._length = 0  # of the unfinished line, of which only the beginning is kept
        self._codec = "" if _is_utf8(encoding) else encoding
        self._feed = _line_feed(self._codec) if self._codec else _LINE_FEED

    def feed(self, data: bytes) -> tuple[list[bytes], list[int]]:
        """The lines that end in these bytes, and where each begins."""
        parts = data.split(_LINE_FEED) if len(self._feed) == 1 else self._split_wide(data)
        last = parts.pop()
        if not parts:
            self._keep(last)
            return [], []
        width = len(self._feed)
        second = self.start + self._length + len(parts[0]) + width
        *others, start = accumulate(map(width.__add__, map(len, parts[1:])), initial=second)
        starts = [self.start, *others]
        if self._length:
            parts[0] = self._kept + parts[0][: max(self._limit - len(self._kept), 0)]
            self.cut += self._length + 1 > self._limit
        self.start, self._kept, self._length = start, b"", 0
        self._keep(last)
        if not self._codec and len(data) <= self._limit and _HOLE not in data:  # nothing is to be done to most lines
            return [self._whole(parts[0]), *parts[1:]], starts
        return [self._whole(part) for part in parts], starts

    @property
    def unfinished(self) -> bool:
        return self._length > 0

    def finish(self) -> tuple[bytes, int]:
        """The unfinished line as one that has ended; what comes next begins another."""
        line, start = self._whole(self._kept), self.start
        self.start, self._kept, self._length = start + self._length, b"", 0
        return line, start

    def _keep(self, part: bytes) -> None:
        self._length += len(part)
        if part and len(self._kept) < self._limit:
            self._kept += part[: self._limit - len(self._kept)]

    def _whole(self, line: bytes) -> bytes:
        if len(line) > self._limit:
            self.cut += 1
            line = line[: self._limit]
        if line.startswith(_HOLE) and len(self._feed) == 1:
            line = line.lstrip(_HOLE)  # a file that was cut while its writer stayed where it was has a hole before it
        if not self._codec:
            return line
        return line.decode(self._codec, "replace").removeprefix("\ufeff").encode("utf-8", "replace")

    def _split_wide(self, data: bytes) -> list[bytes]:
        """By a line feed of several bytes, which must stand at a multiple of their number."""
        width, parts, begin, at = len(self._feed), list[bytes](), 0, 0
        shift = self._length % width
        while (at := data.find(self._feed, at)) >= 0:
            if (at + shift) % width:
                at += 1
                continue
            parts.append(data[begin:at])
            begin = at = at + width
        return [*parts, data[begin:]]


def _is_utf8(encoding: str) -> bool:
    return not encoding or codecs.lookup(encoding).name in ("utf-8", "ascii", "utf-8-sig")


def _line_feed(codec: str) -> bytes:
    """How a line ends; of UTF-16 and UTF-32 without an order of bytes little-endian, as most write them."""
    name = codecs.lookup(codec).name
    return "\n".encode(f"{name}-le" if name in ("utf-16", "utf-32") else name)
