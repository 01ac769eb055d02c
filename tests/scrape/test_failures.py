"""What is written of scrapes that fail."""

from __future__ import annotations

import json
import logging
from pathlib import Path

import pytest

from engine.config.prometheus import parse_prometheus
from engine.foundation.values import FilePath
from engine.scrape.ports import FetchError
from engine.testing.manual_clock import ManualClock
from tests.scrape.fakes import Bench, job

REFUSED = FetchError('Get "http://h:1/metrics": dial tcp: connection refused')


async def test_each_scrape_that_fails_is_a_line(manual_clock: ManualClock, tmp_path: Path) -> None:
    file = tmp_path / "failures.log"
    config = job(scrape_failure_log_file=FilePath(str(file)))
    bench = Bench(manual_clock, b"a 1\n", REFUSED, b"a{\n", b"a 1\n", config=config)
    await bench.scrape(4)
    first, second = map(json.loads, file.read_text().splitlines())
    assert first == {
        "time": "2023-11-14T22:13:35.000Z",
        "level": "ERROR",
        "msg": str(REFUSED),
        "job_name": "j",
        "target": "http://h:1/metrics",
    }
    assert second["msg"]


async def test_a_file_that_can_not_be_written_is_told_once(
    manual_clock: ManualClock, tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    config = job(scrape_failure_log_file=FilePath(str(tmp_path / "none" / "none" / "failures.log")))
    with caplog.at_level(logging.ERROR):
        await Bench(manual_clock, REFUSED, config=config).scrape(3)
    (record,) = caplog.records
    assert "can't be written: No such file or directory" in record.getMessage()


def test_a_job_takes_the_file_of_all_where_it_names_none() -> None:
    text = "global: {scrape_failure_log_file: a}\nscrape_configs: [{job_name: x}, {job_name: y, scrape_failure_log_file: b}]"
    jobs = parse_prometheus(text).value.scrape_configs
    assert [one.scrape_failure_log_file for one in jobs] == ["a", "b"]
