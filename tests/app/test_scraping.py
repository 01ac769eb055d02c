"""What options of scraping show from the outside."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any
from urllib.parse import quote

from engine.app.application import Application
from engine.app.features import EXTRA_SCRAPE_METRICS
from engine.testing.manual_clock import ManualClock
from tests.app.world import START, ask, engine, write

DROPPING = """
scrape_configs:
- job_name: some
  {}
  static_configs: [{{targets: ['a:1', 'b:1', 'c:1']}}]
  relabel_configs: [{{action: drop}}]
- job_name: none
"""


async def data(app: Application, path: str) -> Any:
    return json.loads((await ask(app, path))[1])["data"]


async def test_dropped_targets_are_counted_where_fewer_are_kept(tmp_path: Path) -> None:
    config = write(tmp_path, "prometheus.yml", DROPPING.format("keep_dropped_targets: 2"))
    async with engine(config) as app:
        told = await data(app, "/api/v1/targets")
    assert [one["discoveredLabels"]["__address__"] for one in told["droppedTargets"]] == ["a:1", "b:1"]
    assert told["droppedTargetCounts"] == {"none": 0, "some": 3}


async def test_the_answer_is_that_of_2_42_where_all_are_kept(tmp_path: Path) -> None:
    async with engine(write(tmp_path, "prometheus.yml", DROPPING.format(""))) as app:
        told = await data(app, "/api/v1/targets")
    assert len(told["droppedTargets"]) == 3
    assert "droppedTargetCounts" not in told


async def test_extra_metrics_are_told_of_each_scrape_with_the_feature(tmp_path: Path) -> None:
    text = "scrape_configs: [{job_name: a, sample_limit: 100000, static_configs: [{targets: ['localhost:9090']}]}]"
    config = write(tmp_path, "prometheus.yml", text)
    async with engine(config, features=frozenset({EXTRA_SCRAPE_METRICS})) as app:
        assert isinstance(app.clock, ManualClock)
        await app.clock.advance(120_000)
        query = quote('{__name__=~"scrape_(timeout_seconds|sample_limit|body_size_bytes)"}')
        found = (await data(app, f"/api/v1/query?time={START // 1000 + 120}&query={query}"))["result"]
    values = {one["metric"]["__name__"]: float(one["value"][1]) for one in found}
    assert (values["scrape_timeout_seconds"], values["scrape_sample_limit"]) == (10, 100000)
    assert values["scrape_body_size_bytes"] > 1000
