"""Files of parts of other releases: format 2 is read, a later one is refused by name.

`stored/00000002.part` and `stored/00000003.part` were written by the release that wrote format 2.
"""

from __future__ import annotations

import io
from pathlib import Path

import numpy as np
import pytest

from engine.foundation.errors import FormatError
from engine.tsdb.files.cache import ArrayCache
from engine.tsdb.files.partfile import PartFile
from engine.tsdb.files.partformat import HEADER, MAGIC
from engine.tsdb.files.partwrite import PartWriter
from engine.tsdb.parts import Wanted
from engine.tsdb.upkeep.merge import write_source
from engine.tsdb.view import Part
from promql.model.staleness import ABSENT_NAN, NORMAL_NAN, STALE_NAN

OLD = Path(__file__).parent / "stored" / "00000002.part"


def rewritten(file: PartFile) -> PartFile:
    memory = io.BytesIO()
    writer = PartWriter(memory)
    for part in file.parts():
        assert sum(write_source(writer, [part], join=False)) > 0
    writer.finish()
    return PartFile("memory", 3, memory.getvalue(), ArrayCache(1 << 20))


def old() -> PartFile:
    return PartFile.open(OLD, ArrayCache(1 << 20))


@pytest.mark.parametrize("file", [old(), rewritten(old()), rewritten(rewritten(old()))], ids=["2", "3", "3 copied"])
def test_the_table_of_a_file_of_format_2_is_read_and_rewritten(file: PartFile) -> None:
    part = next(file.parts())
    assert (part.source, part.start, part.end, part.through) == (4, 1000, 1285, 17)
    columns, rows = np.arange(80), np.arange(20)
    expected = columns[:, None] * 1000.0 + rows * (columns % 5)[:, None] + (columns % 3)[:, None] / 8
    expected[7, 9], expected[7, 11] = STALE_NAN, NORMAL_NAN
    expected[3, :5] = expected[3, 15:] = ABSENT_NAN
    assert part.table is not None
    assert (part.table.times == 1000 + 15 * rows).all()
    refs = np.arange(100, 180)
    found = part.table.locate(Wanted(refs, refs))
    for low, high in ((0, 20), (4, 11)):
        out = np.empty((80, high - low))
        part.table.fill(out, found.at, low, high)
        assert (out.view(np.uint64) == expected[::-1, low:high].copy().view(np.uint64)).all()
    assert part.table.whole(found.at[:70], 0, 20)
    assert not part.table.whole(found.at, 0, 20)
    times, column = part.table.column(5)
    assert (times.tolist(), column.tolist()) == ((1000 + 15 * rows).tolist(), expected[74].tolist())


@pytest.mark.parametrize("file", [old(), rewritten(old()), rewritten(rewritten(old()))], ids=["2", "3", "3 copied"])
def test_the_ragged_part_of_a_file_of_format_2_is_read_and_rewritten(file: PartFile) -> None:
    parts: list[Part] = list(file.parts())
    assert {(part.source, part.through) for part in parts[1:]} == {(5, 23)}
    refs, found = np.arange(300, 370), []
    for part in parts[1:]:
        assert part.ragged is not None
        samples = part.ragged.samples(Wanted(refs, refs), 0, 9999)
        owners = np.repeat(samples.rows, samples.counts).tolist()
        found += zip(owners, samples.times.tolist(), samples.values.tolist(), strict=True)
    assert sorted(found) == [(c, 2000 + t, c * 1.5 + t) for c in range(70) for t in range(12) if c % 3 == t % 3]


def test_a_table_of_format_2_has_the_stripes_that_its_number_of_rows_gave_it() -> None:
    file = PartFile.open(OLD.with_name("00000003.part"), ArrayCache(1 << 20))
    (part,) = file.parts()
    assert part.table is not None
    refs = np.arange(150)
    out = np.empty((150, 100))
    part.table.fill(out, part.table.locate(Wanted(refs, refs)).at, 0, 100)
    assert (out == refs[:, None] + np.arange(100) // 10).all()


def test_a_file_of_a_later_format_is_refused_by_name() -> None:
    data = bytearray(OLD.read_bytes())
    data[: HEADER.size] = HEADER.pack(MAGIC, 4, 4 ^ 0xFFFF)
    with pytest.raises(FormatError, match="x: format version 4, but this release reads 2 and 3: use the other one"):
        PartFile("x", 1, bytes(data), ArrayCache(0))
