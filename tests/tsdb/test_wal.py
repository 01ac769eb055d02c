"""Records and segments."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from engine.tsdb.commit import Commit, Layout
from engine.tsdb.errors import FormatError
from engine.tsdb.frames import FrameFile, Gap, framed, read_frames
from engine.tsdb.wal import DEFLATED, LAYOUT, Logged, Wal, read_segment, segments
from promql.model.staleness import STALE_NAN

TAG = b"test"


def ints(*numbers: int) -> np.ndarray:
    return np.array(numbers, np.int64)


def row(time: int, refs: np.ndarray, *values: float) -> Commit:
    return Commit(time, Layout(refs, refs), np.array(values), 0)


def logged(folder: Path) -> list[tuple[int, int, list[int] | int, list[int] | None, list[float]]]:
    found = []
    for path in segments(folder):
        for one in read_segment(path):
            assert isinstance(one, Logged)
            times = one.times if isinstance(one.times, int) else one.times.tolist()
            refs = None if one.refs is None else one.refs.tolist()
            found.append((one.number, one.source, times, refs, one.values.tolist()))
    return found


def test_what_was_logged_is_read_back(tmp_path: Path) -> None:
    wal = Wal(tmp_path, 1, 1 << 20, compress=False)
    wal.write(0, 4, row(1000, ints(7, 9), 1.0, 2.0))
    wal.write(1, 4, row(2000, ints(7, 9), 3.0, 4.0))
    wal.write(2, 5, Commit(ints(1, 2), Layout(ints(0, 0), ints(8, 8)), np.array([5.0, 6.0]), 0))
    wal.close()
    assert logged(tmp_path) == [
        (0, 4, 1000, [7, 9], [1.0, 2.0]),
        (1, 4, 2000, [7, 9], [3.0, 4.0]),
        (2, 5, [1, 2], [8, 8], [5.0, 6.0]),
    ]


def test_a_log_may_have_deflated_records_and_others(tmp_path: Path) -> None:
    refs = ints(*range(1000))
    odd = np.array([STALE_NAN, -0.0, np.inf, 5e-324, *range(996)])
    noise = np.frombuffer(np.random.default_rng(1).bytes(8000))
    commits = [
        row(1, refs, *odd),
        row(2, refs, *noise),
        row(3, refs[:2], 1.0, 2.0),
        Commit(ints(*range(500), *range(500)), Layout(refs // 2, refs // 2), odd, 0),
    ]
    sizes = []
    for segment, compress in ((1, True), (2, False)):
        wal = Wal(tmp_path, segment, 1 << 20, compress=compress)
        for number, commit in enumerate(commits):
            wal.write(number, 4, commit)
        sizes.append(segments(tmp_path)[-1].stat().st_size)
        wal.close()
    assert sizes[0] < 0.6 * sizes[1]
    kinds = [f.kind & DEFLATED != 0 for f in read_frames(segments(tmp_path)[0], b"wal\0") if not isinstance(f, Gap)]
    assert True in kinds
    assert False in kinds  # what would only grow stays as it is
    read = [list(read_segment(path)) for path in segments(tmp_path)]
    for found in read:
        for commit, one in zip(commits, found, strict=True):
            assert isinstance(one, Logged)
            assert one.values.tobytes() == commit.values.tobytes()
            assert np.array_equal(np.asarray(one.times), np.asarray(commit.times))
            assert np.array_equal(one.refs, commit.layout.refs)


def test_a_layout_is_written_once_a_segment(tmp_path: Path) -> None:
    wal, refs = Wal(tmp_path, 1, 400, compress=False), ints(*range(10))
    for time in range(8):
        wal.write(time, 0, row(time, refs.copy(), *np.ones(10)))
    wal.close()
    kinds = [[f.kind for f in read_frames(path, b"wal\0") if not isinstance(f, Gap)] for path in segments(tmp_path)]
    assert len(kinds) > 1
    assert all(found[0] == LAYOUT and LAYOUT not in found[1:] for found in kinds)
    assert [entry[0] for entry in logged(tmp_path)] == list(range(8))


def test_segments_below_a_number_are_deleted_and_no_others(tmp_path: Path) -> None:
    wal = Wal(tmp_path, 1, 100, compress=False)
    for time in range(6):
        wal.write(time, 0, row(time, ints(1), 1.0))
    names = [path.name for path in segments(tmp_path)]
    wal.drop_before(3)
    assert [path.name for path in segments(tmp_path)] == names[2:]
    assert wal.size() == sum(path.stat().st_size for path in segments(tmp_path))
    wal.close()


def test_a_row_whose_layout_is_lost_has_no_series(tmp_path: Path) -> None:
    wal = Wal(tmp_path, 1, 1 << 20, compress=False)
    wal.write(0, 0, row(0, ints(1, 2), 1.0, 2.0))
    wal.write(1, 0, row(1, ints(1, 2), 1.0, 2.0))
    wal.close()
    (path,) = segments(tmp_path)
    data = bytearray(path.read_bytes())
    data[40] ^= 1
    path.write_bytes(data)
    gap, *rows = read_segment(path)
    assert isinstance(gap, Gap)
    assert not gap.torn
    assert [one.refs for one in rows if isinstance(one, Logged)] == [None, None]


@given(
    payloads=st.lists(st.binary(max_size=30), max_size=6),
    rubbish=st.binary(min_size=1, max_size=30),
    place=st.integers(0, 5),
)
def test_rubbish_between_records_is_a_gap_and_hides_none(
    payloads: list[bytes], rubbish: bytes, place: int, tmp_path_factory: pytest.TempPathFactory
) -> None:
    path = tmp_path_factory.mktemp("frames") / "file"
    file = FrameFile(path, TAG)
    records = [framed(1, payload) for payload in payloads]
    file.append([*records[:place], rubbish, *records[place:]])
    file.close()
    found = list(read_frames(path, TAG))
    assert [bytes(f.payload) for f in found if not isinstance(f, Gap)] == payloads
    (gap,) = [f for f in found if isinstance(f, Gap)]
    assert gap.end - gap.start == len(rubbish)
    assert gap.torn == (place >= len(payloads))


def test_a_file_of_another_version_is_refused_by_name(tmp_path: Path) -> None:
    path = tmp_path / "file"
    FrameFile(path, TAG).close()
    data = bytearray(path.read_bytes())
    data[8:12] = (7).to_bytes(2, "little") + (7 ^ 0xFFFF).to_bytes(2, "little")
    path.write_bytes(data)
    with pytest.raises(FormatError, match="format version 7"):
        list(read_frames(path, TAG))
