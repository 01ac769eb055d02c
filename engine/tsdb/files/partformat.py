"""A file of sealed parts of many sources: what one turn of maintenance sealed, or what compaction made of such files.

    header   magic, format version, and that again with all bits turned, to tell another version from damage
    parts    the stripes of one part after the other (see `engine.tsdb.codec.stripes`)
    indexes  among the parts, each behind those that it is about: arrays about instants, columns and stripes
    footer   directory of the parts, places of the indexes, the files whose place this one takes
    trailer  footer's place, length and checksum, magic

Indexes and footer are arrays in planes of bytes (`engine.tsdb.codec.planes`) in a zstd frame. Each stripe and each
index has a checksum, which is looked at whenever it is read. The file is written beside its place and renamed (see
`engine.foundation.files`), so it is whole or not there; nothing in it changes afterwards. Of each column the first
and the last row are kept and whether all between are samples, so that a steady series is known to have no hole without
a look at its values.

A file tells the numbers of the files that it was made of: where one of those is still there at opening, because the
process was killed before it removed them, it counts for nothing.

Law: bytes are read when a query needs them, through a map of the file; arrays about a file too, and both are kept
in a bounded cache. An index is about some thousand columns, so that a query of one source does not read those of all.

Format 2 is still read: stripes deflated (`engine.tsdb.codec.legacy`), one index, in the footer.
"""

from __future__ import annotations

import struct
from typing import Final

import numpy as np

VERSION: Final = 3
LEGACY_VERSION: Final = 2
MAGIC: Final = b"engparts"
HEADER: Final = struct.Struct("<8sHH4x")
TRAILER: Final = struct.Struct("<QQI4x8s")
TABLE: Final = 1
RAGGED: Final = 2
INDEX_COLUMNS: Final = 4096
"""So many columns close an index."""

PART_FIELDS: Final = (
    ("kind", "<u4"), ("source", "<u4"), ("through", "<i8"), ("start", "<i8"), ("end", "<i8"),
    ("rows", "<u4"), ("columns", "<u4"), ("stripes", "<u4"), ("index", "<u4"), ("offset", "<u8"),
)  # fmt: skip
PART_TYPE: Final = np.dtype(list(PART_FIELDS))
PLACE_TYPE: Final = np.dtype([("offset", "<u8"), ("length", "<u4"), ("crc", "<u4")])


def instants(kind: int, rows: int, columns: int) -> int:
    """How many times the index has about a part: its instants, or the last one of each ragged series."""
    return rows if kind == TABLE else columns
