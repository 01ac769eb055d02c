"""The footer of format 2 of the files of parts, in today's terms: one index for all parts. Only read."""

from __future__ import annotations

import zlib
from typing import Final

import numpy as np

from engine.tsdb.codec.layout import XOR_PLANES
from engine.tsdb.files.partformat import PART_TYPE, PLACE_TYPE
from engine.tsdb.files.partindex import Index
from promql.model.types import AnyArray

_PART_TYPE: Final = np.dtype(
    [("kind", "<u4"), ("source", "<u4"), ("through", "<i8"), ("start", "<i8"), ("end", "<i8"),
     ("rows", "<u4"), ("columns", "<u4"), ("stripes", "<u4")]
)  # fmt: skip
_COLUMN_TYPE: Final = np.dtype([("first", "<u4"), ("last", "<u4"), ("dense", "?")])
_INTEGERS: Final = np.dtype("<i8")


def read_legacy(packed: bytes) -> tuple[AnyArray, Index]:
    """The directory, `PART_TYPE[P]`, and the index of all parts."""
    data = zlib.decompress(packed)
    parts, times, columns, stripes = np.frombuffer(data, "<u4", 4).tolist()
    found: list[AnyArray] = []
    offset = 16
    for kind, count in ((_PART_TYPE, parts), (_INTEGERS, times), (_INTEGERS, columns),
                        (_COLUMN_TYPE, columns), (PLACE_TYPE, stripes)):  # fmt: skip
        found.append(np.frombuffer(data, kind, count, offset))
        offset += count * kind.itemsize
    old, steps, refs, about, places = found
    directory = np.zeros(parts, PART_TYPE)
    for name in _PART_TYPE.names or ():
        directory[name] = old[name]
    lasts = about["last"].astype(np.int64)
    codes, none = np.full(columns, XOR_PLANES, np.uint8), np.zeros(columns, np.uint8)
    offsets = [places[name].astype(np.int64) for name in ("offset", "length", "crc")]
    firsts = about["first"].astype(np.int64)
    return directory, Index(np.cumsum(steps), np.cumsum(refs), firsts, lasts, about["dense"], codes, none, *offsets)
