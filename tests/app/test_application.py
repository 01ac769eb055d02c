"""The whole engine in this process: what flags and configuration decide, and what it remembers."""

from __future__ import annotations

import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any
from urllib.parse import quote

import pytest

from engine.app.options import RunOptions
from engine.app.reading import read
from engine.app.storing import store_folder, store_options
from engine.config.prometheus import parse_prometheus
from engine.foundation.errors import ConfigError
from tests.app.world import START, ask, engine, write

DAY = 86_400_000
STORAGE = "storage: {tsdb: {path: /elsewhere, retention.time: 3d, retention.size: 1GB}}"


@pytest.mark.parametrize(
    ("options", "config", "folder"),
    [
        ({"data_dir": None}, STORAGE, None),
        ({}, "", Path("engine-data/metrics")),
        ({}, STORAGE, Path("/elsewhere")),
        ({"data_dir": Path("given"), "data_dir_given": True}, STORAGE, Path("given/metrics")),
    ],
    ids=["memory", "default", "configuration", "flag"],
)
def test_a_flag_beats_the_configuration_and_that_beats_the_default_folder(
    options: Mapping[str, Any], config: str, folder: Path | None
) -> None:
    assert store_folder(RunOptions(Path(), **options), parse_prometheus(config).value) == folder


@pytest.mark.parametrize(
    ("options", "config", "kept"),
    [
        ({}, "", (15 * DAY, 0)),
        ({}, STORAGE, (3 * DAY, 2**30)),
        ({"retention_ms": DAY}, STORAGE, (DAY, 2**30)),
        ({"retention_bytes": 5}, "", (0, 5)),
        ({"retention_ms": DAY, "retention_bytes": 5}, STORAGE, (DAY, 5)),
    ],
)
def test_retention_is_fifteen_days_unless_a_flag_or_the_configuration_says_otherwise(
    options: Mapping[str, Any], config: str, kept: tuple[int, int]
) -> None:
    found = store_options(RunOptions(Path(), **options), parse_prometheus(config).value)
    assert (found.retention_ms, found.retention_bytes) == kept


def test_all_mistakes_of_all_files_are_told_at_once(tmp_path: Path) -> None:
    config = write(tmp_path, "prometheus.yml", "rule_files: [r.yml]\nscrape_configs: [{}]\nno: 1\n")
    write(tmp_path, "r.yml", "groups: [{}]")
    with pytest.raises(ConfigError) as raised:
        read(RunOptions(config))
    assert str(raised.value).count("\n  ") == 3


async def test_samples_of_targets_with_labels_of_their_own_outlive_a_restart(tmp_path: Path) -> None:
    config = write(
        tmp_path, "prometheus.yml",
        "scrape_configs: [{job_name: n, static_configs: [{targets: [node-exporter:9100], labels: {team: a}}]}]",
    )  # fmt: skip
    question = f"/api/v1/query?time={START // 1000 + 60}&query={quote('count by (team) (up)')}"
    async with engine(config, data_dir=tmp_path / "data") as app:
        await app.clock.advance(60_000)  # type: ignore[attr-defined] # a manual one
        _, before = await ask(app, question)
        assert not app.parts.around.supervisor.crashes
    async with engine(config, data_dir=tmp_path / "data") as app:
        _, after = await ask(app, question)
    assert json.loads(before)["data"]["result"][0]["metric"] == {"team": "a"}
    assert after == before


async def test_runtime_information_tells_how_long_samples_are_kept(tmp_path: Path) -> None:
    config = write(tmp_path, "prometheus.yml", STORAGE.replace("path: /elsewhere, ", ""))
    async with engine(config) as app:
        told = json.loads((await ask(app, "/api/v1/status/runtimeinfo"))[1])["data"]
        assert told["storageRetention"] == "3d or 1GiB"
        assert told["startTime"] == told["lastConfigTime"] == "2023-11-14T22:13:20Z"
