"""A file of sealed parts: what one turn of maintenance sealed, of many sources, in one file.

    header   magic, format version, and that again with all bits turned, to tell another version from damage
    stripes  some columns each (see `width`), encoded by `engine.tsdb.codec`; those of ragged parts: times, then values
    footer   arrays about parts, columns and stripes, deflated
    trailer  footer's place, length and checksum, magic

Each stripe has its checksum in the footer and is checked whenever it is read. The file is written beside its place
and renamed (see `engine.foundation.files`), so it is whole or not there; nothing in it changes afterwards. Of each
column the first and the last row are kept and whether all between are samples, so that a steady series is known to
have no hole without a look at its values.

Law: bytes are read when a query needs them, through a map of the file; arrays about a file too, and both are kept
in a bounded cache.
"""

from __future__ import annotations

import struct
from typing import Final

import numpy as np

VERSION: Final = 2
STRIPE: Final = 64
"""Columns in a stripe at least; of ragged parts exactly."""
_FEW_ROWS: Final = 64
_CELLS: Final = 16_384
MAGIC: Final = b"engparts"
HEADER: Final = struct.Struct("<8sHH4x")
TRAILER: Final = struct.Struct("<QQI4x8s")
TABLE: Final = 1
RAGGED: Final = 2

PART_TYPE: Final = np.dtype(
    [("kind", "<u4"), ("source", "<u4"), ("through", "<i8"), ("start", "<i8"), ("end", "<i8"),
     ("rows", "<u4"), ("columns", "<u4"), ("stripes", "<u4")]
)  # fmt: skip
COLUMN_TYPE: Final = np.dtype([("first", "<u4"), ("last", "<u4"), ("dense", "?")])
STRIPE_TYPE: Final = np.dtype([("offset", "<u8"), ("length", "<u4"), ("crc", "<u4")])


def width(rows: int) -> int:
    """Columns in a stripe of a table with so many rows: tables that were sealed early have wider ones.

    To decode a stripe costs some 15 us however little is in it, and churning sources have ten times as many parts.
    """
    return STRIPE if rows >= _FEW_ROWS else max(STRIPE, _CELLS // rows)
