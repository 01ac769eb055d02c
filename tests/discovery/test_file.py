from __future__ import annotations

import json
import logging
from pathlib import Path

import pytest

from engine.discovery.config import FileSDConfig, SDFile
from engine.discovery.file import FileDiscovery
from engine.discovery.ports import DiscoveryCounts
from engine.testing.manual_clock import ManualClock
from promql.model.durations import Duration
from tests.discovery.listening import listening, parts

SECOND = 1_000


def targets(path: Path, *addresses: str) -> None:
    path.write_text(json.dumps([{"targets": [address]} for address in addresses]))


def watching(folder: Path, clock: ManualClock, counts: DiscoveryCounts | None = None) -> FileDiscovery:
    config = FileSDConfig(files=(SDFile(str(folder / "*.json")),), refresh_interval=Duration(300_000))
    return FileDiscovery(config, parts(clock, counts=counts))


async def test_files_that_come_change_and_go_are_followed_within_a_second(
    tmp_path: Path, manual_clock: ManualClock
) -> None:
    targets(tmp_path / "a.json", "a:1", "b:1")
    async with listening(watching(tmp_path, manual_clock), manual_clock) as told:
        await manual_clock.settle()
        assert told.addresses == ["a:1", "b:1"]
        assert told.meta("__meta_filepath") == [str(tmp_path / "a.json")] * 2

        targets(tmp_path / "a.json", "a:2")
        targets(tmp_path / "b.json", "c:1")
        await manual_clock.advance(SECOND)
        assert told.addresses == ["a:2", "c:1"]

        (tmp_path / "a.json").unlink()
        await manual_clock.advance(SECOND)
        assert told.addresses == ["c:1"]


async def test_what_did_not_change_is_not_told_again(tmp_path: Path, manual_clock: ManualClock) -> None:
    targets(tmp_path / "a.json", "a:1", "b:1")
    async with listening(watching(tmp_path, manual_clock), manual_clock) as told:
        await manual_clock.advance(600 * SECOND)
        targets(tmp_path / "a.json", "a:1", "b:2")
        await manual_clock.advance(SECOND)
    path = tmp_path / "a.json"
    assert told.news == [[f"{path}:0", f"{path}:1"], [f"{path}:1"]]


async def test_a_broken_file_keeps_its_targets_and_is_told_once(
    tmp_path: Path, manual_clock: ManualClock, caplog: pytest.LogCaptureFixture
) -> None:
    counts = DiscoveryCounts()
    targets(tmp_path / "a.json", "a:1")
    async with listening(watching(tmp_path, manual_clock, counts), manual_clock) as told:
        await manual_clock.settle()
        with caplog.at_level(logging.ERROR):
            (tmp_path / "a.json").write_text("[{")
            await manual_clock.advance(10 * SECOND)
        assert told.addresses == ["a:1"]
        assert [record.getMessage().count(f"{tmp_path / 'a.json'}: not a list") for record in caplog.records] == [1]
        assert counts.file_read_errors == 1

        targets(tmp_path / "a.json", "a:3")
        await manual_clock.advance(SECOND)
        assert told.addresses == ["a:3"]


async def test_that_there_are_no_files_is_told_once(tmp_path: Path, manual_clock: ManualClock) -> None:
    async with listening(watching(tmp_path, manual_clock), manual_clock) as told:
        await manual_clock.advance(600 * SECOND)
        assert told.news == [[]]
