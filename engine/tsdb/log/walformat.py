"""What the log's segments are made of.

A segment `NNNNNNNN.wal` is a file of records (see `engine.foundation.frames`). Version 2 has three kinds:
- PAGE: a number, a source, the series of a page in its order. Numbers are never given twice in a segment; the same
  page is written again, under its number, before each row that is told in full.
- CHANGES: commit number, instant, page, and the values of a whole scrape, XORed with those of the page's row before.
  `back` leads to that row: it is the difference of the commits' numbers, 0 where the row is told in full.
- COMMIT: commit number, source, then times, series, values: a commit of several instants.

Behind its head each record is words of 8 bytes, packed (see `words`). Where that makes a long one smaller
it is deflated as well, and the kind bears a mark.

Version 1 had LAYOUT, ROW and SAMPLES instead: the same, each value in full, words as they are or, deflated, in planes
of alike bytes. It is read and not written.
"""

from __future__ import annotations

import struct
from pathlib import Path
from typing import Final

from engine.foundation.frames import Form

FORM: Final = Form(b"wal\0", 2)

LAYOUT: Final = 1
ROW: Final = 2
SAMPLES: Final = 3
PAGE: Final = 4
CHANGES: Final = 5
COMMIT: Final = 6
DEFLATED: Final = 0x80
"""The mark."""

LAYOUT_HEAD: Final = struct.Struct("<II")
ROW_HEAD: Final = struct.Struct("<QIIq")
SAMPLES_HEAD: Final = struct.Struct("<QII")
PAGE_HEAD: Final = struct.Struct("<IIII")
"""Page, source, how many series, how many words that are not zero."""
CHANGES_HEAD: Final = struct.Struct("<QqIII")
"""Commit, instant, page, back, how many words that are not zero."""
COMMIT_HEAD: Final = struct.Struct("<QIII")
"""Commit, source, how many samples, how many words that are not zero."""


def segments(folder: Path) -> list[Path]:
    """The segments of a folder, oldest first."""
    return sorted(folder.glob("*.wal"))


def number_of(segment: Path) -> int:
    return int(segment.stem)


def path_of(folder: Path, number: int) -> Path:
    return folder / f"{number:08}.wal"
