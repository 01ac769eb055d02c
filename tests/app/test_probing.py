"""The blackbox exporter within the engine: scraped by function calls, loaded again with everything else."""

from __future__ import annotations

import json
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path
from urllib.parse import quote

from aiohttp import web

from engine.testing.manual_clock import ManualClock
from tests.app.world import ANYWHERE, START, ask, engine, write
from tests.foundation.serving import serving

CONFIG = """
scrape_configs:
- job_name: blackbox
  metrics_path: /probe
  params: {{module: [{module}]}}
  static_configs: [{{targets: ["{target}"]}}]
  relabel_configs:
  - {{source_labels: [__address__], target_label: __param_target}}
  - {{source_labels: [__param_target], target_label: instance}}
  - {{target_label: __address__, replacement: blackbox-exporter:9115}}
"""


@asynccontextmanager
async def page() -> AsyncIterator[str]:
    async def hello(_: web.Request) -> web.Response:
        return web.Response(text="hello")

    app = web.Application()
    app.add_routes([web.get("/", hello)])
    async with serving(app) as url:
        yield url


async def test_the_relabelling_of_the_guide_probes_without_a_socket(tmp_path: Path) -> None:
    async with page() as url:
        config = write(tmp_path, "prometheus.yml", CONFIG.format(module="http_2xx", target=url))
        async with engine(config, listen={**ANYWHERE, "blackbox": "off"}) as app:
            assert isinstance(app.clock, ManualClock)
            pool = app.parts.scrapes.pools["blackbox"]
            await pool.synced.wait()
            await app.clock.advance(60_000)
            query = quote("""{__name__=~"probe_success|up"}""")
            found = json.loads((await ask(app, f"/api/v1/query?time={START // 1000 + 60}&query={query}"))[1])
    values = {one["metric"]["__name__"]: one for one in found["data"]["result"]}
    assert values["probe_success"]["value"][1] == "1"
    assert values["probe_success"]["metric"]["instance"] == url
    assert values["up"]["value"][1] == "1"


async def test_it_listens_at_its_own_port_where_something_names_it_and_answers_at_the_first(tmp_path: Path) -> None:
    async with page() as url:
        config = write(tmp_path, "prometheus.yml", CONFIG.format(module="http_2xx", target=url))
        async with engine(config, listen=ANYWHERE) as app:
            for component in ("blackbox", "prometheus"):
                status, text = await ask(app, f"/probe?target={quote(url)}", component)
                assert (status, "\nprobe_success 1\n" in text) == (200, True)
            assert await ask(app, "/-/healthy", "blackbox") == (200, "Healthy")
            assert "blackbox_module_unknown_total 0" in (await ask(app, "/metrics", "blackbox"))[1]


async def test_its_file_is_found_beside_the_others_and_loaded_again_with_them(tmp_path: Path) -> None:
    config = write(tmp_path, "prometheus.yml", CONFIG.format(module="own", target="x"))
    file = write(tmp_path, "blackbox.yml", "modules: {own: {prober: tcp}}")
    async with engine(config, listen=ANYWHERE) as app:
        assert "own:" in (await ask(app, "/config", "blackbox"))[1]
        file.write_text("modules: {other: {prober: icmp}}")
        assert (await ask(app, "/-/reload", "blackbox", "POST"))[0] == 200
        assert "other:" in (await ask(app, "/config", "blackbox"))[1]
        file.write_text("modules: {other: {probre: icmp}}")
        status, text = await ask(app, "/-/reload", "blackbox", "POST")
        assert (status, 'did you mean "prober"?' in text) == (500, True)
        assert "other:" in (await ask(app, "/config", "blackbox"))[1]
        assert "config_last_reload_successful 0" in (await ask(app, "/metrics", "blackbox"))[1]


async def test_it_does_not_listen_where_nothing_names_it(tmp_path: Path) -> None:
    async with engine(write(tmp_path, "prometheus.yml", "global: {}"), listen=ANYWHERE) as app:
        assert "blackbox" not in app.parts.components.ports
