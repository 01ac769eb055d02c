"""Metrics of OpenTelemetry come in over HTTP."""

from __future__ import annotations

import gzip
import json
from pathlib import Path
from typing import Any, Final

import pytest
from aiohttp import ClientSession

from engine.app.application import Application
from tests.app.world import START, ask, engine, write

JSON: Final = {"Content-Type": "application/json"}


def body(**sum_: Any) -> bytes:
    points = [{"timeUnixNano": START * 1_000_000, "asInt": "5"}]
    metrics = [
        {"name": "jobs", "gauge": {"dataPoints": points}},
        *([{"name": "hits", "sum": {"dataPoints": points, **sum_}}] if sum_ else []),
    ]
    resource = {"attributes": [{"key": "service.name", "value": {"stringValue": "shop"}}]}
    return json.dumps({"resourceMetrics": [{"resource": resource, "scopeMetrics": [{"metrics": metrics}]}]}).encode()


async def post(app: Application, data: bytes, **headers: str) -> tuple[int, str]:
    url = f"http://{app.parts.components.ports['prometheus']}/api/v1/otlp/v1/metrics"
    async with ClientSession() as client, client.post(url, data=data, headers=headers) as response:
        return response.status, await response.text()


@pytest.fixture
def config(tmp_path: Path) -> Path:
    return write(tmp_path, "prometheus.yml", "")


async def test_without_the_feature_it_is_told_how_to_have_it(config: Path) -> None:
    async with engine(config) as app:
        wanted = (404, "otlp write receiver needs to be enabled with --enable-feature=otlp-write-receiver\n")
        assert await post(app, body(), **JSON) == wanted


async def test_what_is_sent_is_there_at_once(config: Path) -> None:
    async with engine(config, features=frozenset({"otlp-write-receiver"})) as app:
        assert await post(app, gzip.compress(body()), **JSON, **{"Content-Encoding": "gzip"}) == (200, "")
        _, text = await ask(app, "/api/v1/query?query=jobs")
        assert json.loads(text)["data"]["result"] == [
            {"metric": {"__name__": "jobs", "job": "shop"}, "value": [START / 1000, "5"]}
        ]


async def test_a_part_that_cannot_be_taken_is_told_in_the_answer(config: Path) -> None:
    async with engine(config, features=frozenset({"otlp-write-receiver"})) as app:
        status, text = await post(app, body(aggregationTemporality=1), **JSON)
        told = json.loads(text)["partialSuccess"]
        assert (status, told["rejectedDataPoints"]) == (200, "1")
        assert told["errorMessage"].startswith("hits: invalid temporality")
        assert '"jobs"' in (await ask(app, "/api/v1/label/__name__/values"))[1]


@pytest.mark.parametrize(
    ("headers", "wanted"),
    [
        ({"Content-Type": "text/plain"}, "unsupported content type: text/plain, supported: [application/json, "),
        (
            {**JSON, "Content-Encoding": "snappy"},
            'unsupported compression: snappy. Only "gzip" or no compression supported',
        ),
        (JSON, "Expected `object`, got `array`"),
    ],
)
async def test_a_bad_request_is_told_why(config: Path, headers: dict[str, str], wanted: str) -> None:
    async with engine(config, features=frozenset({"otlp-write-receiver"})) as app:
        status, text = await post(app, b"[]", **headers)
        assert (status, text.startswith(wanted)) == (400, True)


async def test_a_large_request_is_taken_like_a_small_one(config: Path) -> None:
    async with engine(config, features=frozenset({"otlp-write-receiver"})) as app:
        assert await post(app, body() + b" " * 2**16, **JSON) == (200, "")
        _, text = await ask(app, "/api/v1/query?query=jobs")
        assert len(json.loads(text)["data"]["result"]) == 1


async def test_of_many_metrics_that_cannot_be_taken_some_are_named(config: Path) -> None:
    metrics = [{"name": f"m{at}", "exponentialHistogram": {}} for at in range(1000)]
    many = json.dumps({"resourceMetrics": [{"scopeMetrics": [{"metrics": metrics}]}]}).encode()
    async with engine(config, features=frozenset({"otlp-write-receiver"})) as app:
        _, text = await post(app, many, **JSON)
    told = json.loads(text)["partialSuccess"]["errorMessage"]
    assert told.startswith("m0: exponential")
    assert told.endswith("m9: exponential histograms are not supported: send it with explicit buckets; and 990 more")
