"""Files of sealed parts: what was written is what is read."""

from __future__ import annotations

import io

import numpy as np
import pytest

from engine.foundation.errors import DamagedError
from engine.tsdb.files.cache import ArrayCache
from engine.tsdb.files.partfile import PartFile
from engine.tsdb.files.partwrite import write_parts
from engine.tsdb.parts import Wanted
from engine.tsdb.ragged import OpenRagged
from engine.tsdb.table import OpenTable
from engine.tsdb.view import Part
from promql.model.staleness import ABSENT_NAN, STALE_NAN, is_absent


def stored(*parts: Part, refs: np.ndarray) -> list[Part]:
    memory = io.BytesIO()
    write_parts(memory, [(part, refs) for part in parts])
    return list(PartFile("memory", 1, memory.getvalue(), ArrayCache(1 << 20)).parts())


def test_a_stored_table_shows_the_same_as_the_open_one() -> None:
    table, refs = OpenTable(), np.arange(100, dtype=np.int64)[::-1] * 3
    for row in range(20):
        columns = np.arange(row % 3, 100, dtype=np.int64)
        table.write(row * 10, columns, columns + row / 8)
    view = table.view()
    (part,) = stored(Part(1, 0, 190, 7, 0, table=view), refs=refs)
    assert part.table is not None
    assert (part.source, part.start, part.end, part.through) == (1, 0, 190, 7)
    wanted = Wanted(np.sort(refs)[10:90], np.argsort(refs)[10:90])
    for here in (view, part.table):
        out = np.empty((80, 12))
        found = here.locate(wanted)
        assert found.rows.tolist() == list(range(80))
        here.fill(out, found.at, 3, 15)
        assert (out == wanted.columns[:, None] + np.arange(3, 15) / 8).all()
        assert not len(here.locate(Wanted(np.array([1]), np.array([500]))).rows)
        times, column = here.column(int(found.at[7]))
        assert (times.tolist(), column.tolist()) == (
            view.times.tolist(),
            (wanted.columns[7] + np.arange(20) / 8).tolist(),
        )
    assert part.table.times.tolist() == view.times.tolist()


def test_what_has_no_hole_is_known_without_a_look_at_the_values() -> None:
    table, refs = OpenTable(), np.arange(4, dtype=np.int64)
    for row in range(6):
        values = np.array([1.0, ABSENT_NAN, STALE_NAN if row == 3 else 1.0, 1.0])
        here = ~is_absent(values) & np.array([True, True, True, 1 < row < 5])
        table.write(row, np.flatnonzero(here), values[here])
    (part,) = stored(Part(0, 0, 5, 0, 0, table=table.view()), refs=refs)
    assert part.table is not None
    steady, stale, short = (np.repeat(part.table.locate(Wanted(refs[[n]], refs[[n]])).at, 8) for n in (0, 2, 3))
    assert part.table.whole(steady, 0, 6)
    assert not part.table.whole(stale, 0, 6)
    assert not part.table.whole(short, 1, 4)
    assert part.table.whole(short, 2, 5)


def test_stored_ragged_samples_are_those_that_were_written() -> None:
    ragged, refs = OpenRagged(), np.arange(200, dtype=np.int64)
    for time in range(30):
        columns = np.arange(time % 7, 200, 7)
        ragged.write(columns, time, columns * 1.5 + time)
    block = ragged.view().block(refs)
    (part,) = stored(Part(0, 0, 29, 0, 0, ragged=block), refs=refs)
    assert part.ragged is not None
    wanted = Wanted(refs[20:150], refs[20:150])
    for here in (ragged.view(), block, part.ragged):
        samples = here.samples(wanted, 5, 20)
        rows = np.repeat(samples.rows, samples.counts).tolist()
        assert rows == sorted(rows)
        found = sorted(zip(rows, samples.times.tolist(), samples.values.tolist(), strict=True))
        assert found == [(c - 20, t, c * 1.5 + t) for c in range(20, 150) for t in range(5, 21) if t % 7 == c % 7]
        assert len(here.samples(Wanted(np.array([900]), np.array([900])), 0, 99).rows) == 0


def test_the_last_time_of_each_series_is_known_from_the_list_of_parts() -> None:
    table, ragged, refs = OpenTable(), OpenRagged(), np.arange(3, dtype=np.int64)
    table.write(10, refs, refs * 1.0)
    table.write(20, refs[:1], np.zeros(1))
    ragged.write(refs[1:], 15, np.zeros(2))
    memory = io.BytesIO()
    parts = [Part(0, 10, 20, 0, 0, table=table.view()), Part(0, 15, 15, 0, 0, ragged=ragged.view().block(refs))]
    write_parts(memory, [(part, refs) for part in parts])
    file = PartFile("memory", 1, memory.getvalue(), ArrayCache(0))
    found = [pair for refs, times in file.lasts() for pair in zip(refs.tolist(), times.tolist(), strict=True)]
    assert found == [(0, 20), (1, 10), (2, 10), (1, 15), (2, 15)]


def test_each_flipped_byte_of_a_file_of_parts_is_noticed() -> None:
    table, refs = OpenTable(), np.arange(3, dtype=np.int64)
    for row in range(4):
        table.write(row, refs, refs * 1.0 + row)
    memory = io.BytesIO()
    write_parts(memory, [(Part(0, 0, 3, 0, 0, table=table.view()), refs)])
    good = memory.getvalue()
    unused = set(range(12, 16)) | set(range(len(good) - 12, len(good) - 8))
    for at in set(range(len(good))) - unused:
        data = bytearray(good)
        data[at] ^= 0x10
        with pytest.raises(DamagedError):
            _read_all(bytes(data))


def _read_all(data: bytes) -> None:
    for part in PartFile("memory", 1, data, ArrayCache(1 << 20)).parts():
        assert part.table is not None
        part.table.fill(np.empty((3, 4)), np.arange(3), 0, 4)


def test_the_cache_gives_up_what_was_not_asked_for_longest() -> None:
    cache = ArrayCache(24)
    for key in "abc":
        cache.put(key, (np.zeros(1),))
    cache.get("a")
    cache.put("d", (np.zeros(1),))
    assert [key for key in "abcd" if cache.get(key) is not None] == ["a", "c", "d"]
