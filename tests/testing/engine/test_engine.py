"""A whole engine inside a test."""

from __future__ import annotations

import asyncio
import gc
import threading
from pathlib import Path
from typing import Any

import psutil
import pytest
from aiohttp import web
from aiohttp.test_utils import TestServer

from engine.foundation.errors import ConfigError
from engine.testing.engine import Engine
from engine.testing.errors import TestEngineError
from promql.errors import PromQLError
from tests.testing.engine.files import Hits, project


def names(folder: Path) -> list[str]:
    return sorted(path.name for path in folder.iterdir())


async def test_what_an_application_shows_is_scraped_evaluated_and_can_be_asked_for(tmp_path: Path) -> None:
    async with Engine(**project(tmp_path)) as engine:  # type: ignore[arg-type]
        await engine.add_target(Hits(), job="api", team="a")
        await engine.advance("2m")
        assert (await engine.query("hits_total")).values == {'hits_total{instance="api:80", job="api", team="a"}': 240}
        assert (await engine.query("job:hits:rate1m")).value == pytest.approx(2)
        (series,) = await engine.series("hits_total[1m]")
        assert series.values == (150, 180, 210, 240)
        assert [later - earlier for earlier, later in zip(series.times, series.times[1:], strict=False)] == [15] * 3
        assert len((await engine.series('hits_total{job="api"}'))[0].times) == 8


async def test_an_alert_is_pending_then_fires_is_told_and_ends(tmp_path: Path) -> None:
    app = Hits()
    async with Engine(**project(tmp_path)) as engine:  # type: ignore[arg-type]
        await engine.add_target(app, job="api")
        await engine.advance("1m")
        engine.assert_not_firing("ServiceDown")
        assert engine.notifications == []
        app.broken = True
        await engine.advance("30s")
        engine.assert_pending("ServiceDown", job="api")
        await engine.advance("1m30s")
        alert = engine.assert_firing("ServiceDown", job="api")
        assert alert.annotations == {"summary": "api is down"}
        (told,) = engine.notifications
        assert (told.receiver, told.integration) == ("team", "webhook[0]")
        assert told.payload["alerts"][0]["labels"]["alertname"] == "ServiceDown"
        app.broken = False
        await engine.wait_until('up{job="api"} == 1')
        await engine.advance("2m")
        engine.assert_not_firing("ServiceDown", job="api")
        assert engine.notifications[-1].payload["status"] == "resolved"


async def test_an_assertion_says_what_there_is_instead(tmp_path: Path) -> None:
    async with Engine(**project(tmp_path)) as engine:  # type: ignore[arg-type]
        with pytest.raises(AssertionError, match=r'ServiceDown\{job="api"\} is not firing; there is no alert of that'):
            engine.assert_firing("ServiceDown", job="api")
        with pytest.raises(TestEngineError, match="no rule has the name ServiceUp; there are: ServiceDown"):
            engine.assert_not_firing("ServiceUp")
        app = Hits()
        app.broken = True
        await engine.add_target(app, job="api")
        await engine.advance("20s")
        with pytest.raises(
            AssertionError, match=r"(?s)is not firing; there is\s+pending: \{.*job=\"api\".*\}, value 0"
        ):
            engine.assert_firing("ServiceDown", job="api")


async def test_scrapes_out_of_turn_are_instants_of_their_own() -> None:
    async with Engine() as engine:
        await engine.add_target(Hits())
        before = engine.now
        for expected in (30, 60, 90):
            await engine.scrape_now()
            assert (await engine.query("hits_total")).value == expected
        assert engine.now == pytest.approx(before + 0.003)


async def test_waiting_ends_when_the_expression_gives_something_or_the_time_is_up() -> None:
    async with Engine(interval="10s") as engine:
        await engine.add_target(Hits())
        assert (await engine.wait_until("hits_total > 100")).value == 120
        with pytest.raises(AssertionError, match="hits_total > 1e9 gave nothing for 5m"):
            await engine.wait_until("hits_total > 1e9", timeout="5m")
        with pytest.raises(AssertionError):
            await engine.wait_until("vector(0)", timeout=60)


async def test_two_targets_may_share_a_job_and_an_interval_may_come_from_the_projects_file(tmp_path: Path) -> None:
    config = tmp_path / "prometheus.yml"
    config.write_text(
        "global: {scrape_interval: 5s}\nscrape_configs:\n- job_name: api\n  static_configs: [{targets: ['api:8000']}]\n"
    )
    async with Engine(config=config) as engine:
        engine.serve("api:8000", Hits())
        await engine.add_target(Hits(), job="api", address="other:1")
        await engine.advance("1m")
        assert (await engine.query('count(up{job="api"} == 1)')).value == 2
        assert len((await engine.series('hits_total{instance="api:8000"}'))[0].times) == 12


async def test_an_address_without_a_port_is_that_of_port_80() -> None:
    async with Engine() as engine:
        await engine.add_target(Hits(), job="api", address="api.internal")
        await engine.advance("1m")
        assert (await engine.query("up")).values == {'up{instance="api.internal:80", job="api"}': 1}


async def test_a_function_that_gives_no_page_fails_the_scrape_and_says_so() -> None:
    async with Engine() as engine:
        await engine.add_target(lambda: None)
        await engine.advance("1m")
        assert (await engine.query("up")).value == 0
        assert "the function gave None, where a page is wanted" in await engine.report()


async def test_targets_that_the_test_did_not_give_are_not_called(tmp_path: Path) -> None:
    config = tmp_path / "prometheus.yml"
    config.write_text("scrape_configs:\n- job_name: web\n  static_configs: [{targets: ['example.com:80']}]\n")
    async with Engine(config=config) as engine:
        await engine.advance("2m")
        assert (await engine.query("up")).value == 0
        assert "the test gave nothing to scrape at example.com:80" in await engine.report()


async def test_a_real_server_is_scraped_while_time_stands_still() -> None:
    async def metrics(_: web.Request) -> web.Response:
        await asyncio.sleep(0.01)
        return web.Response(text="answer 42\n")

    app = web.Application()
    app.router.add_get("/metrics", metrics)
    async with TestServer(app) as server, Engine() as engine:
        await engine.add_target(str(server.make_url("/metrics")), job="web")
        await engine.advance("1m")
        assert (await engine.query("answer")).value == 42
        assert len((await engine.series("answer"))[0].times) == 4


async def test_mistakes_in_the_projects_files_are_all_told(tmp_path: Path) -> None:
    (tmp_path / "rules.yml").write_text("groups: [{name: a, rules: [{record: x, expr: 'sum('}, {recrod: y}]}]")
    with pytest.raises(ConfigError) as caught:
        Engine(rules=[tmp_path / "rules.yml"])
    assert "rules.yml:1" in str(caught.value)
    assert "recrod" in str(caught.value)
    for rules in ([tmp_path / "nothing.yml"], str(tmp_path / "nothing.yml")):
        with pytest.raises(ConfigError, match=r"nothing\.yml matches no file"):
            Engine(rules=rules)


async def test_what_makes_no_sense_is_told_in_words() -> None:
    with pytest.raises(TestEngineError, match="the engine does not run"):
        await Engine().query("up")
    async with Engine() as engine:
        for text in ("api:80", "http://[::1", "http://api:99999/metrics"):
            with pytest.raises(TestEngineError, match="is no URL to scrape"):
                await engine.add_target(text)
        with pytest.raises(TestEngineError, match="is no address: want HOST:PORT"):
            engine.serve("api:99999", Hits())
        with pytest.raises(TestEngineError, match="want a URL, an ASGI or WSGI application"):
            await engine.add_target(42)
        with pytest.raises(TestEngineError, match="nobody is notified"):
            _ = engine.notifications
        with pytest.raises(TestEngineError, match="want 30s, 5m, 1h30m, or seconds"):
            await engine.advance("soon")
        for never in (None, float("nan"), float("inf")):
            with pytest.raises(TestEngineError, match="want 30s, 5m, 1h30m, or seconds"):
                await engine.advance(never)  # type: ignore[arg-type]
        with pytest.raises(TestEngineError, match="time does not go back"):
            await engine.advance(-5)
        with pytest.raises(TestEngineError, match="5 is no query"):
            await engine.query(5)  # type: ignore[arg-type]
        with pytest.raises(TestEngineError, match="selects no series"):
            await engine.series("sum(x)")
        with pytest.raises(TestEngineError, match="0 samples, where one is wanted"):
            _ = (await engine.query("up")).value
        with pytest.raises(PromQLError):
            await engine.query("sum(")


async def test_a_hundred_engines_leave_nothing_behind(tmp_path: Path) -> None:
    options: Any = project(tmp_path)
    process, before = psutil.Process(), names(tmp_path)

    async def one() -> None:
        async with Engine(**options) as engine:
            await engine.add_target(Hits(), job="api")
            await engine.advance("30s")

    await one()
    gc.collect()
    tasks, threads, files = len(asyncio.all_tasks()), threading.active_count(), process.num_fds()
    for _ in range(100):
        await one()
    assert len(asyncio.all_tasks()) == tasks
    assert threading.active_count() <= threads  # others that ran here may have ended meanwhile
    assert process.num_fds() <= files
    assert names(tmp_path) == before
