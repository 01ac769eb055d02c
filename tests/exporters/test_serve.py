"""An exporter over HTTP, asked through real sockets."""

from __future__ import annotations

import asyncio
import threading
from collections.abc import AsyncIterator, Callable, Collection
from typing import ParamSpec, TypeVar

import aiohttp
import pytest
from aiohttp import web
from aiohttp.test_utils import TestServer

from engine.foundation.errors import EngineError
from engine.foundation.workers import ThreadWorkers
from exporters.exposition.families import Family, MetricType
from exporters.serve import MAX_REQUESTS, Exporter, Late, in_turn, landing, metrics

P = ParamSpec("P")
R = TypeVar("R")


class Thermometer:
    """Shows one gauge; knows one part, `inside`; waits for `open` where it is told to."""

    def __init__(self) -> None:
        self.open = threading.Event()
        self.open.set()

    def collect(self, only: Collection[str] | None = None) -> list[Family]:
        self.open.wait()
        for name in only or ():
            if name != "inside":
                raise EngineError(f"missing collector: {name}")
        return [Family.of("degrees_total", MetricType.COUNTER, "How warm.", ({"where": "inside"}, 21.5))]


@pytest.fixture
def thermometer() -> Thermometer:
    return Thermometer()


@pytest.fixture
async def url(thermometer: Exporter) -> AsyncIterator[str]:
    workers = ThreadWorkers(1)
    app = web.Application()
    collect = in_turn(thermometer, workers)
    app.add_routes([landing("<Warmth>"), metrics(collect), metrics(collect, "/plain", text_alone=True)])
    async with TestServer(app) as server:
        yield str(server.make_url("")).rstrip("/")
    workers.close()


async def get(url: str, **headers: str) -> tuple[int, str, str]:
    async with aiohttp.ClientSession() as session, session.get(url, headers=headers) as answer:
        return answer.status, answer.headers["Content-Type"], await answer.text()


async def test_the_page_is_plain_text_unless_openmetrics_is_wanted(url: str) -> None:
    status, kind, text = await get(f"{url}/metrics")
    assert (status, kind) == (200, "text/plain; version=0.0.4; charset=utf-8")
    assert 'degrees_total{where="inside"} 21.5\n' in text
    _, kind, text = await get(f"{url}/metrics", Accept="application/openmetrics-text;version=1.0.0")
    assert kind.startswith("application/openmetrics-text")
    assert text.endswith("# EOF\n")


async def test_a_part_that_is_missing_is_refused_by_name(url: str) -> None:
    status, kind, text = await get(f"{url}/metrics?collect[]=inside&collect[]=outside")
    assert (status, kind, text) == (400, "text/plain; charset=utf-8", "missing collector: outside")
    assert (await get(f"{url}/metrics?collect[]=inside"))[0] == 200


async def test_the_first_page_leads_to_the_metrics_and_escapes_its_title(url: str) -> None:
    status, _, text = await get(url)
    assert status == 200
    assert "&lt;Warmth&gt;" in text
    assert 'href="/metrics"' in text


async def test_too_many_at_once_are_turned_away(url: str, thermometer: Thermometer) -> None:
    thermometer.open.clear()
    async with asyncio.TaskGroup() as group:
        asked = [group.create_task(get(f"{url}/metrics")) for _ in range(MAX_REQUESTS + 1)]
        await asyncio.wait(asked, return_when=asyncio.FIRST_COMPLETED)
        thermometer.open.set()
    statuses = sorted(task.result()[0] for task in asked)
    assert statuses == [200] * MAX_REQUESTS + [503]


class SlowWorkers:
    """Begins at once and ends when it is told to, whoever has stopped waiting; `most` ran at a time."""

    def __init__(self) -> None:
        self.go_on = asyncio.Event()
        self.running = self.most = 0

    async def run(self, function: Callable[P, R], /, *args: P.args, **kwargs: P.kwargs) -> R:
        self.running += 1
        self.most = max(self.most, self.running)
        await self.go_on.wait()
        self.running -= 1
        return function(*args, **kwargs)


async def test_a_collection_that_nobody_waits_for_keeps_its_turn(thermometer: Thermometer) -> None:
    workers = SlowWorkers()
    collect = in_turn(thermometer, workers)
    with pytest.raises(TimeoutError):
        async with asyncio.timeout(0):
            await collect([])
    async with asyncio.TaskGroup() as group:
        second = group.create_task(collect([]))
        await asyncio.sleep(0)
        workers.go_on.set()
    assert len(second.result()) == 1
    assert (workers.most, workers.running) == (1, 0)


async def test_a_page_may_be_plain_text_whatever_is_wanted(url: str) -> None:
    _, kind, text = await get(f"{url}/plain", Accept="application/openmetrics-text")
    assert kind.startswith("text/plain")
    assert "# TYPE degrees_total counter" in text


def test_an_exporter_is_made_when_it_is_first_asked() -> None:
    made: list[str] = []

    def make() -> Thermometer:
        made.append("now")
        return Thermometer()

    late = Late(make)
    assert made == []
    assert [late.collect()[0].name, late.collect()[0].name] == ["degrees_total"] * 2
    assert made == ["now"]
