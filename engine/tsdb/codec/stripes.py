"""Columns to stripes and back.

Each column is told to be constant, whole numbers (on a decimal scale), or floating point, by tests over the whole
block at once; those of one encoding go into stripes, planes of bytes that zstd packs. Every bit comes back, NaN
payloads and -0.0 too. A stripe is its code (see `engine.tsdb.codec.layout`) and a zstd frame of

    how many holes there are     uint32
    holes                        column, first row, length: uint32 each; bits: uint64
    constants                    bits: uint64
    floating point               bits XORed with those of the row before: uint64
    whole numbers                bases, slopes: int64; shifts, scales: uint8; leftovers in their width

each by column, then by row; what is there for each row is in planes. Small tables have no constants.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Final

import numpy as np
from msgspec import Struct

from engine.foundation.zstd import compressed, decompressed
from engine.tsdb.codec.decimals import unscale, whole_numbers
from engine.tsdb.codec.deltas import Leftovers, folded, leftovers, summed, unfolded
from engine.tsdb.codec.holes import NO_HOLES, Holes, without_holes
from engine.tsdb.codec.layout import CONSTANT, XOR, integer, is_small, stripe_columns
from engine.tsdb.codec.planes import planes
from promql.model.types import AnyArray, BoolArray, FloatArray, IntArray

_ALL: Final = slice(None)
_COUNT: Final = np.dtype("<u4")
_HEAD: Final = ("<i8", "<i8", "u1", "u1")


class Encoded(Struct, frozen=True):
    """The code of each column, uint8[S], and the stripes in the order of `engine.tsdb.codec.layout`."""

    codes: AnyArray
    stripes: list[bytes]


def encode(block: FloatArray) -> Encoded:
    """A block of columns, float64[S, T]: no more than fit in a slice."""
    block = np.ascontiguousarray(block)
    bits = block.view(np.int64)
    small = is_small(*block.shape)
    constant = (bits == bits[:, :1]).all(axis=1) & (not small)
    varying = np.flatnonzero(~constant)
    block, holes = _filled(block, varying)
    maker = _Maker(block, holes)
    maker.codes[constant] = CONSTANT
    if len(holes) and not small:
        even = (block.view(np.int64)[varying] == block.view(np.int64)[varying, :1]).all(axis=1)
        maker.codes[varying[even]] = CONSTANT
        varying = varying[~even]
    if len(varying):
        maker.add_numbers(varying)
    return Encoded(maker.codes, list(maker.stripes()))


def encode_integers(block: IntArray) -> Encoded:
    """The same for a block of whole numbers, int64[S, T], of any size."""
    maker = _Maker(np.ascontiguousarray(block).view(np.float64), NO_HOLES)
    maker.add(np.arange(len(block)), np.zeros(len(block), np.int64), block)
    return Encoded(maker.codes, list(maker.stripes()))


def _filled(block: FloatArray, varying: IntArray) -> tuple[FloatArray, Holes]:
    some = block[varying]
    nan: BoolArray = np.isnan(some)
    with_holes = np.flatnonzero(nan.any(axis=1))
    if not len(with_holes):
        return block, NO_HOLES
    filled, holes = without_holes(some[with_holes], nan[with_holes])
    out, columns = block.copy(), varying[with_holes]
    out[columns] = filled
    return out, Holes(columns[holes.columns], holes.starts, holes.lengths, holes.bits)


class _Maker:
    """One block on its way to stripes."""

    def __init__(self, block: FloatArray, holes: Holes) -> None:
        self.codes: AnyArray = np.full(len(block), XOR, np.uint8)
        self._block = block
        self._holes = holes
        self._numbers: list[tuple[Leftovers, IntArray, IntArray]] = []

    def add_numbers(self, columns: IntArray) -> None:
        """Find out which of these columns are whole numbers, and take those."""
        some = self._block if len(columns) == len(self._block) else self._block[columns]
        found, scales, numbers = whole_numbers(some)
        if len(found):
            self.add(columns[found], scales, numbers)

    def add(self, columns: IntArray, scales: IntArray, numbers: IntArray) -> None:
        """Take columns of whole numbers on their scales."""
        for left in leftovers(numbers):
            self.codes[columns[left.columns]] = integer(left.order, 0) + left.widths
            self._numbers.append((left, columns[left.columns], scales[left.columns]))

    def stripes(self) -> Iterator[bytes]:
        rows = self._block.shape[1]
        for code in np.unique(self.codes).tolist():
            columns = np.flatnonzero(self.codes == code)
            each = stripe_columns(code, rows)
            for low in range(0, len(columns), each):
                some = columns[low : low + each]
                yield bytes([code]) + compressed(b"".join([*self._punched(some), *self._content(code, some)]))

    def _punched(self, columns: IntArray) -> Sequence[bytes]:
        if not len(self._holes):
            return [_COUNT.type(0).tobytes()]
        holes = self._holes.of(columns, len(self._block))
        places = [some.astype("<u4").tobytes() for some in (holes.columns, holes.starts, holes.lengths)]
        return [_COUNT.type(len(holes)).tobytes(), *places, holes.bits.tobytes()]

    def _content(self, code: int, columns: IntArray) -> Sequence[bytes]:
        bits = self._block.view(np.int64)
        if code == CONSTANT:
            return [bits[columns, 0].tobytes()]
        if code == XOR:
            changes = bits[columns]
            changes[:, 1:] ^= bits[columns, :-1]
            return [planes(changes)]
        left, taken, scales = next(found for found in self._numbers if integer(found[0].order, 0) == code & ~0xF)
        at = taken.searchsorted(columns)
        kinds = zip((left.bases, left.slopes, left.shifts, scales), _HEAD, strict=True)
        head = [some[at].astype(kind).tobytes() for some, kind in kinds]
        return [*head, planes(folded(left.left[at], code & 0xF))]


class Stripe:
    """A stripe that was unpacked, not decoded: `data: uint8[N]` is what zstd had packed."""

    __slots__ = ("_code", "_columns", "_holes", "_rest", "_rows")

    def __init__(self, code: int, data: AnyArray, columns: int, rows: int) -> None:
        self._code, self._columns, self._rows = code, columns, rows
        count, at = int(data[: _COUNT.itemsize].view(_COUNT)[0]), _COUNT.itemsize
        self._holes = NO_HOLES
        if count:
            places = data[at : at + 12 * count].view("<u4").reshape(3, count).astype(np.int64)
            at += 20 * count
            self._holes = Holes(places[0], places[1], places[2], data[at - 8 * count : at].view("<i8"))
        self._rest = data[at:]

    def values(self, chosen: IntArray | None, rows: int, out: FloatArray | None = None) -> FloatArray:
        """The first so many rows of some columns (none twice) or of all: float64[S, rows], in `out` where given."""
        count = self._columns if chosen is None else len(chosen)
        if out is None:
            out = np.empty((count, rows))
        which = _ALL if chosen is None else chosen
        if self._code == CONSTANT:
            out[:] = self._rest.view("<f8")[which, None]
        elif self._code == XOR:
            np.bitwise_xor.accumulate(self._cells(8, which, rows), axis=1, out=out.view(np.uint64))
        else:
            self._numbers(which, out)
        if len(self._holes):
            holes = self._holes if chosen is None else self._holes.of(chosen, self._columns)
            holes.punch(out)
        return out

    def integers(self, chosen: IntArray | None) -> IntArray:
        """All rows of some columns of whole numbers: int64[S, T]."""
        which = _ALL if chosen is None else chosen
        bases, slopes, shifts, _ = self._head(which)
        return summed(self._order, self._left(which, self._rows), bases, slopes, shifts)

    @property
    def _order(self) -> int:
        return (self._code >> 4) - 1

    def _numbers(self, which: slice | IntArray, out: FloatArray) -> None:
        bases, slopes, shifts, scales = self._head(which)
        out[:] = summed(self._order, self._left(which, out.shape[1]), bases, slopes, shifts)
        unscale(out, scales[:, None])

    def _head(self, which: slice | IntArray) -> tuple[IntArray, IntArray, IntArray, IntArray]:
        count, rest = self._columns, self._rest
        bases, slopes = rest[: 16 * count].view("<i8").reshape(2, count)[:, which]
        shifts, scales = rest[16 * count : 18 * count].reshape(2, count)[:, which].astype(np.int64)
        return bases, slopes, shifts, scales

    def _left(self, which: slice | IntArray, rows: int) -> AnyArray:
        return unfolded(self._cells(self._code & 0xF, which, rows))

    def _cells(self, width: int, which: slice | IntArray, rows: int) -> AnyArray:
        """The last numbers of the stripe, put together from their planes: unsigned[S, rows]."""
        size = width * self._columns * self._rows
        cells: AnyArray = self._rest[-size:].reshape(width, self._columns, self._rows)[:, which, :rows]
        if width == 1:
            single: AnyArray = cells[0]
            return single
        out: AnyArray = np.empty((*cells.shape[1:], width), np.uint8)
        for plane in range(width):
            out[..., plane] = cells[plane]
        joined: AnyArray = out.view(f"<u{width}")[..., 0]
        return joined


def unpacked(stripe: bytes | memoryview) -> AnyArray:
    """The content of a stripe's frame, without its code: uint8[N]."""
    return np.frombuffer(decompressed(stripe[1:]), np.uint8)
