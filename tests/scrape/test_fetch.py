"""Pages over real sockets on loopback, and from within the process."""

from __future__ import annotations

import json
from collections.abc import AsyncIterator, Mapping
from pathlib import Path

import pytest
from aiohttp import web
from yarl import URL

from engine.discovery.static import static_groups
from engine.foundation.addresses import AddressBook, LocalResponse
from engine.foundation.clock import SystemClock
from engine.foundation.values import Size
from engine.scrape.config import ScrapeConfig
from engine.scrape.fetch import HttpFetcher
from engine.scrape.ports import Fetched, FetchError, PageTooLargeError
from engine.scrape.protocols import ACCEPT, ScrapeProtocol
from engine.scrape.target import find_targets
from promql.model.durations import Duration
from tests.scrape.fakes import job


@pytest.fixture
async def place() -> AsyncIterator[str]:
    async def metrics(request: web.Request) -> web.Response:
        seen = {name.lower(): value for name, value in request.headers.items() if name != "Host"}
        return web.json_response({"path": request.path_qs, "headers": seen})

    async def down(request: web.Request) -> web.Response:
        return web.Response(status=503, reason="Come Later")

    app = web.Application()
    app.add_routes([web.get("/metrics", metrics), web.get("/down", down)])
    runner = web.AppRunner(app, shutdown_timeout=0.1)
    await runner.setup()
    await web.TCPSite(runner, "127.0.0.1", 0).start()
    yield f"127.0.0.1:{runner.addresses[0][1]}"
    await runner.cleanup()


async def fetch(config: ScrapeConfig, addresses: AddressBook | None = None) -> Fetched:
    fetcher = HttpFetcher(config, addresses or AddressBook(SystemClock()), Path())
    (target,) = find_targets(static_groups(config.static_configs), config).targets
    try:
        return await fetcher.fetch(target)
    finally:
        await fetcher.close()


async def test_a_scrape_asks_as_prometheus_asks(place: str) -> None:
    page = await fetch(job("j", place, params={"a": ("1", "2")}, scrape_timeout=Duration(2500)))
    seen = page.body.decode()
    assert page.content_type == "application/json; charset=utf-8"
    assert '"/metrics?a=1&a=2"' in seen
    for name, value in {
        "accept": ACCEPT,
        "accept-encoding": "gzip",
        "user-agent": "Prometheus/2.42.0",
        "x-prometheus-scrape-timeout-seconds": "2.5",
    }.items():
        assert f'"{name}": "{value}"' in seen


async def test_formats_are_asked_for_in_the_order_that_the_job_gives(place: str) -> None:
    protocols = ("PrometheusProto", "OpenMetricsText1.0.0", "PrometheusText0.0.4")
    config = job("j", place, scrape_protocols=tuple(map(ScrapeProtocol, protocols)), enable_compression=False)
    sent = json.loads((await fetch(config)).body)["headers"]
    assert sent["accept"] == (
        "application/vnd.google.protobuf;proto=io.prometheus.client.MetricFamily;encoding=delimited;q=0.6,"
        "application/openmetrics-text;version=1.0.0;q=0.5,text/plain;version=0.0.4;q=0.4,*/*;q=0.3"
    )
    assert sent["accept-encoding"] == "identity"


async def test_only_200_counts(place: str) -> None:
    with pytest.raises(FetchError, match=r"^server returned HTTP status 503 Come Later$"):
        await fetch(job("j", place, metrics_path="/down"))


async def test_a_page_that_reaches_the_limit_is_refused(place: str) -> None:
    with pytest.raises(PageTooLargeError, match=r"^body size limit exceeded$"):
        await fetch(job("j", place, body_size_limit=Size(8)))


async def test_a_url_that_cannot_be_is_not_asked() -> None:
    with pytest.raises(FetchError, match=r'invalid URL escape "%20"$'):
        await fetch(job("j", "a b:1"))


async def test_a_component_of_this_process_is_asked_without_a_socket() -> None:
    async def page(url: URL, headers: Mapping[str, str]) -> LocalResponse:
        return LocalResponse(200, {"Content-Type": "text/plain"}, f"# {url} {headers['Accept-Encoding']}".encode())

    book = AddressBook(SystemClock())
    book.serves("node", "/metrics", page)
    fetched = await fetch(job("j", "node-exporter:9100"), book)
    assert fetched.body == b"# http://node-exporter:9100/metrics gzip"
