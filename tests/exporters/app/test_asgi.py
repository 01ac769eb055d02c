"""Requests of FastAPI, Starlette and bare ASGI applications, counted."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from typing import Any

import pytest
from fastapi import APIRouter, BackgroundTasks, FastAPI, HTTPException
from prometheus_client import CollectorRegistry
from starlette.applications import Starlette
from starlette.middleware.base import BaseHTTPMiddleware
from starlette.requests import Request
from starlette.responses import PlainTextResponse, StreamingResponse
from starlette.routing import Mount, Route
from starlette.staticfiles import StaticFiles

from engine.testing.manual_clock import ManualClock
from exporters.app.asgi import MetricsMiddleware
from exporters.app.errors import InstrumentError
from exporters.app.options import AppOptions
from tests.exporters.app.asking import ask, exceptions, http_scope, requests


@pytest.fixture
def registry() -> CollectorRegistry:
    return CollectorRegistry()


def shop(registry: CollectorRegistry, tmp_path: Any = None, **options: Any) -> FastAPI:
    app = FastAPI()
    items, deep = APIRouter(prefix="/items"), APIRouter()

    @items.get("/{item_id}")
    async def item(item_id: int) -> int:
        return item_id

    @deep.get("/deep/{rest:path}")
    async def rest(rest: str) -> str:
        return rest

    @app.get("/broken")
    async def broken() -> None:
        raise RuntimeError("broken")

    @app.get("/refused")
    async def refused() -> None:
        raise HTTPException(503, "later")

    @app.get("/stream")
    async def stream() -> StreamingResponse:
        async def parts() -> AsyncIterator[str]:
            yield "a"
            yield "b"

        return StreamingResponse(parts())

    @app.get("/later")
    async def later(tasks: BackgroundTasks) -> str:
        def fail() -> None:
            raise RuntimeError("in the background")

        tasks.add_task(fail)
        return "done"

    items.include_router(deep, prefix="/more")
    app.include_router(items, prefix="/v1")
    tenants = FastAPI()
    tenants.get("/hello/{name}")(lambda name: name)
    app.mount("/tenants/{tenant}", tenants)
    if tmp_path is not None:
        app.mount("/static", StaticFiles(directory=tmp_path))
    app.add_middleware(MetricsMiddleware, options=AppOptions(registry=registry, **options))
    return app


@pytest.mark.parametrize(
    ("path", "endpoint", "status"),
    [
        ("/v1/items/7", "/v1/items/{item_id}", "200"),
        ("/v1/items/seven", "/v1/items/{item_id}", "422"),
        ("/v1/items/more/deep/a/b/c", "/v1/items/more/deep/{rest:path}", "200"),
        ("/tenants/acme/hello/you", "/tenants/{tenant}/hello/{name}", "200"),
        ("/tenants/acme/nowhere", "/tenants/{tenant}/*", "404"),
        ("/static/logo.txt", "/static/*", "200"),
        ("/refused", "/refused", "503"),
        ("/stream", "/stream", "200"),
        ("/nowhere/4", "unmatched", "404"),
    ],
)
async def test_a_request_is_counted_under_its_whole_route(
    registry: CollectorRegistry, tmp_path: Any, path: str, endpoint: str, status: str
) -> None:
    (tmp_path / "logo.txt").write_text("logo")
    await ask(shop(registry, tmp_path), "GET", path, stays=True)
    assert requests(registry) == {("GET", endpoint, status): 1}
    assert exceptions(registry) == {endpoint: 0}


async def test_a_method_that_a_route_does_not_take_counts_there_and_unknown_methods_are_one(
    registry: CollectorRegistry,
) -> None:
    app = shop(registry)
    await ask(app, "POST", "/v1/items/7")
    await ask(app, "BREW", "/v1/items/7")
    ends = "/v1/items/{item_id}"
    assert requests(registry) == {("POST", ends, "405"): 1, ("OTHER", ends, "405"): 1}


async def test_the_routes_of_starlette_and_its_mounts_are_named(registry: CollectorRegistry) -> None:
    async def hello(_: Request) -> PlainTextResponse:
        return PlainTextResponse("hello")

    inner = [Route("/z/{w}", hello)]
    starlette = Starlette(routes=[Route("/a/{b:int}", hello), Mount("/m/{q}", routes=inner)])
    app = MetricsMiddleware(starlette, options=AppOptions(registry=registry))
    await ask(app, "GET", "/a/4")
    await ask(app, "GET", "/m/1/z/2")
    await ask(app, "GET", "/behind/proxy/a/5", root_path="/behind/proxy")
    assert requests(registry) == {("GET", "/a/{b:int}", "200"): 2, ("GET", "/m/{q}/z/{w}", "200"): 1}


async def test_an_exception_is_counted_once_and_as_status_500_wherever_the_middleware_stands(
    registry: CollectorRegistry,
) -> None:
    with pytest.raises(RuntimeError):
        await ask(shop(registry), "GET", "/broken")
    assert (requests(registry), exceptions(registry)) == ({("GET", "/broken", "500"): 1}, {"/broken": 1})
    around = CollectorRegistry()
    with pytest.raises(RuntimeError):
        await ask(MetricsMiddleware(shop(registry), options=AppOptions(registry=around)), "GET", "/broken")
    assert (requests(around), exceptions(around)) == ({("GET", "/broken", "500"): 1}, {"/broken": 1})


async def test_an_exception_after_the_answer_changes_no_status(registry: CollectorRegistry) -> None:
    with pytest.raises(RuntimeError):
        await ask(shop(registry), "GET", "/later")
    assert (requests(registry), exceptions(registry)) == ({("GET", "/later", "200"): 1}, {"/later": 1})


async def test_other_middleware_between_does_not_hide_the_route(registry: CollectorRegistry) -> None:
    app = shop(CollectorRegistry())

    async def passing(request: Request, call_next: Any) -> Any:
        return await call_next(request)

    app.add_middleware(BaseHTTPMiddleware, dispatch=passing)
    app.add_middleware(MetricsMiddleware, options=AppOptions(registry=registry))
    await ask(app, "GET", "/v1/items/7")
    assert requests(registry) == {("GET", "/v1/items/{item_id}", "200"): 1}


async def test_a_stream_lasts_until_its_last_part(registry: CollectorRegistry) -> None:
    clock = ManualClock()

    async def slow(scope: Any, receive: Any, send: Any) -> None:
        await send({"type": "http.response.start", "status": 200})
        await send({"type": "http.response.body", "body": b"a", "more_body": True})
        await clock.advance(3000)
        await send({"type": "http.response.body", "body": b"b"})
        await clock.advance(60_000)  # in the background

    await ask(MetricsMiddleware(slow, options=AppOptions(registry=registry), clock=clock), "GET", "/s")
    assert registry.get_sample_value("http_request_duration_seconds_sum", {"method": "GET", "endpoint": "/s"}) == 3


@pytest.mark.parametrize("how", ["cancelled", "disconnected", "send fails"])
async def test_a_client_that_goes_is_no_exception(registry: CollectorRegistry, how: str) -> None:
    waiting = asyncio.Event()

    async def application(scope: Any, receive: Any, send: Any) -> None:
        await send({"type": "http.response.start", "status": 200})
        waiting.set()
        if how == "cancelled":
            await asyncio.Event().wait()
        elif how == "disconnected":
            await receive()
            raise RuntimeError("the client has gone")
        await send({"type": "http.response.body", "body": b"a"})

    async def receive() -> Any:
        return {"type": "http.disconnect"}

    async def send(message: Any) -> None:
        if message["type"] == "http.response.body":
            raise ConnectionResetError

    app = MetricsMiddleware(application, options=AppOptions(registry=registry))
    request = asyncio.ensure_future(app(http_scope("GET", "/x"), receive, send))
    await waiting.wait()
    if how == "cancelled":
        request.cancel()
    await asyncio.wait([request])
    assert request.cancelled() or request.exception() is not None
    assert (requests(registry), exceptions(registry)) == ({("GET", "/x", "499"): 1}, {"/x": 0})


async def test_an_answer_that_is_broken_off_counts_as_500(registry: CollectorRegistry) -> None:
    async def application(scope: Any, receive: Any, send: Any) -> None:
        await send({"type": "http.response.start", "status": 200})
        await send({"type": "http.response.body", "body": b"a", "more_body": True})
        raise RuntimeError("half way")

    with pytest.raises(RuntimeError):
        await ask(MetricsMiddleware(application, options=AppOptions(registry=registry)), "GET", "/x")
    assert (requests(registry), exceptions(registry)) == ({("GET", "/x", "500"): 1}, {"/x": 1})


async def test_paths_of_a_framework_without_routes_are_bounded(registry: CollectorRegistry) -> None:
    async def application(scope: Any, receive: Any, send: Any) -> None:
        await send({"type": "http.response.start", "status": 404 if scope["path"] == "/gone" else 200})
        await send({"type": "http.response.body"})

    app = MetricsMiddleware(application, options=AppOptions(registry=registry, most_paths=2))
    for path in ("/a/1", "/a/2", "/b", "/c", "/d", "/gone"):
        await ask(app, "GET", path)
    assert {endpoint: n for (_, endpoint, _), n in requests(registry).items()} == {
        "/a/:id": 2, "/b": 1, "other": 2, "unmatched": 1,
    }  # fmt: skip


async def test_websockets_and_lifespans_pass_through_uncounted(registry: CollectorRegistry) -> None:
    seen: list[str] = []

    async def application(scope: Any, receive: Any, send: Any) -> None:
        seen.append(scope["type"])

    app = MetricsMiddleware(application, options=AppOptions(registry=registry))
    for kind in ("websocket", "lifespan"):
        await app({"type": kind}, None, None)  # type: ignore[arg-type]
    assert seen == ["websocket", "lifespan"]
    assert requests(registry) == {}


async def test_the_page_is_answered_at_its_path_itself_in_both_formats_and_not_counted(
    registry: CollectorRegistry,
) -> None:
    app = shop(registry, info={"version": "1.2.3"})
    await ask(app, "GET", "/v1/items/7")
    text = await ask(app, "GET", "/metrics")
    assert text.status == 200
    assert text.headers["content-type"].startswith("text/plain; version=0.0.4")
    assert b'app_info_info{version="1.2.3"} 1.0' in text.body
    asked = "application/openmetrics-text;version=1.0.0,text/plain;version=0.0.4;q=0.5"
    modern = await ask(app, "GET", "/metrics", accept=asked)
    assert modern.headers["content-type"].startswith("application/openmetrics-text; version=1.0.0")
    assert modern.body.endswith(b"# EOF\n")
    assert (await ask(app, "HEAD", "/metrics")).body == b""
    assert sum(requests(registry).values()) == 1


async def test_the_page_is_compressed_for_who_takes_that(registry: CollectorRegistry) -> None:
    app = shop(registry)
    await ask(app, "GET", "/v1/items/7")
    assert (await ask(app, "GET", "/metrics", accept_encoding="gzip")).body[:2] == b"\x1f\x8b"


async def test_users_who_were_here_lately_are_counted(registry: CollectorRegistry) -> None:
    clock = ManualClock()

    async def application(scope: Any, receive: Any, send: Any) -> None:
        await send({"type": "http.response.start", "status": 200})
        await send({"type": "http.response.body"})

    options = AppOptions(registry=registry, identify=lambda scope: dict(scope["headers"]).get(b"user"))
    app = MetricsMiddleware(application, options=options, clock=clock)
    for user in ("ann", "bob", "ann"):
        await ask(app, "GET", "/", user=user)
    await ask(app, "GET", "/")
    assert registry.get_sample_value("active_users") == 2
    await clock.advance(300_000)
    await ask(app, "GET", "/metrics")
    assert registry.get_sample_value("active_users") == 0


async def test_a_factory_may_make_the_application_many_times(registry: CollectorRegistry) -> None:
    await ask(shop(registry), "GET", "/v1/items/7")
    await ask(shop(registry), "GET", "/v1/items/7")
    assert sum(requests(registry).values()) == 2


async def test_a_metric_that_the_application_defines_itself_is_told(registry: CollectorRegistry) -> None:
    from prometheus_client import Counter

    Counter("http_requests_total", "Mine", ["method"], registry=registry)
    with pytest.raises(InstrumentError, match="the application defines http_requests_total itself: remove that"):
        await ask(shop(registry), "GET", "/")
