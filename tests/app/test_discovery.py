"""What is seen from outside of sources of targets: their metrics, and their faults."""

from __future__ import annotations

import json
from pathlib import Path

from engine.testing.manual_clock import ManualClock
from tests.app.world import ask, engine, write

CONFIG = """
scrape_configs:
- {job_name: files, file_sd_configs: [{files: ['FOLDER/*.json']}]}
- {job_name: socket, docker_sd_configs: [{host: 'unix://FOLDER/none.sock'}]}
"""


async def test_a_source_that_fails_is_shown_until_it_can_be_used(tmp_path: Path) -> None:
    broken = write(tmp_path, "a.json", "[{")
    async with engine(write(tmp_path, "prometheus.yml", CONFIG.replace("FOLDER", str(tmp_path)))) as app:
        counts = app.parts.scrapes.discovery_counts
        while len(counts.faults) < 2:
            await app.clock.sleep(0)
        failing = json.loads((await ask(app, "/api/v1/status/discovery"))[1])["data"]["failing"]
        assert [one["source"] for one in failing] == [
            f"docker_sd_configs: unix://{tmp_path}/none.sock", f"file_sd_configs: {broken}",
        ]  # fmt: skip
        assert "connect: no such file or directory" in failing[0]["error"]
        page = (await ask(app, "/metrics"))[1]
        assert f'engine_discovery_failing{{source="file_sd_configs: {broken}"}} 1\n' in page
        assert 'prometheus_sd_refresh_failures_total{mechanism="docker"} 1\n' in page
        assert f'prometheus_sd_file_mtime_seconds{{filename="{broken}"}}' in page
        assert 'prometheus_sd_received_updates_total{name="scrape"} 1\n' in page

        broken.write_text("[]")
        assert isinstance(app.clock, ManualClock)
        await app.clock.advance(1_000)
        assert list(counts.faults) == [f"docker_sd_configs: unix://{tmp_path}/none.sock"]
    assert counts.faults == {}
