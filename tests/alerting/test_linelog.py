from __future__ import annotations

import asyncio
import logging
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import msgspec
import pytest

from engine.alerting.kept.linelog import COMPACT_LINES, LineLog, LogWriteError
from engine.foundation.errors import StoreError
from engine.foundation.workers import InlineWorkers, ThreadWorkers


class Entry(msgspec.Struct, frozen=True):
    n: int


def opened(path: Path) -> LineLog[Entry]:
    return LineLog(path, "things", Entry, InlineWorkers())


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "data" / "things.jsonl"


async def test_records_come_back_in_their_order(path: Path) -> None:
    log = opened(path)
    assert log.read() == []
    for n in range(3):
        await log.append(Entry(n))
    assert opened(path).read() == [Entry(0), Entry(1), Entry(2)]


async def test_a_record_that_was_never_finished_is_cut_off_and_reported(
    path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    log = opened(path)
    log.read()
    await log.append(Entry(1))
    with path.open("ab") as file:
        file.write(b'{"n":')
    with caplog.at_level(logging.WARNING):
        again = opened(path)
        assert again.read() == [Entry(1)]
    assert "cut off 5 bytes" in caplog.text
    await again.append(Entry(2))
    assert opened(path).read() == [Entry(1), Entry(2)]


@pytest.mark.parametrize(
    ("content", "complaint"),
    [
        (b'{"format":"things","version":1}\nrubbish\n{"n":1}\n', ":2: damaged record"),
        (b'{"format":"things","version":2}\n', "holds things of version 2, wanted things of version 1"),
        (b'{"format":"others","version":1}\n', "holds others of version 1"),
        (b"rubbish\n", ":1: not a file of things"),
        (b"", ":1: not a file of things"),
    ],
)
def test_damage_elsewhere_is_told_with_its_place_and_what_to_do(path: Path, content: bytes, complaint: str) -> None:
    path.parent.mkdir()
    path.write_bytes(content)
    with pytest.raises(StoreError, match="move the file away to begin anew") as caught:
        opened(path).read()
    assert complaint in str(caught.value)


def test_what_is_no_file_is_told_in_words(path: Path) -> None:
    path.mkdir(parents=True)
    with pytest.raises(StoreError, match=r"can't be read: Is a directory"):
        opened(path).read()


async def test_a_file_is_rewritten_with_what_is_alive_once_most_of_it_is_dead(path: Path) -> None:
    opened(path).read()
    with path.open("ab") as file:
        file.writelines(b'{"n":%d}\n' % n for n in range(COMPACT_LINES - 1))
    log = opened(path)
    log.read()
    await log.compact(lambda: [Entry(7)])
    assert len(opened(path).read()) == COMPACT_LINES - 1
    await log.append(Entry(7))
    await log.compact(lambda: [Entry(7)])
    assert opened(path).read() == [Entry(7)]
    await log.append(Entry(8))
    assert opened(path).read() == [Entry(7), Entry(8)]


async def test_appends_from_many_tasks_do_not_mix(path: Path) -> None:
    workers = ThreadWorkers()
    log = LineLog(path, "things", Entry, workers)
    log.read()
    await asyncio.gather(*(log.append(Entry(n)) for n in range(50)))
    workers.close()
    assert opened(path).read() == [Entry(n) for n in range(50)]


@contextmanager
def out_of_reach(path: Path) -> Iterator[None]:
    aside = path.with_name("aside")
    path.rename(aside)
    path.mkdir()
    yield
    path.rmdir()
    aside.rename(path)


async def test_a_disk_that_cannot_be_written_is_told_and_later_records_are_kept(path: Path) -> None:
    log = opened(path)
    log.read()
    with out_of_reach(path), pytest.raises(LogWriteError, match="can't write: Is a directory"):
        await log.append(Entry(1))
    await log.append(Entry(2))
    assert opened(path).read() == [Entry(2)]
