"""Metrics of a Django application: the middleware of `wsgi` or `asgi` around it, and this one inside.

    MIDDLEWARE = ["exporters.app.django.RouteMiddleware", ...]            # settings.py
    application = MetricsMiddleware(get_wsgi_application())                # wsgi.py

Django answers its own exceptions and keeps its routes to itself; this tells both to the middleware around.
"""

from __future__ import annotations

from collections.abc import Callable, MutableMapping
from typing import Any

from asgiref.sync import iscoroutinefunction, markcoroutinefunction
from django.http import HttpRequest, HttpResponseBase

from exporters.app.endpoints import EXCEPTION_KEY, ROUTE_KEY, UNMATCHED


class RouteMiddleware:
    """Leaves route and exceptions where the middleware around it looks."""

    sync_capable = True
    async_capable = True

    def __init__(self, get_response: Callable[[HttpRequest], Any]) -> None:
        self._get_response = get_response
        if iscoroutinefunction(get_response):
            markcoroutinefunction(self)

    def __call__(self, request: HttpRequest) -> Any:
        _place(request)[ROUTE_KEY] = UNMATCHED
        return self._get_response(request)

    def process_view(self, request: HttpRequest, *_: Any) -> HttpResponseBase | None:
        match = request.resolver_match
        if match is not None:
            _place(request)[ROUTE_KEY] = f"/{match.route.removeprefix('^').removesuffix('$')}"
        return None

    def process_exception(self, request: HttpRequest, _: Exception) -> HttpResponseBase | None:
        _place(request)[EXCEPTION_KEY] = True
        return None


def _place(request: HttpRequest) -> MutableMapping[str, Any]:
    """What both middlewares hold: the scope of ASGI, the environment of WSGI."""
    scope: MutableMapping[str, Any] = getattr(request, "scope", request.META)
    return scope
