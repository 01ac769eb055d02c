"""Requests of Django, counted over WSGI and ASGI."""

from __future__ import annotations

import sys
from types import ModuleType
from typing import Any

import django
import pytest
from django.conf import settings
from django.core.handlers.asgi import ASGIHandler
from django.core.handlers.wsgi import WSGIHandler
from django.http import HttpRequest, HttpResponse
from django.urls import include, path, re_path
from prometheus_client import CollectorRegistry

from exporters.app.asgi import MetricsMiddleware as AsgiMetrics
from exporters.app.options import AppOptions
from exporters.app.wsgi import MetricsMiddleware as WsgiMetrics
from tests.exporters.app.asking import ask, ask_wsgi, exceptions, requests


def item(request: HttpRequest, **_: Any) -> HttpResponse:
    return HttpResponse("item")


def broken(request: HttpRequest) -> HttpResponse:
    raise RuntimeError("broken")


@pytest.fixture(scope="module", autouse=True)
def project() -> None:
    """Django knows one project a process, by the name of its module of paths."""
    urls = ModuleType("exporters_app_test_urls")
    items = [path("<int:item_id>", item), re_path(r"^old/(?P<name>\w+)$", item)]
    urls.urlpatterns = [path("items/", include(items)), path("broken", broken)]  # type: ignore[attr-defined]
    sys.modules[urls.__name__] = urls
    middleware = ["exporters.app.django.RouteMiddleware"]
    settings.configure(ALLOWED_HOSTS=["*"], ROOT_URLCONF=urls.__name__, MIDDLEWARE=middleware, LOGGING_CONFIG=None)
    django.setup()


EXPECTED = {
    ("GET", "/items/<int:item_id>", "200"): 1,
    ("GET", "unmatched", "404"): 1,
    ("GET", "/broken", "500"): 1,
}


def test_over_wsgi() -> None:
    registry = CollectorRegistry()
    app = WsgiMetrics(WSGIHandler(), options=AppOptions(registry=registry))
    assert ask_wsgi(app, "GET", "/items/7").body == b"item"
    ask_wsgi(app, "GET", "/nowhere")
    ask_wsgi(app, "GET", "/broken")
    assert requests(registry) == EXPECTED
    assert exceptions(registry) == {"/items/<int:item_id>": 0, "unmatched": 0, "/broken": 1}


async def test_over_asgi() -> None:
    registry = CollectorRegistry()
    app = AsgiMetrics(ASGIHandler(), options=AppOptions(registry=registry))
    # Django takes a second message of the client's for its going away, so these requests stay open.
    for where in ("/items/7", "/nowhere", "/broken"):
        await ask(app, "GET", where, stays=True)
    assert requests(registry) == EXPECTED
    assert exceptions(registry) == {"/items/<int:item_id>": 0, "unmatched": 0, "/broken": 1}


def test_a_pattern_is_shown_without_its_anchors() -> None:
    registry = CollectorRegistry()
    ask_wsgi(WsgiMetrics(WSGIHandler(), options=AppOptions(registry=registry)), "GET", "/items/old/chair")
    assert requests(registry) == {("GET", r"/items/old/(?P<name>\w+)", "200"): 1}
