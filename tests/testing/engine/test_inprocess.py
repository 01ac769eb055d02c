"""Pages of applications in the process of the test."""

from __future__ import annotations

from typing import Any

import flask
import pytest
from fastapi import FastAPI
from prometheus_client import CollectorRegistry, Gauge, make_asgi_app, make_wsgi_app
from yarl import URL

from engine.scrape.ports import FetchError
from engine.testing.errors import TestEngineError
from engine.testing.inprocess import asking, page

METRICS = URL("http://api:80/metrics")


def registry() -> CollectorRegistry:
    made = CollectorRegistry()
    Gauge("answer", "Of all questions", registry=made).set(42)
    return made


def mounted() -> FastAPI:
    """As the client's own documentation mounts it, which answers /metrics with a redirect to /metrics/."""
    app = FastAPI()
    app.mount("/metrics", make_asgi_app(registry()))
    return app


def under_flask() -> flask.Flask:
    app = flask.Flask("app")
    app.get("/metrics")(lambda: "answer 42.0\n")
    return app


@pytest.mark.parametrize(
    "app",
    [
        registry(), make_asgi_app(registry()), make_wsgi_app(registry()), mounted(), under_flask(),
        lambda: "answer 42.0\n", lambda: b"answer 42.0\n",
    ],
)  # fmt: skip
async def test_every_kind_of_application_is_asked(app: Any) -> None:
    assert b"answer 42.0\n" in (await page(asking(app), METRICS)).page()


async def test_an_answer_that_is_no_page_fails_the_scrape() -> None:
    with pytest.raises(FetchError, match="server returned HTTP status 404"):
        await page(asking(FastAPI()), METRICS)


def test_what_is_no_application_is_refused() -> None:
    with pytest.raises(TestEngineError, match="takes 1 arguments: ASGI takes 3, WSGI 2"):
        asking(lambda request: None)
