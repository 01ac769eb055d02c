"""Kills, cuts, flipped bits and a full disk: what was acknowledged is there once, and nothing else appears."""

from __future__ import annotations

import random
import shutil
from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path

import pytest

from engine.foundation.errors import DiskError, DiskFullError
from engine.foundation.frames import HEADER_SIZE
from engine.logs.store.log import segments
from engine.logs.store.store import LogStore
from tests.logs.pusher import OPTIONS, STREAMS, entries
from tests.logs.twin import Twin, answer, named, run
from tests.storing import fill_up, killed, small_disk

A = named(job="a")


def expected(pushes: int) -> dict[str, object]:
    twin = Twin()
    for push in range(pushes):
        for who in STREAMS:
            twin.append(who, entries(push))
    return dict(twin.answer())


def test_every_acknowledged_line_is_there_once_after_kills(tmp_path: Path) -> None:
    chance, pushes = random.Random(3), 0
    for _ in range(4):
        acknowledged = killed("tests.logs.pusher", tmp_path, pushes, chance.randint(1, 150))
        store = LogStore(tmp_path, OPTIONS)
        found, positions = answer(store), store.positions()
        store.close()
        # The push after the last acknowledged one may be in the log, but then whole, with its positions.
        pushes = int(positions["file"]) + 1
        assert pushes in (acknowledged, acknowledged + 1)
        assert found == expected(pushes)


def test_a_log_that_is_cut_anywhere_holds_its_whole_pushes(tmp_path: Path) -> None:
    (tmp_path / "whole").mkdir()
    store = LogStore(tmp_path / "whole")
    ends = [store.log_size()]
    for push in range(3):
        store.append([(A, run([(push, b"line %d" % push)]))], {"file": str(push)}, 0)
        ends.append(store.log_size())
    store.close()
    (log,) = segments(tmp_path / "whole")
    content = log.read_bytes()
    for size in range(len(content) + 1):
        folder = tmp_path / "cut"
        folder.mkdir()
        (folder / log.name).write_bytes(content[:size])
        pushes = sum(end <= size for end in ends[1:])
        store = LogStore(folder)
        assert [line for _, line in answer(store).get('{job="a"}', [])] == [b"line %d" % n for n in range(pushes)]
        assert store.positions().get("file") == (str(pushes - 1) if pushes else None)
        assert bool(store.recovery.damages) == (size not in (0, HEADER_SIZE, *ends))
        store.close()
        shutil.rmtree(folder)


def test_flipped_bits_lose_what_they_are_in_and_make_no_wrong_line(tmp_path: Path) -> None:
    (tmp_path / "whole").mkdir()
    store = LogStore(tmp_path / "whole")
    lines = {(n, b"line %d of some length" % n) for n in range(40)}
    for n, line in sorted(lines):
        store.append([(named(job=str(n % 4)), run([(n, line)]))], {}, 0)
        if n == 20:
            store.seal()
    store.close()
    chance = random.Random(5)
    files = [path for path in (tmp_path / "whole").iterdir() if path.suffix in (".wal", ".lines")]
    for _ in range(60):
        folder = tmp_path / "flipped"
        shutil.copytree(tmp_path / "whole", folder)
        victim = folder / chance.choice(files).name
        content = bytearray(victim.read_bytes())
        content[chance.randrange(len(content))] ^= 1 << chance.randrange(8)
        victim.write_bytes(content)
        store = LogStore(folder)
        found = {entry for held in answer(store).values() for entry in held}
        assert found <= lines
        store.close()
        shutil.rmtree(folder)


def test_a_directory_that_can_not_be_read_is_found_again(tmp_path: Path) -> None:
    store = LogStore(tmp_path)
    store.append([(A, run([(1, b"x")])), (named(job="b"), run([(2, b"y")]))], {}, 0)
    store.seal()
    before = answer(store)
    store.close()
    (path,) = tmp_path.glob("*.lines")
    path.write_bytes(path.read_bytes()[:-20])
    store = LogStore(tmp_path)
    assert answer(store) == before
    store.close()


@pytest.fixture
def disk(tmp_path: Path) -> Iterator[Path]:
    with small_disk(tmp_path) as place:
        yield place


def test_a_full_disk_refuses_pushes_whole_and_goes_on_when_there_is_room(disk: Path) -> None:
    store, twin, push = LogStore(disk), Twin(), 0
    filler = disk / "filler"
    with filler.open("wb", buffering=0) as file, suppress(OSError):
        file.write(bytes(150_000))
    with suppress(DiskFullError):
        while True:
            store.append([(A, run(entries(push)))], {"file": str(push)}, 0)
            twin.append(A, entries(push))
            push += 1
    with pytest.raises(DiskFullError, match="no room to write"):
        store.append([(A, run(entries(push)))], {"file": str(push)}, 0)
    store.seal()  # no room for that either: nothing is lost
    assert answer(store) == twin.answer()
    assert store.positions() == {"file": str(push - 1)}
    filler.unlink()
    store.append([(A, run(entries(push)))], {"file": str(push)}, 0)
    twin.append(A, entries(push))
    store.seal()
    assert answer(store) == twin.answer()
    store.close()
    store = LogStore(disk)
    assert answer(store) == twin.answer()
    store.close()


def test_a_store_is_opened_and_read_on_a_full_disk_and_takes_lines_when_there_is_room(disk: Path) -> None:
    store, twin = LogStore(disk), Twin()
    store.append([(A, run(entries(1)))], {"file": "1"}, 0)
    twin.append(A, entries(1))
    store.close()
    filler = fill_up(disk)
    store = LogStore(disk)
    assert answer(store) == twin.answer()
    with pytest.raises(DiskFullError, match="no room to write"):
        store.append([(A, run(entries(2)))], {"file": "2"}, 0)
    store.sync()
    filler.unlink()
    store.append([(A, run(entries(2)))], {"file": "2"}, 0)
    twin.append(A, entries(2))
    store.seal()
    assert answer(store) == twin.answer()
    store.close()
    store = LogStore(disk)
    assert (answer(store), store.positions(), store.recovery.damages) == (twin.answer(), {"file": "2"}, [])
    store.close()


def test_files_that_are_not_the_stores_are_let_alone(tmp_path: Path) -> None:
    for name in ("backup.lines", "old.wal", "00000001.lines.bak", "notes.txt"):
        (tmp_path / name).write_bytes(b"mine")
    store = LogStore(tmp_path)
    store.append([(A, run([(1, b"x")]))], {}, 0)
    store.seal()
    store.close()
    store = LogStore(tmp_path)
    assert answer(store) == {'{job="a"}': [(1, b"x")]}
    assert store.recovery.damages == []
    assert (tmp_path / "backup.lines").read_bytes() == b"mine"
    store.close()


@pytest.mark.parametrize("name", ["00000003.lines", "00000003.wal"])
def test_what_can_not_be_read_is_told_by_its_name(name: str, tmp_path: Path) -> None:
    (tmp_path / name).mkdir()
    with pytest.raises(DiskError, match=rf"{name}: can't open the store of lines \(Is a directory\): check the disk"):
        LogStore(tmp_path)
