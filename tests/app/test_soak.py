"""Hours of scrapes, rules, churn and queries: nothing grows."""

from __future__ import annotations

import gc
from pathlib import Path

from engine.app.application import Application
from engine.testing.manual_clock import ManualClock
from tests.app.world import ask, engine, write

HOUR = 3_600_000
CONFIG = """
global: {scrape_interval: 5m, scrape_timeout: 10s, evaluation_interval: 5m}
rule_files: [rules.yml]
scrape_configs:
- job_name: prometheus
  static_configs:
  - targets: [localhost:9090]
"""
RULES = """
groups:
- name: churn
  rules:
  - record: churning
    expr: count_values("beat", vector(time()) or label_replace(vector(time() + 1), "side", "b", "", ""))
  - alert: Beat
    expr: count_values("beat", vector(time())) > 0
"""
QUERIES = ("churning", "count(churning)", "sum by (beat) (rate(prometheus_tsdb_head_samples_appended_total[15m]))")


def _clock(app: Application) -> ManualClock:
    assert isinstance(app.clock, ManualClock)
    return app.clock


async def lived(app: Application, hours: int) -> None:
    for _ in range(hours):
        await _clock(app).advance(HOUR)
        now = app.clock.now_ms() // 1000
        for query in QUERIES:
            status, _ = await ask(app, f"/api/v1/query_range?query={query}&start={now - 7200}&end={now}&step=300")
            assert status == 200


def objects() -> int:
    gc.collect()
    return len(gc.get_objects())


async def test_hours_of_scrapes_rules_churn_and_queries_leave_no_objects_behind(tmp_path: Path) -> None:
    write(tmp_path, "rules.yml", RULES)
    config = write(tmp_path, "prometheus.yml", CONFIG)
    async with engine(config, data_dir=None, retention_ms=HOUR) as app:
        await lived(app, 6)
        before = objects()
        await lived(app, 6)
        assert objects() < before * 1.02
        assert app.store.size.series < 500
