"""What the engine says of itself: whole, well-formed, and under the original's names and types."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from engine.app.metrics.itself import TABLE
from tests.app.world import ask, engine, write

CONFIG = """
global: {scrape_interval: 1s, evaluation_interval: 1s}
rule_files: [r.yml]
alerting: {alertmanagers: [{static_configs: [{targets: ['127.0.0.1:9']}]}]}
scrape_configs: [{job_name: n, static_configs: [{targets: [node-exporter:9100]}]}]
"""
RULES = "groups: [{name: g, rules: [{record: a, expr: up}, {alert: A, expr: up >= 0}]}]"
TYPE = re.compile(r"^# TYPE (\S+) (\S+)$", re.MULTILINE)


@pytest.fixture
async def page(tmp_path: Path) -> str:
    return await metrics_page(tmp_path)


async def metrics_page(folder: Path) -> str:
    """After some scrapes and a query."""
    write(folder, "r.yml", RULES)
    async with engine(write(folder, "prometheus.yml", CONFIG)) as app:
        await app.clock.advance(5_000)  # type: ignore[attr-defined] # a manual one
        await ask(app, "/api/v1/query?query=up")
        return (await ask(app, "/metrics"))[1]


async def test_every_family_of_the_table_is_shown_once(page: str) -> None:
    names = [name for name, _ in TYPE.findall(page)]
    assert len(names) == len(set(names))
    assert {name for name, *_ in TABLE} <= set(names)
    assert names == sorted(names)


async def test_families_have_samples_of_their_own_name(page: str) -> None:
    shown = dict(TYPE.findall(page))
    sampled = {re.split(r"[{ ]", line)[0] for line in page.splitlines() if not line.startswith("#")}
    for name in sampled:
        assert name in shown or re.sub("_(bucket|sum|count)$", "", name) in shown, name


async def test_requests_are_told_as_histograms(page: str) -> None:
    assert 'prometheus_http_requests_total{code="200",handler="/api/v1/query"} 1\n' in page
    assert 'prometheus_http_request_duration_seconds_bucket{handler="/api/v1/query",le="+Inf"} 1\n' in page
    assert 'prometheus_http_response_size_bytes_bucket{handler="/api/v1/query",le="1e+06"} 1\n' in page
