from __future__ import annotations

from collections.abc import AsyncIterator
from pathlib import Path

import pytest
from aiohttp import web

from engine.discovery.config import HttpSDConfig
from engine.discovery.http import HttpDiscovery
from engine.discovery.ports import DiscoveryCounts
from engine.foundation.values import Url
from engine.testing.manual_clock import ManualClock
from promql.model.durations import Duration
from tests.discovery.listening import listening, parts
from tests.foundation.serving import serving

GOOD = '[{"targets": ["a:1", "b:1"], "labels": {"zone": "w"}}, {"targets": ["c:1"]}]'


class Service:
    """Answers what it is told to answer."""

    def __init__(self) -> None:
        self.status, self.kind, self.body = 200, "application/json", GOOD
        self.asked: list[dict[str, str]] = []
        self.url = ""

    async def answer(self, request: web.Request) -> web.Response:
        self.asked.append(dict(request.headers))
        return web.Response(status=self.status, body=self.body.encode(), headers={"Content-Type": self.kind})


@pytest.fixture
async def service() -> AsyncIterator[Service]:
    made, app = Service(), web.Application()
    app.router.add_get("/targets", made.answer)
    async with serving(app) as url:
        made.url = f"{url}/targets"
        yield made


async def test_the_service_is_asked_as_prometheus_asks_and_its_groups_are_told(
    service: Service, manual_clock: ManualClock
) -> None:
    source = HttpDiscovery(HttpSDConfig(url=Url(service.url)), parts(manual_clock))
    async with listening(source, manual_clock) as told:
        await told.more()
        assert told.addresses == ["a:1", "b:1", "c:1"]
        assert told.meta("zone") == ["w", "w", ""]
        assert told.meta("__meta_url") == [service.url] * 3
        assert service.asked[0]["Accept"] == "application/json"
        assert service.asked[0]["X-Prometheus-Refresh-Interval-Seconds"] == "60"

        service.body = '[{"targets": ["d:1"]}]'
        await manual_clock.advance(60_000)
        await told.more()
        assert told.addresses == ["d:1"]


@pytest.mark.parametrize(
    "fault",
    [
        {"status": 503},
        {"kind": "text/plain"},
        {"body": "[{]"},
        {"body": "[null]"},
    ],
)
async def test_an_answer_that_is_wrong_leaves_what_was_known(
    fault: dict[str, object], service: Service, manual_clock: ManualClock
) -> None:
    counts = DiscoveryCounts()
    config = HttpSDConfig(url=Url(service.url), refresh_interval=Duration(60_000))
    async with listening(HttpDiscovery(config, parts(manual_clock, counts=counts)), manual_clock) as told:
        await told.more()
        for name, value in fault.items():
            setattr(service, name, value)
        await manual_clock.advance(60_000)
        while not counts.http_failures:
            await manual_clock.settle()
        assert told.addresses == ["a:1", "b:1", "c:1"]


@pytest.mark.parametrize("kind", ["application/json; charset=utf-8", 'application/JSON;charset="utf-8"'])
async def test_the_content_type_may_name_the_character_set(
    kind: str, service: Service, manual_clock: ManualClock
) -> None:
    service.kind = kind
    async with listening(HttpDiscovery(HttpSDConfig(url=Url(service.url)), parts(manual_clock)), manual_clock) as told:
        await told.more()
        assert len(told.addresses) == 3


async def test_the_originals_example_is_read(service: Service, manual_clock: ManualClock, conformance: Path) -> None:
    service.body = (conformance / "prometheus" / "http_sd" / "http_sd.good.json").read_text()
    async with listening(HttpDiscovery(HttpSDConfig(url=Url(service.url)), parts(manual_clock)), manual_clock) as told:
        await told.more()
        assert told.addresses


async def test_that_there_are_no_targets_is_told_once(service: Service, manual_clock: ManualClock) -> None:
    service.body = "[]"
    async with listening(HttpDiscovery(HttpSDConfig(url=Url(service.url)), parts(manual_clock)), manual_clock) as told:
        await told.more()
        await manual_clock.advance(60_000)
        while len(service.asked) < 2:
            await manual_clock.settle()
        service.body = GOOD
        await manual_clock.advance(60_000)
        await told.more()
        assert told.news[0] == []
        assert len(told.news) == 2
