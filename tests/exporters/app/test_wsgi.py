"""Requests of bare WSGI applications, of Flask and of Django, counted."""

from __future__ import annotations

import io
from collections.abc import Iterator
from typing import Any
from wsgiref.util import FileWrapper

import flask
import pytest
from prometheus_client import CollectorRegistry

from engine.testing.manual_clock import ManualClock
from exporters.app.flask import instrument
from exporters.app.options import AppOptions
from exporters.app.wsgi import MetricsMiddleware
from tests.exporters.app.asking import ask_wsgi, exceptions, requests


@pytest.fixture
def registry() -> CollectorRegistry:
    return CollectorRegistry()


def shop(registry: CollectorRegistry) -> flask.Flask:
    app = flask.Flask("shop")

    @app.get("/items/<int:item_id>")
    def item(item_id: int) -> str:
        return str(item_id)

    @app.get("/broken")
    def broken() -> None:
        raise RuntimeError("broken")

    @app.get("/stream")
    def stream() -> flask.Response:
        return flask.Response(iter(["a", "b"]))

    app.before_request(lambda: flask.abort(403) if "forbidden" in flask.request.headers else None)
    instrument(app, options=AppOptions(registry=registry))
    return app


def test_flask_is_counted_by_its_rules_and_its_exceptions_are_seen(registry: CollectorRegistry) -> None:
    app = shop(registry)
    assert ask_wsgi(app, "GET", "/items/7").body == b"7"
    assert ask_wsgi(app, "GET", "/stream").body == b"ab"
    ask_wsgi(app, "GET", "/items/8", HTTP_FORBIDDEN="yes")
    ask_wsgi(app, "GET", "/nowhere")
    ask_wsgi(app, "GET", "/broken")
    assert requests(registry) == {
        ("GET", "/items/<int:item_id>", "200"): 1,
        ("GET", "/items/<int:item_id>", "403"): 1,
        ("GET", "/stream", "200"): 1,
        ("GET", "unmatched", "404"): 1,
        ("GET", "/broken", "500"): 1,
    }
    assert exceptions(registry) == {"/items/<int:item_id>": 0, "/stream": 0, "unmatched": 0, "/broken": 1}
    page = ask_wsgi(app, "GET", "/metrics")
    assert (page.status, page.headers["content-type"][:25]) == (200, "text/plain; version=0.0.4")
    assert int(page.headers["content-length"]) == len(page.body)


def test_a_stream_lasts_until_it_was_read(registry: CollectorRegistry) -> None:
    clock = ManualClock()

    def application(environ: Any, start_response: Any) -> Iterator[bytes]:
        start_response("200 OK", [])
        yield b"a"
        clock._now_ns += 2_000_000_000
        yield b"b"

    app = MetricsMiddleware(application, options=AppOptions(registry=registry), clock=clock)
    assert ask_wsgi(app, "GET", "/s").body == b"ab"
    assert registry.get_sample_value("http_request_duration_seconds_sum", {"method": "GET", "endpoint": "/s"}) == 2


def test_an_answer_that_is_closed_before_its_end_is_a_client_that_went(registry: CollectorRegistry) -> None:
    closed: list[bool] = []

    class Parts:
        def __iter__(self) -> Iterator[bytes]:
            yield from (b"a", b"b")

        def close(self) -> None:
            closed.append(True)

    def application(environ: Any, start_response: Any) -> Any:
        start_response("200 OK", [])
        return Parts()

    app = MetricsMiddleware(application, options=AppOptions(registry=registry))
    answer: Any = app({"REQUEST_METHOD": "GET", "PATH_INFO": "/s"}, lambda *_: None)
    assert next(iter(answer)) == b"a"
    answer.close()
    assert closed == [True]
    assert requests(registry) == {("GET", "/s", "499"): 1}


@pytest.mark.parametrize("when", ["at once", "half way"])
def test_an_exception_is_counted_whenever_it_comes(registry: CollectorRegistry, when: str) -> None:
    def parts() -> Iterator[bytes]:
        yield b"a"
        raise RuntimeError(when)

    def application(environ: Any, start_response: Any) -> Any:
        if when == "at once":
            raise RuntimeError(when)
        start_response("200 OK", [])
        return parts()

    with pytest.raises(RuntimeError):
        ask_wsgi(MetricsMiddleware(application, options=AppOptions(registry=registry)), "GET", "/x")
    assert (requests(registry), exceptions(registry)) == ({("GET", "/x", "500"): 1}, {"/x": 1})


def test_a_file_is_left_to_the_server_that_can_send_it(registry: CollectorRegistry) -> None:
    def application(environ: Any, start_response: Any) -> Any:
        start_response("200 OK", [])
        return environ["wsgi.file_wrapper"](io.BytesIO(b"content"))

    app = MetricsMiddleware(application, options=AppOptions(registry=registry))
    environ = {"REQUEST_METHOD": "GET", "PATH_INFO": "/f", "wsgi.file_wrapper": FileWrapper}
    assert isinstance(app(environ, lambda *_: None), FileWrapper)
    assert requests(registry) == {("GET", "/f", "200"): 1}
