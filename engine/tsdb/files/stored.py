"""Parts that are in a file, decoded when they are asked for."""

from __future__ import annotations

from collections.abc import Iterator
from itertools import pairwise
from typing import Final, Protocol

import numpy as np
from msgspec import Struct

from engine.foundation.errors import DamagedError
from engine.tsdb.codec import legacy
from engine.tsdb.codec.layout import CONSTANT, XOR, XOR_PLANES, Layout, layout
from engine.tsdb.codec.stripes import Stripe, unpacked
from engine.tsdb.files.cache import ArrayCache
from engine.tsdb.files.partindex import Index
from engine.tsdb.parts import Block, Located, Samples, Wanted, matched
from promql.model.types import AnyArray, BoolArray, FloatArray, IntArray

_FEW: Final = 8
_LAST_CODE: Final = 0x38


class File(Protocol):
    """What parts need of their file (`engine.tsdb.partfile.PartFile`)."""

    @property
    def key(self) -> int: ...

    @property
    def version(self) -> int: ...

    @property
    def cache(self) -> ArrayCache: ...

    def index(self, number: int) -> Index: ...

    def stripe(self, index: int, at: int) -> memoryview: ...


class Place(Struct, frozen=True):
    """Where a part is in a file: its index, and where its instants, columns and stripes are in there."""

    file: File
    index: int
    rows: int
    times: slice
    columns: slice
    stripes: slice

    def about(self) -> Index:
        """The index that also has others' columns."""
        return self.file.index(self.index)


class _Columns:
    """Columns of a part in stripes."""

    __slots__ = ("_first", "_place", "_times")

    def __init__(self, place: Place, first: int, times: bool) -> None:
        self._place = place
        self._first = first
        self._times = times

    def layout(self) -> Layout:
        place = self._place
        key = (place.file.key, place.index, place.columns.start, self._times)
        found = place.file.cache.get(key)
        if found is None:
            index = place.about()
            codes = (index.time_codes if self._times else index.codes)[place.columns]
            made = layout(codes, place.rows)
            found = (made.stripes, made.places, made.codes, made.sizes)
            place.file.cache.put(key, found)
        return Layout(*found)

    def groups(self, at: IntArray) -> Iterator[tuple[slice | IntArray, Stripe | _Decoded, IntArray | None]]:
        """Stripe by stripe: which of the wanted columns are in it, and which of its columns they are; None for all."""
        where = self.layout()
        if len(where.sizes) == 1:
            yield slice(0, len(at)), self._stripe(0, where), _others(where.places[at], int(where.sizes[0]))
            return
        stripes = where.stripes[at]
        order = stripes.argsort(kind="stable")
        edges = np.flatnonzero(np.diff(stripes[order])) + 1
        for start, stop in pairwise([0, *edges.tolist(), len(at)]):
            some = order[start:stop]
            number = int(stripes[some[0]])
            chosen = _others(where.places[at[some]], int(where.sizes[number]))
            places: slice | IntArray = some
            if some[-1] - some[0] + 1 == len(some):
                places = slice(int(some[0]), int(some[-1]) + 1)
            yield places, self._stripe(number, where), chosen

    def _stripe(self, number: int, where: Layout) -> Stripe | _Decoded:
        place, at = self._place, self._place.stripes.start + self._first + number
        code, columns = int(where.codes[number]), int(where.sizes[number])
        key = (place.file.key, place.index, at)
        found = place.file.cache.get(key)
        if found is None:
            data = place.file.stripe(place.index, at)
            if data[0] != code or not (code == XOR_PLANES or CONSTANT <= code <= XOR or 0x10 < code <= _LAST_CODE):
                raise DamagedError(f"unknown encoding {data[0]} of samples: use the release that wrote them")
            found = (legacy.decode(data, columns, place.rows) if code == XOR_PLANES else unpacked(data),)
            place.file.cache.put(key, found)
        return _Decoded(found[0]) if code == XOR_PLANES else Stripe(code, found[0], columns, place.rows)


def _others(chosen: IntArray, columns: int) -> IntArray | None:
    """The same, or None where these are all columns of a stripe in their order."""
    return None if len(chosen) == columns and (chosen[1:] > chosen[:-1]).all() else chosen


class _Decoded(Struct, frozen=True):
    """A stripe of format 2, which is kept decoded."""

    block: FloatArray

    def values(self, chosen: IntArray | None, rows: int, out: FloatArray | None = None) -> FloatArray:
        found = self.block[:, :rows] if chosen is None else self.block[chosen, :rows]
        if out is None:
            return found
        out[:] = found
        return out


class StoredTable:
    """See `engine.tsdb.parts.TablePart`."""

    __slots__ = ("__weakref__", "_columns", "place")

    def __init__(self, place: Place) -> None:
        self.place = place
        self._columns = _Columns(place, 0, times=False)

    @property
    def times(self) -> IntArray:
        return self.place.about().times[self.place.times]

    @property
    def refs(self) -> IntArray:
        """The series in each column, ascending: int64[S]."""
        return self.place.about().refs[self.place.columns]

    def locate(self, wanted: Wanted) -> Located:
        return matched(self.refs, wanted.refs)

    def whole(self, at: IntArray, low: int, high: int) -> bool:
        if len(at) < _FEW:  # a look at so few values is cheaper
            return False
        index, columns = self.place.about(), self.place.columns
        dense, firsts, lasts = index.dense[columns], index.firsts[columns], index.lasts[columns]
        if len(at) != len(dense):
            dense, firsts, lasts = dense[at], firsts[at], lasts[at]
        good: BoolArray = dense & (firsts <= low) & (lasts >= high - 1)
        return bool(good.all())

    def fill(self, out: FloatArray, at: IntArray, low: int, high: int) -> None:
        if len(at) == 1:
            out[0] = self.column(int(at[0]))[1][low:high]
            return
        for places, stripe, chosen in self._columns.groups(at):
            if low == 0 and isinstance(places, slice):
                stripe.values(chosen, high, out[places])
            else:
                out[places] = stripe.values(chosen, high)[:, low:]

    @property
    def height(self) -> int:
        return self.place.rows

    def kept(self, at: IntArray) -> tuple[IntArray, FloatArray]:
        """They alone are kept, not their stripes: a question for `up` of a thousand targets is asked again."""
        place = self.place
        key = (place.file.key, place.index, place.columns.start, at.tobytes())
        if (found := place.file.cache.get(key)) is None:
            values = np.empty((len(at), place.rows))
            for places, stripe, chosen in self._columns.groups(at):
                values[places] = stripe.values(chosen, place.rows)
            found = (self.times, values)
            place.file.cache.put(key, found)
        return found[0], found[1]

    def column(self, at: int) -> tuple[IntArray, FloatArray]:
        times, values = self.kept(np.array([at]))
        return times, values[0]


class StoredRagged:
    """A ragged part in a file: its times in the first stripes, its values in the others."""

    __slots__ = ("_times", "_values", "place")

    def __init__(self, place: Place) -> None:
        self.place = place
        self._times = _Columns(place, 0, times=True)
        self._values: _Columns | None = None

    @property
    def refs(self) -> IntArray:
        """The series that have samples here, ascending: int64[S]."""
        return self.place.about().refs[self.place.columns]

    @property
    def size(self) -> int:
        lasts = self.place.about().lasts[self.place.columns]
        return int(lasts.sum()) + len(lasts)

    def samples(self, wanted: Wanted, start: int, end: int) -> Samples:
        found = matched(self.refs, wanted.refs)
        at, most = found.at, self.place.rows
        times, values = np.empty((len(at), most), np.int64), np.empty((len(at), most))
        if len(at):
            for places, stripe, chosen in self._times.groups(at):
                assert isinstance(stripe, Stripe)
                times[places] = stripe.integers(chosen)
            for places, stripe, chosen in self._of_values().groups(at):
                values[places] = stripe.values(chosen, most)
        counts = self.place.about().lasts[self.place.columns][at] + 1
        inside = np.arange(most) < counts[:, None]
        times, values = times[inside], values[inside]
        return Samples.chosen(found.rows, counts, (times >= start) & (times <= end), (times, values))

    def _of_values(self) -> _Columns:
        if self._values is None:
            self._values = _Columns(self.place, len(self._times.layout().codes), times=False)
        return self._values


class LegacyRagged(StoredRagged):
    """A ragged part in a file of format 2: the series in stripes of 64, of each its times and its values."""

    __slots__ = ()

    def samples(self, wanted: Wanted, start: int, end: int) -> Samples:
        found = matched(self.refs, wanted.refs)
        stripes = np.unique(found.at // legacy.STRIPE).tolist()
        blocks = [self._block(stripe) for stripe in stripes]
        if not blocks:
            return Samples(found.rows, found.at, np.empty(0, np.int64), np.empty(0))
        pieces = [block.samples(wanted, start, end) for block in blocks]
        arrays = zip(*((one.rows, one.counts, one.times, one.values) for one in pieces), strict=True)
        return Samples(*map(np.concatenate, arrays))

    def _block(self, at: int) -> Block:
        place, first = self.place, self.place.stripes.start + 2 * at
        columns = slice(at * legacy.STRIPE, (at + 1) * legacy.STRIPE)
        key = (place.file.key, place.index, first)
        found = place.file.cache.get(key)
        if found is None:
            times = legacy.decode_times(place.file.stripe(place.index, first))
            found = (times, legacy.decode(place.file.stripe(place.index, first + 1), 1, len(times))[0])
            place.file.cache.put(key, found)
        lasts: AnyArray = place.about().lasts[place.columns][columns]
        return Block(self.refs[columns], np.concatenate([[0], np.cumsum(lasts + 1)]), found[0], found[1])
