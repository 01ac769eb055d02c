"""Writing files of sealed parts; their form is in `engine.tsdb.partformat`."""

from __future__ import annotations

import zlib
from collections.abc import Sequence
from dataclasses import dataclass
from typing import BinaryIO

import numpy as np

from engine.tsdb import codec
from engine.tsdb.partformat import (
    COLUMN_TYPE,
    HEADER,
    MAGIC,
    PART_TYPE,
    RAGGED,
    STRIPE,
    STRIPE_TYPE,
    TABLE,
    TRAILER,
    VERSION,
    width,
)
from engine.tsdb.parts import Block
from engine.tsdb.table import TableView
from engine.tsdb.view import Part
from promql.model.staleness import is_absent, is_stale
from promql.model.types import AnyArray, FloatArray, IntArray


@dataclass(frozen=True, slots=True)
class Encoded:
    """One part on its way into a file. For a ragged part `times` has the last time of each series."""

    head: tuple[int, ...]
    times: IntArray
    refs: IntArray
    columns: AnyArray
    stripes: list[bytes]


def encode_part(part: Part, refs: IntArray) -> Encoded:
    """Turn and encode a sealed part; `refs` gives the series in each column of its source."""
    if isinstance(part.table, TableView):
        return _encode_table(part, part.table, refs)
    assert isinstance(part.ragged, Block)
    return _encode_ragged(part, part.ragged)


def write_parts(file: BinaryIO, parts: Sequence[Encoded]) -> None:
    """Write a whole file of parts."""
    file.write(HEADER.pack(MAGIC, VERSION, VERSION ^ 0xFFFF))
    offset = HEADER.size
    stripes = [stripe for part in parts for stripe in part.stripes]
    places = np.zeros(len(stripes), STRIPE_TYPE)
    for at, stripe in enumerate(stripes):
        places[at] = (offset, len(stripe), zlib.crc32(stripe))
        file.write(stripe)
        offset += len(stripe)
    footer = _footer(parts, places)
    file.write(footer)
    file.write(TRAILER.pack(offset, len(footer), zlib.crc32(footer), MAGIC))


def _encode_table(part: Part, table: TableView, refs: IntArray) -> Encoded:
    names = refs[table.columns]
    order = names.argsort()
    rows = len(table.times)
    spans, stripes = [], []
    each = width(rows)
    for at in range(0, len(order), each):  # stripe by stripe: the whole part once more would be a lot of memory
        some = order[at : at + each]
        values = np.empty((len(some), rows))
        table.fill(values, some, 0, rows)
        spans.append(_spans(values))
        stripes.append(codec.encode(values))
    head = (TABLE, part.source, part.through, part.start, part.end, rows, len(names), len(stripes))
    return Encoded(head, table.times, names[order], np.concatenate(spans), stripes)


def _spans(values: FloatArray) -> AnyArray:
    """Where the samples of each column begin and end, and whether all between are samples."""
    present = ~is_absent(values)
    columns = np.zeros(len(values), COLUMN_TYPE)
    columns["first"] = present.argmax(axis=1)
    columns["last"] = values.shape[1] - 1 - present[:, ::-1].argmax(axis=1)
    full = present.sum(axis=1) == columns["last"] - columns["first"] + 1
    columns["dense"] = full & ~is_stale(values).any(axis=1)
    return columns


def _encode_ragged(part: Part, block: Block) -> Encoded:
    columns = np.zeros(len(block.refs), COLUMN_TYPE)
    columns["last"] = np.diff(block.offsets) - 1
    stripes: list[bytes] = []
    for at in range(0, len(block.refs), STRIPE):
        low, high = block.offsets[at], block.offsets[min(at + STRIPE, len(block.refs))]
        stripes.append(codec.encode_times(block.times[low:high]))
        stripes.append(codec.encode(block.values[None, low:high]))
    ends = block.times[block.offsets[1:] - 1]
    head = (RAGGED, part.source, part.through, part.start, part.end, len(ends), len(ends), len(stripes))
    return Encoded(head, ends, block.refs, columns, stripes)


def _footer(parts: Sequence[Encoded], places: AnyArray) -> bytes:
    directory = np.array([part.head for part in parts], PART_TYPE)
    times = np.diff(np.concatenate([part.times for part in parts]), prepend=0)
    refs = np.diff(np.concatenate([part.refs for part in parts]), prepend=0)
    columns = np.concatenate([part.columns for part in parts])
    counts = np.array([len(directory), len(times), len(refs), len(places)], "<u4")
    return zlib.compress(b"".join(a.tobytes() for a in (counts, directory, times, refs, columns, places)), 1)
