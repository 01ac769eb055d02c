"""Records and segments: what is written, what is read, what a lost record costs."""

from __future__ import annotations

import shutil
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from engine.foundation.errors import FormatError
from engine.foundation.frames import Form, Frame, FrameFile, Gap, framed, read_frames
from engine.tsdb.commit import Commit, Layout
from engine.tsdb.log.pages import Lost, Rows
from engine.tsdb.log.replay import Instants, Through, read_segment
from engine.tsdb.log.wal import FULL_EVERY, Wal
from engine.tsdb.log.walformat import CHANGES, CHANGES_HEAD, DEFLATED, FORM, PAGE, segments
from engine.tsdb.options import StoreOptions
from engine.tsdb.store import Store
from promql.model.staleness import STALE_NAN
from tests.tsdb.twin import STALE, answer, bits, everything, named

TEST = Form(b"test", 3)
Sample = tuple[int, int, int, int, bytes]
"""Commit, source, time, series, value."""

VALUES = st.one_of(
    st.integers(0, 1000).map(float), st.floats(), st.sampled_from([STALE_NAN, -0.0, 0.0, 5e-324, float("inf")])
)


def ints(*numbers: int) -> np.ndarray:
    return np.array(numbers, np.int64)


def row(time: int, refs: np.ndarray, *values: float) -> Commit:
    return Commit(time, Layout(refs, refs), np.array(values), 0)


def wal_in(folder: Path, segment: int = 1, size: int = 1 << 20, *, compress: bool = True) -> Wal:
    return Wal(folder, segment, StoreOptions(segment_bytes=size, log_compression=compress))


def samples(commit: int, source: int, one: Commit) -> list[Sample]:
    times = np.broadcast_to(one.times, len(one.values)).tolist()
    raw = [value.tobytes() for value in one.values]
    return [(commit, source, *rest) for rest in zip(times, one.layout.refs.tolist(), raw, strict=True)]


def logged(path: Path, through: Through = lambda _: -1) -> tuple[list[Sample], list[Lost], list[Gap]]:
    """All samples in the order of the commits, what was lost, and the gaps."""
    found: list[Sample] = []
    lost, gaps = [], []
    for one in read_segment(path, through):
        if isinstance(one, Lost):
            lost.append(one)
        elif isinstance(one, Gap):
            gaps.append(one)
        elif isinstance(one, Instants):
            found += samples(one.numbers[0], one.source, Commit(one.times, Layout(one.refs, one.refs), one.values, 0))
        else:
            for at, number in enumerate(one.numbers):
                found += samples(number, one.source, row(int(one.times[at]), one.refs, *one.values[at]))
    return sorted(found, key=lambda sample: sample[0]), lost, gaps


def frames(path: Path) -> list[Frame]:
    return [frame for frame in read_frames(path, FORM) if isinstance(frame, Frame)]


def kinds(path: Path) -> list[int]:
    return [frame.kind & ~DEFLATED for frame in frames(path)]


def damaged(path: Path, record: int, place: float, bit: int) -> None:
    """Turn a bit of a record; `place` 0 is in its first byte, 1 behind its last."""
    ends = [16, *(frame.end for frame in frames(path))]
    data = bytearray(path.read_bytes())
    data[ends[record] + int((ends[record + 1] - ends[record]) * place)] ^= 1 << bit
    path.write_bytes(data)


@st.composite
def commits(draw: st.DrawFn) -> list[tuple[int, Commit]]:
    """Commits of three sources, most of them of the page that the source had before."""
    pages: dict[int, np.ndarray] = {}
    made = []
    for time in range(draw(st.integers(1, 40))):
        source = draw(st.integers(0, 2))
        if source not in pages or draw(st.integers(0, 5)) == 0:
            refs = draw(st.lists(st.integers(0, 30), min_size=1, max_size=6, unique=True))
            pages[source] = ints(*refs)
        refs = pages[source].copy() if draw(st.booleans()) else pages[source]
        values = np.array(draw(st.lists(VALUES, min_size=len(refs), max_size=len(refs))))
        times = time if draw(st.integers(0, 4)) else ints(*range(time, time + len(refs)))
        made.append((source, Commit(times, Layout(refs, refs), values, 0)))
    return made


@given(made=commits(), compress=st.booleans(), held=st.integers(0, 45))
def test_what_was_logged_is_read_back_bit_for_bit_but_for_what_parts_hold(
    made: list[tuple[int, Commit]], compress: bool, held: int, tmp_path_factory: pytest.TempPathFactory
) -> None:
    folder = tmp_path_factory.mktemp("wal")
    wal = wal_in(folder, compress=compress)
    for number, (source, commit) in enumerate(made):
        wal.write(number, source, commit)
    wal.close()
    (path,) = segments(folder)
    expected = [sample for number, (source, commit) in enumerate(made) for sample in samples(number, source, commit)]
    assert logged(path) == (expected, [], [])
    kept = [sample for sample in expected if sample[1] != 1 or sample[0] > held]
    assert logged(path, lambda source: held if source == 1 else -1) == (kept, [], [])


@given(made=commits(), data=st.data())
def test_a_lost_record_costs_its_source_the_commits_up_to_the_next_full_row(
    made: list[tuple[int, Commit]], data: st.DataObject, tmp_path_factory: pytest.TempPathFactory
) -> None:
    folder = tmp_path_factory.mktemp("wal")
    wal = wal_in(folder)
    for number, (source, commit) in enumerate(made):
        wal.write(number, source, commit)
    wal.close()
    (path,) = segments(folder)
    expected, _, _ = logged(path)
    records = frames(path)
    at = data.draw(st.integers(0, len(records) - 1))
    gone = samples_of_record(records, at, made)
    damaged(path, at, data.draw(st.floats(0, 1, exclude_max=True)), data.draw(st.integers(0, 7)))
    found, lost, gaps = logged(path)
    assert len(gaps) == 1
    assert found == [sample for sample in expected if sample[0] not in gone]
    assert sum(one.commits for one in lost) == len(gone) - (records[at].kind != PAGE)


def samples_of_record(records: list[Frame], at: int, made: list[tuple[int, Commit]]) -> set[int]:
    """The commits that need a record: itself, and the rows of its page that rest on it, up to the next full one."""
    numbers = [CHANGES_HEAD.unpack_from(r.payload) if r.kind == CHANGES else None for r in records]
    if records[at].kind not in {CHANGES, PAGE}:
        return {int.from_bytes(records[at].payload[:8], "little")}
    page = numbers[at][2] if numbers[at] is not None else int.from_bytes(records[at].payload[:4], "little")
    gone: set[int] = set()
    first = at if numbers[at] is not None else at + 1
    for head in (head for head in numbers[first:] if head is not None and head[2] == page):
        if gone and not head[3]:
            break
        gone.add(head[0])
    return gone


def test_a_row_tells_what_changed_and_every_32nd_all(tmp_path: Path) -> None:
    refs = ints(*range(1000))
    wal = wal_in(tmp_path)
    rows = FULL_EVERY * 2 + 1
    for time in range(rows):
        wal.write(time, 0, row(time, refs, *([7e10 + 1 / 3] * 999 + [float(time)])))
    wal.close()
    (path,) = segments(tmp_path)
    assert [at for at, kind in enumerate(kinds(path)) if kind == PAGE] == [0, FULL_EVERY + 1, 2 * (FULL_EVERY + 1)]
    sizes = [len(frame.payload) for frame in frames(path) if frame.kind & ~DEFLATED == CHANGES]
    assert max(sizes[1:FULL_EVERY]) < 170
    found, lost, gaps = logged(path)
    assert len(found) == 1000 * rows
    assert (lost, gaps) == ([], [])


def test_long_records_are_deflated_where_that_makes_them_smaller_and_asked_for(tmp_path: Path) -> None:
    refs = ints(*range(3000))
    random = np.random.default_rng(1)
    some = random.integers(0, 2, (3000, 1)) * random.integers(0, 2, (3000, 8))
    noise = (random.integers(1, 256, (3000, 8)) * some).astype(np.uint8).view(np.float64).ravel()
    repeated = np.tile(np.arange(30) + 0.1, 100)
    sizes = []
    for segment, compress in ((1, True), (2, False)):
        wal = wal_in(tmp_path, segment, compress=compress)
        for number, values in enumerate((repeated, noise, np.ones(3000))):
            wal.write(number, number, row(number, refs, *values))
        sizes.append(wal.size())
        wal.close()
    marks = [
        [f.kind & DEFLATED != 0 for f in frames(path) if f.kind & ~DEFLATED == CHANGES] for path in segments(tmp_path)
    ]
    assert marks == [[True, False, True], [False, False, False]]
    first, second = (logged(path) for path in segments(tmp_path))
    assert first == second


def test_each_segment_can_be_read_alone(tmp_path: Path) -> None:
    wal, refs = wal_in(tmp_path, size=400), ints(*range(10))
    for time in range(20):
        wal.write(time, 0, row(time, refs, *np.full(10, time / 7)))
    wal.close()
    assert len(segments(tmp_path)) > 2
    assert all(kinds(path)[:2] == [PAGE, CHANGES] for path in segments(tmp_path))
    alone = [logged(path)[0] for path in segments(tmp_path)]
    assert [sample[0] for found in alone for sample in found] == [time for time in range(20) for _ in range(10)]


def test_a_segment_spans_half_an_hour_at_most(tmp_path: Path) -> None:
    wal = wal_in(tmp_path)
    for minute in range(70):
        wal.write(minute, 0, row(minute * 60_000, ints(1), 1.0))
    wal.close()
    assert [len(logged(path)[0]) for path in segments(tmp_path)] == [30, 30, 10]


def test_segments_below_a_number_are_deleted_and_no_others(tmp_path: Path) -> None:
    wal = wal_in(tmp_path, size=100)
    for time in range(6):
        wal.write(time, 0, row(time, ints(1), 1.0))
    names = [path.name for path in segments(tmp_path)]
    wal.drop_before(3)
    assert [path.name for path in segments(tmp_path)] == names[2:]
    assert wal.size() == sum(path.stat().st_size for path in segments(tmp_path))
    wal.close()


def test_many_rows_are_read_a_few_at_a_time(tmp_path: Path) -> None:
    refs = ints(*range(300_000))
    wal = wal_in(tmp_path)
    for time in range(35):
        wal.write(time, 0, Commit(time, Layout(refs, refs), np.full(300_000, float(time)), 0))
    wal.close()
    found = [one for one in read_segment(segments(tmp_path)[0]) if isinstance(one, Rows)]
    assert [number for one in found for number in one.numbers] == list(range(35))
    assert all((one.values == one.times[:, None]).all() for one in found)
    assert max(one.values.size for one in found) < 1_000_000


@given(
    payloads=st.lists(st.binary(max_size=30), max_size=6),
    rubbish=st.binary(min_size=1, max_size=30),
    place=st.integers(0, 5),
)
def test_rubbish_between_records_is_a_gap_and_hides_none(
    payloads: list[bytes], rubbish: bytes, place: int, tmp_path_factory: pytest.TempPathFactory
) -> None:
    path = tmp_path_factory.mktemp("frames") / "file"
    file = FrameFile(path, TEST)
    records = [framed(1, payload) for payload in payloads]
    file.append([*records[:place], rubbish, *records[place:]])
    file.close()
    found = list(read_frames(path, TEST))
    assert [bytes(f.payload) for f in found if not isinstance(f, Gap)] == payloads
    (gap,) = [f for f in found if isinstance(f, Gap)]
    assert gap.end - gap.start == len(rubbish)
    assert gap.torn == (place >= len(payloads))


def test_a_file_larger_than_a_block_is_read_to_its_end_whatever_lies_between(tmp_path: Path) -> None:
    path = tmp_path / "file"
    file = FrameFile(path, TEST)
    payloads = [bytes([at]) * 700_001 for at in range(8)]
    for at, payload in enumerate(payloads):
        file.append([framed(1, payload), bytes(2_500_000 if at == 3 else 0)])
    file.close()
    found = list(read_frames(path, TEST))
    assert [bytes(f.payload) for f in found if not isinstance(f, Gap)] == payloads
    assert [gap.end - gap.start for gap in found if isinstance(gap, Gap)] == [2_500_000]


@pytest.mark.parametrize("version", [1, 2, 3])
def test_a_file_of_this_version_or_an_older_one_is_read(version: int, tmp_path: Path) -> None:
    file = FrameFile(tmp_path / "file", Form(TEST.tag, version))
    file.append([framed(9, b"x")])
    file.close()
    (frame,) = read_frames(tmp_path / "file", TEST)
    assert isinstance(frame, Frame)
    assert frame.kind == 9


def test_a_file_of_a_newer_version_is_refused_by_name(tmp_path: Path) -> None:
    FrameFile(tmp_path / "file", Form(TEST.tag, 7)).close()
    with pytest.raises(FormatError, match=r"file: format version 7, but this release reads up to 3"):
        list(read_frames(tmp_path / "file", TEST))


def test_a_log_of_version_1_is_read_and_goes_on_in_this_version(tmp_path: Path) -> None:
    stored = Path(__file__).parent / "stored" / "log_1"
    folder = shutil.copytree(stored, tmp_path / "data")
    store = Store.open(folder, StoreOptions())
    assert (store.recovery.commits, store.recovery.lost_commits, store.recovery.damages) == (11, 0, ())
    before = answer(store, everything())
    store.close()
    assert len(before) == 43
    for i in range(40):
        assert before[named("w", i=str(i))] == [(at * 1000, bits(float(at + i * 10))) for at in range(5)]
    thirds = [(at * 1000 + 1, bits(at / 3)) for at in range(5)]
    ends = [(6000, STALE), (7000, bits(-0.0)), (7000, bits(float("nan")))]
    assert [before[named("f", i=str(i))] for i in range(3)] == [[*thirds, end] for end in ends]
    store = Store.open(folder)
    assert answer(store, everything()) == before
    store.close()
