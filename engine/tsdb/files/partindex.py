"""What the indexes and the footer of a file of parts hold; their forms are in `engine.tsdb.files.partformat`."""

from __future__ import annotations

import struct
from typing import Final

import numpy as np
from msgspec import Struct
from msgspec.structs import astuple

from engine.foundation.zstd import compressed, decompressed
from engine.tsdb.codec.planes import Reader, planes
from engine.tsdb.files.partformat import PART_FIELDS, PART_TYPE, PLACE_TYPE
from promql.model.types import AnyArray, BoolArray, IntArray

_INDEX_COUNTS: Final = struct.Struct("<III")
_FOOTER_COUNTS: Final = struct.Struct("<IIII")


class About(Struct, frozen=True):
    """About the columns of one part or of several in a row: `times` (Unix ms); by column `refs` (the series), `firsts`,
    `lasts` (rows), `dense`, `codes`, `time_codes` (of ragged parts; see `engine.tsdb.codec.layout`).

    In a ragged part `lasts` says how many samples each series has, less one.
    """

    times: IntArray
    refs: IntArray
    firsts: IntArray
    lasts: IntArray
    dense: BoolArray
    codes: AnyArray
    time_codes: AnyArray


class Index(About, frozen=True):
    """The same as it is in a file, and by stripe `offsets`, `lengths`, `crcs`."""

    offsets: IntArray
    lengths: IntArray
    crcs: IntArray

    def arrays(self) -> tuple[AnyArray, ...]:
        return astuple(self)


class Footer(Struct, frozen=True):
    """`parts: PART_TYPE[P]`, `indexes: PLACE_TYPE[I]`; the level of compaction, the numbers of the files replaced."""

    parts: AnyArray
    indexes: AnyArray
    level: int = 0
    replaces: frozenset[int] = frozenset()

    def packed(self) -> bytes:
        replaced = np.array(sorted(self.replaces), "<u4")
        head = _FOOTER_COUNTS.pack(len(self.parts), len(self.indexes), self.level, len(replaced))
        columns = [planes(self.parts[name]) for name, _ in PART_FIELDS]
        return compressed(b"".join([head, *columns, self.indexes.tobytes(), replaced.tobytes()]))


def read_footer(packed: bytes | memoryview) -> Footer:
    data = decompressed(packed)
    count, indexes, level, replaced = _FOOTER_COUNTS.unpack_from(data)
    reader = Reader(np.frombuffer(data, np.uint8, offset=_FOOTER_COUNTS.size))
    parts = np.empty(count, PART_TYPE)
    for name, kind in PART_FIELDS:
        parts[name] = reader.take(kind, count)
    rest, size = reader.rest(), indexes * PLACE_TYPE.itemsize
    return Footer(parts, rest[:size].view(PLACE_TYPE), level, frozenset(rest[size:].view("<u4").tolist()[:replaced]))


def pack_index(about: About, lengths: IntArray, crcs: IntArray) -> bytes:
    """An index of parts whose stripes have these lengths and checksums."""
    counts = _INDEX_COUNTS.pack(len(about.times), len(about.refs), len(lengths))
    steps = [np.diff(some, prepend=0).astype("<i8") for some in (about.times, about.refs)]
    rows = [some.astype("<u4") for some in (about.firsts, about.lasts)]
    codes = [some.astype("u1") for some in (about.dense, about.codes, about.time_codes)]
    stripes = [some.astype("<u4") for some in (lengths, crcs)]
    return compressed(b"".join([counts, *map(planes, (*steps, *rows, *codes, *stripes))]))


def read_index(packed: bytes | memoryview, parts: AnyArray) -> Index:
    """The index of these parts, `PART_TYPE[P]`; the first of them tells where its first stripe is."""
    data = decompressed(packed)
    times, columns, stripes = _INDEX_COUNTS.unpack_from(data)
    take = Reader(np.frombuffer(data, np.uint8, offset=_INDEX_COUNTS.size)).take
    instants, refs = np.cumsum(take("<i8", times)), np.cumsum(take("<i8", columns))
    firsts, lasts = (take("<u4", columns).astype(np.int64) for _ in range(2))
    dense, codes, time_codes = take("?", columns), take("u1", columns), take("u1", columns)
    lengths, crcs = (take("<u4", stripes).astype(np.int64) for _ in range(2))
    offsets = int(parts["offset"][0]) + np.cumsum(lengths) - lengths
    return Index(instants, refs, firsts, lasts, dense, codes, time_codes, offsets, lengths, crcs)
