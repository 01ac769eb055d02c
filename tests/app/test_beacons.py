"""Browsers post to the first port, and what they told becomes series."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

from aiohttp import ClientSession

from engine.app.application import Application
from engine.testing.manual_clock import ManualClock
from tests.app.world import ask, engine, write

CONFIG = """
global: {scrape_interval: 15s}
scrape_configs:
- job_name: engine
  static_configs: [{targets: ["localhost:9090"]}]
"""
REACT = "http://localhost:5173"


async def post(app: Application, path: str, body: str, **headers: str) -> tuple[int, str, dict[str, str]]:
    return await call(app, "POST", path, data=body, headers=headers)


async def call(app: Application, method: str, path: str, **how: Any) -> tuple[int, str, dict[str, str]]:
    url = f"http://{app.parts.components.ports['prometheus']}{path}"
    async with ClientSession() as client, client.request(method, url, **how) as response:
        return response.status, await response.text(), dict(response.headers)


async def test_what_browsers_post_can_be_queried_after_the_next_scrape(tmp_path: Path) -> None:
    async with engine(write(tmp_path, "prometheus.yml", CONFIG)) as app:
        load = '{"page": "/home", "loadTime": 900}'
        assert (await post(app, "/api/metrics/page-load", load))[:2] == (204, "")
        vital = '{"name": "LCP", "value": 1200, "page": "/home"}'
        assert (await post(app, "/api/metrics/web-vitals", vital, **{"Content-Type": "text/plain"}))[0] == 204
        assert isinstance(app.clock, ManualClock)
        await app.clock.advance(30_000)
        for query, expected in (
            ('page_load_time_sum{page="/home"} / page_load_time_count', "0.9"),
            ('web_vitals_lcp_seconds_bucket{le="1.8"}', "1"),
        ):
            _, body = await ask(app, f"/api/v1/query?query={query.replace('+', '%2B')}")
            assert json.loads(body)["data"]["result"][0]["value"][1] == expected


async def test_a_beacon_that_makes_no_sense_is_answered_in_words(tmp_path: Path) -> None:
    async with engine(write(tmp_path, "prometheus.yml", CONFIG)) as app:
        status, text, _ = await post(app, "/api/metrics/page-load", "{}")
        assert (status, text) == (400, "page-load: Object missing required field `page`\n")
        assert (await post(app, "/api/metrics/other", "{}"))[0] == 404


async def test_a_page_of_this_machine_may_post_and_a_foreign_one_may_not(tmp_path: Path) -> None:
    async with engine(write(tmp_path, "prometheus.yml", CONFIG)) as app:
        asked = {"Origin": REACT, "Access-Control-Request-Method": "POST"}
        status, _, headers = await call(app, "OPTIONS", "/api/metrics/page-load", headers=asked)
        assert status == 204
        assert headers["Access-Control-Allow-Origin"] == REACT
        assert "Content-Type" in headers["Access-Control-Allow-Headers"]
        load = '{"page": "/", "loadTime": 1}'
        assert (await post(app, "/api/metrics/page-load", load, Origin=REACT))[0] == 204
        assert (await post(app, "/api/metrics/page-load", load, Origin="https://evil.example.com"))[0] == 403
