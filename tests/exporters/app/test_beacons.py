"""Beacons that an application takes."""

from __future__ import annotations

from typing import Any

from prometheus_client import CollectorRegistry

from exporters.app.asgi import MetricsMiddleware
from exporters.app.options import AppOptions
from exporters.app.wsgi import MetricsMiddleware as WsgiMetrics
from tests.exporters.app.asking import ask, ask_wsgi, requests

LOAD = b'{"page": "/orders/7", "loadTime": 1500}'
SUM = ("page_load_time_sum", {"page": "/orders/:id"})


async def application(scope: Any, receive: Any, send: Any) -> None:
    await send({"type": "http.response.start", "status": 404})
    await send({"type": "http.response.body"})


def old_application(environ: Any, start_response: Any) -> list[bytes]:
    start_response("404 Not Found", [])
    return [b""]


async def test_a_page_load_is_kept_in_the_registry_and_is_no_request_of_the_application() -> None:
    registry = CollectorRegistry()
    app = MetricsMiddleware(application, options=AppOptions(registry=registry, browser=True))
    assert (await ask(app, "POST", "/api/metrics/page-load", LOAD)).status == 204
    assert registry.get_sample_value(*SUM) == 1.5
    assert requests(registry) == {}
    refused = await ask(app, "POST", "/api/metrics/page-load", b"{}")
    assert (refused.status, refused.body) == (400, b"page-load: Object missing required field `page`\n")
    told = {"endpoint": "page-load", "outcome": "malformed"}
    assert registry.get_sample_value("browser_beacons_total", told) == 1
    assert (await ask(app, "POST", "/api/metrics/page-load", b" " * 20_000)).status == 413
    assert (await ask(app, "GET", "/api/metrics/page-load")).status == 404


def test_the_same_over_wsgi() -> None:
    registry = CollectorRegistry()
    app = WsgiMetrics(old_application, options=AppOptions(registry=registry, browser=True))
    assert ask_wsgi(app, "POST", "/api/metrics/page-load", LOAD).status == 204
    assert registry.get_sample_value(*SUM) == 1.5
    assert ask_wsgi(app, "POST", "/api/metrics/page-load", b" " * 20_000).status == 413


async def test_pages_of_the_origins_that_are_named_alone_get_leave() -> None:
    options = AppOptions(registry=CollectorRegistry(), browser=True, origins=frozenset({"https://shop.example.com"}))
    app = MetricsMiddleware(application, options=options)
    given = await ask(app, "OPTIONS", "/api/metrics/page-load", origin="https://shop.example.com")
    assert (given.status, given.headers["access-control-allow-origin"]) == (204, "https://shop.example.com")
    other = await ask(app, "OPTIONS", "/api/metrics/page-load", origin="https://evil.example.com")
    assert "access-control-allow-origin" not in other.headers


async def test_an_application_that_does_not_ask_for_them_keeps_its_own_paths() -> None:
    registry = CollectorRegistry()
    app = MetricsMiddleware(application, options=AppOptions(registry=registry))
    assert (await ask(app, "POST", "/api/metrics/page-load", LOAD)).status == 404
    assert sum(requests(registry).values()) == 1
