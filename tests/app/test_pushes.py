"""Metrics are pushed over HTTP, are there as long as their group is, and after a restart too."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from aiohttp import ClientSession

from engine.app.application import Application
from engine.testing.manual_clock import ManualClock
from tests.app.world import START, ask, engine, write

HISTOGRAM = """\
# HELP took How long.
# TYPE took histogram
took_bucket{le="1"} 1
took_bucket{le="+Inf"} 2
took_sum 3.5
took_count 2
"""


async def send(app: Application, method: str, path: str, body: str = "") -> tuple[int, str]:
    url = f"http://{app.parts.components.ports['prometheus']}{path}"
    async with ClientSession() as client, client.request(method, url, data=body.encode()) as response:
        return response.status, await response.text()


async def found(app: Application, query: str) -> dict[str, str]:
    """Values by instance."""
    _, text = await ask(app, f"/api/v1/query?query={query}")
    return {one["metric"].get("instance", ""): one["value"][1] for one in json.loads(text)["data"]["result"]}


async def wait(app: Application, ms: int) -> None:
    assert isinstance(app.clock, ManualClock)
    await app.clock.advance(ms)


@pytest.fixture
def config(tmp_path: Path) -> Path:
    return write(tmp_path, "prometheus.yml", "global: {scrape_interval: 15s}")


async def test_without_the_flag_it_is_told_how_to_have_it(config: Path) -> None:
    async with engine(config) as app:
        wanted = (404, "pushes need to be enabled with --web.enable-push-receiver\n")
        for method in ("POST", "PUT", "DELETE"):
            assert await send(app, method, "/metrics/job/x") == wanted
        assert (await ask(app, "/api/v1/metrics"))[0] == 404


async def test_a_group_lives_until_it_is_deleted(config: Path) -> None:
    async with engine(config, enable_pushes=True) as app:
        assert await send(app, "POST", "/metrics/job/x/instance/a", "done 1\n") == (200, "")
        assert await send(app, "PUT", "/metrics/job@base64/eA/instance@base64/Yg", "done 2\n") == (200, "")
        assert await found(app, "done") == {"a": "1", "b": "2"}
        await wait(app, 3_600_000)
        assert await found(app, "done") == {"a": "1", "b": "2"}
        assert await found(app, "push_time_seconds") == {"a": str(START // 1000), "b": str(START // 1000)}
        await wait(app, 1000)
        assert await send(app, "DELETE", "/metrics/job/x/instance/a") == (202, "")
        assert await found(app, "done") == {"b": "2"}


async def test_what_a_replacement_lacks_ends_at_once(config: Path) -> None:
    async with engine(config, enable_pushes=True) as app:
        await send(app, "POST", "/metrics/job/x", "one 1\ntwo 2\n")
        await wait(app, 1000)
        await send(app, "PUT", "/metrics/job/x", "two 3\n")
        assert (await found(app, "one"), await found(app, "two")) == ({}, {"": "3"})


async def test_groups_are_there_again_after_a_restart(config: Path, tmp_path: Path) -> None:
    async with engine(config, enable_pushes=True, data_dir=tmp_path / "data") as app:
        await send(app, "POST", "/metrics/job/x", "done NaN\n" + HISTOGRAM)
        _, before = await ask(app, "/api/v1/metrics")
    async with engine(config, enable_pushes=True, data_dir=tmp_path / "data") as app:
        await wait(app, 3_600_000)
        assert await found(app, "took_count") == {"": "2"}
        assert await ask(app, "/api/v1/metrics") == (200, before)


async def test_the_api_tells_the_groups_and_their_metrics(config: Path) -> None:
    async with engine(config, enable_pushes=True) as app:
        await send(app, "POST", "/metrics/job/x", HISTOGRAM)
        assert (await send(app, "POST", "/metrics/job/x", "late 1 1\n"))[0] == 400
        (group,) = json.loads((await ask(app, "/api/v1/metrics"))[1])["data"]
        assert (group["labels"], group["last_push_successful"]) == ({"job": "x"}, True)
        assert group["took"] == {
            "time_stamp": "2023-11-14T22:13:20Z",
            "type": "HISTOGRAM",
            "help": "How long.",
            "metrics": [
                {
                    "labels": {"instance": "", "job": "x"},
                    "sum": "3.5",
                    "count": "2",
                    "buckets": {"1": "1", "+Inf": "2"},
                }
            ],
        }
        assert group["push_time_seconds"]["metrics"][0]["value"] == "1.7e+09"


async def test_a_bad_push_is_told_why(config: Path) -> None:
    async with engine(config, enable_pushes=True) as app:
        assert await send(app, "POST", "/metrics/job/x", "bad\n") == (
            400,
            'text format parsing error in line 1: expected float as value, got ""\n',
        )
        assert await send(app, "PUT", "/metrics/job/x/y", "a 1\n") == (
            400,
            'odd number of components in label string "/y"\n',
        )
