"""Which column of a part is in which stripe: told by the encodings of the columns alone, so that nothing more is kept.

Columns are looked at in slices of so many; within a slice those of one encoding lie together in their order, cut into
stripes; the stripes follow each other by slice, encoding and column.
"""

from __future__ import annotations

from typing import Final

import numpy as np
from msgspec import Struct

from engine.tsdb.codec import legacy
from promql.model.types import AnyArray, IntArray

XOR_PLANES: Final = 1
"""Of format 2, see `engine.tsdb.codec.legacy`."""
CONSTANT: Final = 2
XOR: Final = 3
_SLICE_CELLS: Final = 1 << 18
_STRIPE: Final = 64
_FEW_ROWS: Final = 64
_CELLS: Final = 1 << 15


def integer(order: int, width: int) -> int:
    """The code of whole numbers of that order, with leftovers of so many bytes (see `engine.tsdb.codec.deltas`)."""
    return 16 * (order + 1) + width


def slice_columns(rows: int) -> int:
    """Columns that are encoded at once: about two megabytes of them."""
    return min(max(_STRIPE, _SLICE_CELLS // rows), 4096)


def stripe_columns(code: int, rows: int) -> int:
    """Columns in a stripe: more where rows are few."""
    if code == CONSTANT:
        return slice_columns(rows)
    return legacy.width(rows) if code == XOR_PLANES else max(_STRIPE, _CELLS // rows)


def is_small(columns: int, rows: int) -> bool:
    """Is it a table that was sealed early? All of it goes into a stripe or two, since each has a price of its own."""
    return rows < _FEW_ROWS and columns * rows <= _CELLS


class Layout(Struct, frozen=True):
    """For each column its stripe and its place in there: int64[S] each; for each stripe its code and columns."""

    stripes: IntArray
    places: IntArray
    codes: IntArray
    sizes: IntArray


def layout(codes: AnyArray, rows: int) -> Layout:
    """That of a part with columns in these encodings: uint8[S]."""
    count = len(codes)
    keys = codes.astype(np.int64)
    if codes[0] != XOR_PLANES:
        keys += (np.arange(count) // slice_columns(rows)) << 8
    order = keys.argsort(kind="stable")
    keys = keys[order]
    starts = np.flatnonzero(np.diff(keys, prepend=-1))
    lengths = np.diff(starts, append=count)
    group_codes = keys[starts] & 0xFF
    widths = np.array([stripe_columns(code, rows) for code in group_codes.tolist()])
    within = np.arange(count) - np.repeat(starts, lengths)
    places = within % np.repeat(widths, lengths)
    sorted_stripes = np.cumsum(places == 0) - 1
    stripes, mixed = np.empty(count, np.int64), np.empty(count, np.int64)
    stripes[order], mixed[order] = sorted_stripes, places
    heads = np.flatnonzero(places == 0)
    return Layout(stripes, mixed, keys[heads] & 0xFF, np.diff(heads, append=count))
