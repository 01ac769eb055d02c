"""An agent: what it answers, what its page is, and what it tells of itself."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path

import pytest

from tests.app.world import ask, engine, write

CONFIG = """
scrape_configs: []
remote_write: [{url: "http://127.0.0.1:1/write", name: central}]
"""
AGENT = {"agent_kept_ms": 3_600_000}


@pytest.mark.parametrize(
    ("path", "status", "told"),
    [
        ("/agent", 200, "&quot;component&quot;: &quot;agent&quot;"),
        ("/targets", 200, "&quot;component&quot;: &quot;agent&quot;"),
        ("/graph", 404, "404"),
        ("/alerts", 404, "404"),
        ("/api/engine/boards", 404, "404"),
        ("/federate", 500, "unsupported operation with WAL-only storage"),
        ("/api/v1/query?query=up", 422, "unavailable with Prometheus Agent"),
    ],
)
async def test_only_what_an_agent_knows_can_be_asked(path: str, status: int, told: str, tmp_path: Path) -> None:
    async with engine(write(tmp_path, "p.yml", CONFIG), **AGENT) as app:
        code, text = await ask(app, path)
        assert code == status
        assert told in text


async def test_it_tells_where_samples_go_and_names_its_store_as_the_originals_agent_does(tmp_path: Path) -> None:
    async with engine(write(tmp_path, "p.yml", CONFIG), **AGENT) as app:
        (server,) = json.loads((await ask(app, "/api/v1/status/remote_write"))[1])["data"]["servers"]
        assert (server["name"], server["url"], server["sent"]) == ("central", "http://127.0.0.1:1/write", 0)
        page = (await ask(app, "/metrics"))[1]
        assert "prometheus_agent_active_series 0" in page
        assert 'prometheus_agent_samples_appended_total{type="float"} 0' in page
        assert "prometheus_rule_" not in page
    async with engine(write(tmp_path, "p.yml", CONFIG)) as app:
        assert "prometheus_agent_" not in (await ask(app, "/metrics"))[1]


def test_what_no_agent_runs_is_not_loaded() -> None:
    code = "import engine.app.process.run, sys; print(*sys.modules)"
    loaded = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True).stdout.split()
    assert "engine.tsdb.store" in loaded
    for name in ("engine.alerting.manager", "engine.config.rules", "engine.gotemplate.template", "engine.web.consoles"):
        assert name not in loaded
