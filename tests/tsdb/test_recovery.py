"""What survives: cuts, flipped bits, lost names, full disks."""

from __future__ import annotations

import resource
import shutil
import subprocess
import sys
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from engine.foundation.errors import DamagedError, DiskFullError, FormatError
from engine.foundation.frames import Frame, read_frames
from engine.tsdb.log.walformat import CHANGES, FORM
from engine.tsdb.options import StoreOptions
from engine.tsdb.store import Store
from promql.model.panel import Kind
from tests.tsdb.twin import Answer, Twin, answer, batch, equal, everything, named

SERIES = [named("m", i=str(i)) for i in range(3)]
MORE = named("late")


def fill(folder: Path, commits: int, options: StoreOptions | None = None) -> list[Answer]:
    """A store with so many commits, one of them of two instants; the answer after each."""
    store, twin, answers = Store.open(folder, options), Twin(), [{}]
    source = store.source("s")
    for at in range(commits):
        series = [(s, float(at)) for s in SERIES] + ([(MORE, 1.0)] if at > 2 else [])
        batches = [(at * 1000, series)] if at != 4 else [(4000, series[:2]), (4500, series)]
        store.append(source, [batch(source, time, pairs) for time, pairs in batches])
        twin.append(batches)
        answers.append(twin.select(everything()))
    store.close()
    return answers


def reopened(folder: Path) -> tuple[Store, Answer]:
    store = Store.open(folder)
    return store, answer(store, everything())


@pytest.fixture(scope="module")
def filled(tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, list[Answer]]:
    folder = tmp_path_factory.mktemp("filled")
    return folder, fill(folder, 7)


def copied(folder: Path, to: Path) -> Path:
    shutil.rmtree(to, ignore_errors=True)
    shutil.copytree(folder, to)
    return to


def test_a_log_cut_at_any_byte_replays_a_prefix_of_whole_commits(
    filled: tuple[Path, list[Answer]], tmp_path: Path
) -> None:
    folder, answers = filled
    whole = (folder / "wal" / "00000001.wal").read_bytes()
    seen = set()
    for size in range(len(whole)):
        cut = copied(folder, tmp_path / "cut")
        (cut / "wal" / "00000001.wal").write_bytes(whole[:size])
        store, got = reopened(cut)
        assert got in answers
        assert store.recovery.commits == answers.index(got)
        seen.add(store.recovery.commits)
        store.close()
        again, same = reopened(cut)
        assert same == got
        assert again.recovery.damages == (), "a tail is cut off once"
        again.close()
    assert seen == set(range(7))


def test_names_cut_at_any_byte_cost_the_samples_of_what_they_named_and_are_cut_once(
    filled: tuple[Path, list[Answer]], tmp_path: Path
) -> None:
    folder, answers = filled
    whole = (folder / "series.log").read_bytes()
    found = set()
    for size in range(len(whole)):
        cut = copied(folder, tmp_path / "cut")
        (cut / "series.log").write_bytes(whole[:size])
        store, got = reopened(cut)
        # the series that came later has names of its own, and without them the commits that have it are gone
        assert got in ({}, answers[3])
        assert store.recovery.commits + store.recovery.lost_commits == 7
        found.add(len(got))
        store.close()
        again, same = reopened(cut)
        assert same == got
        assert again.recovery.damages == ()
        again.close()
    assert found == {0, len(SERIES)}


@pytest.mark.parametrize("name", ["wal/00000001.wal", "series.log", "parts/00000001.part"])
def test_a_file_of_a_newer_version_is_refused_by_name(name: str, tmp_path: Path) -> None:
    fill(tmp_path, 7, StoreOptions(seal_rows=3))
    store = Store.open(tmp_path, StoreOptions(seal_rows=3))
    store.maintain(0)
    store.close()
    data = bytearray((tmp_path / name).read_bytes())
    data[8:12] = (99).to_bytes(2, "little") + (99 ^ 0xFFFF).to_bytes(2, "little")
    (tmp_path / name).write_bytes(data)
    with pytest.raises(FormatError, match=rf"{name}: format version 99"):
        Store.open(tmp_path)


def test_a_torn_tail_is_reported_with_its_place_and_size(filled: tuple[Path, list[Answer]], tmp_path: Path) -> None:
    folder, answers = filled
    log = copied(folder, tmp_path / "cut") / "wal" / "00000001.wal"
    whole = log.read_bytes()
    log.write_bytes(whole[:-5])
    store, got = reopened(tmp_path / "cut")
    assert got == answers[6]
    (damage,) = store.recovery.damages
    assert damage.file == str(log)
    assert damage.offset + damage.size == len(whole) - 5
    store.close()


@given(
    place=st.floats(0, 1, exclude_max=True),
    bit=st.integers(0, 7),
    name=st.sampled_from(["wal/00000001.wal", "series.log"]),
)
def test_a_flipped_bit_is_reported_and_never_becomes_a_wrong_sample(
    filled: tuple[Path, list[Answer]], tmp_path_factory: pytest.TempPathFactory, place: float, bit: int, name: str
) -> None:
    folder, answers = filled
    file = copied(folder, tmp_path_factory.mktemp("flip")) / name
    data = bytearray(file.read_bytes())
    at = int(place * len(data))
    data[at] ^= 1 << bit
    file.write_bytes(data)
    store, got = reopened(file.parents[name.count("/")])
    for labels, samples in got.items():
        assert set(samples) <= set(answers[-1][labels])
    if got != answers[-1]:
        assert store.recovery.damages
    store.close()


def test_a_damaged_record_costs_its_source_the_commits_up_to_the_next_full_row(tmp_path: Path) -> None:
    answers = fill(tmp_path / "flip", 40)
    log = tmp_path / "flip" / "wal" / "00000001.wal"
    second = [frame for frame in read_frames(log, FORM) if isinstance(frame, Frame) and frame.kind == CHANGES][1]
    data = bytearray(log.read_bytes())
    data[second.end - 1] ^= 1
    log.write_bytes(data)
    store, got = reopened(tmp_path / "flip")
    assert (len(store.recovery.damages), store.recovery.lost_commits) == (1, 1)
    whole = answers[-1][SERIES[0]]
    assert got[SERIES[0]] == [whole[0], *whole[3:]], "the fourth commit has a series more, so it is told in full"
    store.close()


def test_numbers_whose_names_were_lost_are_never_given_again(filled: tuple[Path, list[Answer]], tmp_path: Path) -> None:
    folder = copied(filled[0], tmp_path / "nameless")
    (folder / "series.log").unlink()
    store, got = reopened(folder)
    assert got == {}
    assert store.recovery.lost_commits == 7
    source = store.source("s")
    store.append(source, [batch(source, 9000, [(named("other", i=str(i)), 5.0) for i in range(9)])])
    store.close()
    store, got = reopened(folder)
    assert {labels.name for labels in got} == {"other"}
    assert all(len(samples) == 1 for samples in got.values())
    store.close()


def test_a_damaged_part_is_an_error_where_it_is_read_and_names_the_file(tmp_path: Path) -> None:
    fill(tmp_path, 7, StoreOptions(seal_rows=3))
    store = Store.open(tmp_path, StoreOptions(seal_rows=3))
    store.maintain(0)
    store.close()
    (part,) = (tmp_path / "parts").iterdir()
    data = bytearray(part.read_bytes())
    data[20] ^= 1
    part.write_bytes(data)
    store = Store.open(tmp_path)
    with pytest.raises(DamagedError, match=part.name):
        store.select(everything())
    store.close()


def test_a_file_of_parts_with_a_damaged_index_is_left_out_and_reported(tmp_path: Path) -> None:
    answers = fill(tmp_path, 7, StoreOptions(seal_rows=3))
    store = Store.open(tmp_path, StoreOptions(seal_rows=3))
    store.maintain(0)
    (file,) = store._state.files
    place = int(file._footer.indexes["offset"][0])
    store.close()
    path = Path(file.name)
    data = bytearray(path.read_bytes())
    data[place + 5] ^= 1
    path.write_bytes(data)
    store, got = reopened(tmp_path)
    (damage,) = store.recovery.damages
    assert damage.file == str(path)
    assert got == answers[-1], "the log has it all still"
    store.close()


def test_a_part_without_its_end_is_left_out_and_reported(tmp_path: Path) -> None:
    fill(tmp_path, 7, StoreOptions(seal_rows=3))
    store = Store.open(tmp_path, StoreOptions(seal_rows=3))
    store.maintain(0)
    store.close()
    (part,) = (tmp_path / "parts").iterdir()
    part.write_bytes(part.read_bytes()[:-9])
    store = Store.open(tmp_path)
    assert [damage.file for damage in store.recovery.damages] == [str(part)]
    store.close()


def test_a_folder_of_another_format_is_refused(tmp_path: Path) -> None:
    Store.open(tmp_path).close()
    (tmp_path / "format").write_text("engine samples, format 7\n")
    with pytest.raises(FormatError, match="format 7"):
        Store.open(tmp_path)


FULL = """
import resource, signal, sys
from pathlib import Path
from engine.foundation.errors import DiskFullError
from engine.tsdb.store import Store
from tests.tsdb.twin import batch, named

store = Store.open(Path(sys.argv[1]))
source = store.source("s")
series = [(named("m", i=str(i)), 1.0) for i in range(50)]
hard = resource.getrlimit(resource.RLIMIT_FSIZE)[1]
resource.setrlimit(resource.RLIMIT_FSIZE, (600, hard))
refused = 0
for at in range(10):
    try:
        store.append(source, [batch(source, at * 1000, series)])
    except DiskFullError as error:
        assert "no room to write" in str(error)
        refused += 1
assert refused
resource.setrlimit(resource.RLIMIT_FSIZE, (hard, hard))
assert store.append(source, [batch(source, 10_000, series)]).appended == 50
store.close()
print(10 - refused + 1)
"""


def test_a_full_disk_refuses_whole_commits_and_later_ones_go_on(tmp_path: Path) -> None:
    root = Path(__file__).resolve().parents[2]
    done = subprocess.run(
        [sys.executable, "-c", FULL, str(tmp_path)],
        check=False,
        cwd=root,
        env={"PYTHONPATH": str(root)},
        capture_output=True,
        text=True,
    )
    assert done.returncode == 0, done.stderr
    store, got = reopened(tmp_path)
    assert store.recovery.damages == ()
    assert {len(samples) for samples in got.values()} == {int(done.stdout)}
    assert len(got) == 50
    store.close()


def test_a_full_disk_leaves_nothing_behind_in_this_process(tmp_path: Path) -> None:
    store = Store.open(tmp_path)
    source = store.source("s")
    store.append(source, [batch(source, 0, [(SERIES[0], 1.0)])])
    before = answer(store, everything())
    soft, hard = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (200, hard))
    try:
        with pytest.raises(DiskFullError):
            store.append(source, [batch(source, 1000, [(named("n", i=str(i)), 2.0) for i in range(50)])])
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, (soft, hard))
    assert answer(store, everything()) == before
    assert store.series((equal("__name__", "n"),), 0, 10_000) == []
    store.close()


def test_a_clean_shutdown_and_restart_changes_no_answer(filled: tuple[Path, list[Answer]]) -> None:
    store, got = reopened(filled[0])
    assert got == filled[1][-1]
    assert store.recovery.damages == ()
    assert answer(store, everything(Kind.RANGE)) == got
    store.close()
