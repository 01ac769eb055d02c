"""Hours of scrapes, rules, churn and queries: nothing grows."""

from __future__ import annotations

import gc
from pathlib import Path

import psutil

from benchmarks.soak import CONFIG, HOUR, QUERIES, RULES
from engine.app.application import Application
from engine.testing.manual_clock import ManualClock
from tests.app.world import ask, engine, write


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


def held() -> tuple[int, int]:
    """Objects that the collector knows, and open files."""
    gc.collect()
    return len(gc.get_objects()), psutil.Process().num_fds()


async def test_hours_of_scrapes_rules_churn_and_queries_leave_no_objects_and_no_files_behind(tmp_path: Path) -> None:
    write(tmp_path, "rules.yml", RULES)
    config = write(tmp_path, "prometheus.yml", CONFIG)
    async with engine(config, data_dir=tmp_path / "data", retention_ms=HOUR) as app:
        await lived(app, 6)
        objects, files = held()
        await lived(app, 6)
        assert held()[0] < objects * 1.02
        assert held()[1] < files + 4  # how many files of parts there are varies
        assert app.parts.store.size.series < 500
