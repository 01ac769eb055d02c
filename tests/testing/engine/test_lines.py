"""Lines of files that a test's application writes."""

from __future__ import annotations

import asyncio
import gc
import threading
from pathlib import Path

import psutil
import pytest

from engine.logql.errors import LogQLError
from engine.testing.blocking import BlockingEngine
from engine.testing.engine import Engine
from engine.testing.errors import TestEngineError
from engine.testing.options import START_MS


async def test_lines_are_read_as_they_come_and_found_by_a_query(tmp_path: Path) -> None:
    file = tmp_path / "app.log"
    file.write_text("level=info started\n")
    async with Engine() as engine:
        await engine.follow(file, job="api", team="a")
        await engine.advance("10s")
        with file.open("a") as more:
            more.write("level=error failed\nlevel=info went on\n")
        await engine.advance("1m")
        assert [line.text for line in await engine.logs()] == [
            "level=info started",
            "level=error failed",
            "level=info went on",
        ]
        (line,) = await engine.logs('{job="api"} |= "failed" | logfmt')
        assert line.text == "level=error failed"
        assert line.labels["team"] == "a"
        assert line.labels["level"] == "error"
        assert START_MS / 1000 + 10 <= line.time <= engine.now


async def test_files_may_come_later_and_be_several(tmp_path: Path) -> None:
    async with Engine() as engine:
        await engine.follow(tmp_path / "*.log", job="many")
        await engine.follow(tmp_path / "one.txt", job="one")
        for name in ("a.log", "b.log", "one.txt"):
            (tmp_path / name).write_text(f"from {name}\n")
        await engine.advance("1m")
        assert {line.text for line in await engine.logs('{job="many"}')} == {"from a.log", "from b.log"}
        assert [line.text for line in await engine.logs('{job="one"}')] == ["from one.txt"]


def test_a_test_without_a_loop_has_the_same_calls(tmp_path: Path) -> None:
    file = tmp_path / "app.log"
    file.write_text("hello\n")
    with BlockingEngine() as engine:
        engine.follow(file)
        engine.advance("10s")
        assert [line.text for line in engine.logs('{job="app"}')] == ["hello"]


async def test_engines_that_read_lines_leave_nothing_behind(tmp_path: Path) -> None:
    (tmp_path / "app.log").write_text("hello\n")

    async def one() -> None:
        async with Engine() as engine:
            await engine.follow(tmp_path / "app.log")
            await engine.advance("10s")
            assert len(await engine.logs()) == 1

    await one()
    gc.collect()
    tasks, threads, files = len(asyncio.all_tasks()), threading.active_count(), psutil.Process().num_fds()
    for _ in range(10):
        await one()
    assert len(asyncio.all_tasks()) <= tasks
    assert threading.active_count() <= threads
    assert psutil.Process().num_fds() <= files


async def test_what_makes_no_sense_is_told_in_words(tmp_path: Path) -> None:
    async with Engine() as engine:
        with pytest.raises(TestEngineError, match="no lines are read: say of which file"):
            await engine.logs()
        with pytest.raises(TestEngineError, match="a-b"):
            await engine.follow(tmp_path / "x", **{"a-b": "c"})
        await engine.follow(tmp_path / "x")
        with pytest.raises(TestEngineError, match="gives numbers, and no lines"):
            await engine.logs('rate({job="app"}[1m])')
        with pytest.raises(LogQLError):
            await engine.logs("{")
