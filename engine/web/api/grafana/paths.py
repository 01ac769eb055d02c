"""All paths, and who answers them. What answers is imported when somebody first asks: most runs draw no dashboard.

A row says what one must be allowed to do, by the roles that Grafana has for it. The first port, whose metrics anybody
reads, lets guests read dashboards too; what a guest gets is in `Service.seen_by`.
"""

from __future__ import annotations

import importlib
from collections.abc import Awaitable, Callable
from typing import TYPE_CHECKING, Final

from aiohttp import web

from engine.web.api.grafana.account import Role

if TYPE_CHECKING:
    from engine.web.api.grafana.service import Service

Serves = Callable[[], "Awaitable[Service]"]
Row = tuple[str, str, str, Role]
"""Method, path, handler, and who may."""

ENGINE: Final[tuple[Row, ...]] = (
    ("POST", "/login", "server:login", Role.GUEST),
    ("GET", "/logout", "server:logout", Role.GUEST),
    ("GET", "/api/engine/account", "server:told", Role.GUEST),
    ("GET", "/api/engine/dashboards", "boards:listed", Role.VIEWER),
    ("POST", "/api/engine/dashboards/preview", "boards:preview", Role.VIEWER),
    ("POST", "/api/engine/dashboards/save", "boards:save", Role.EDITOR),
    ("POST", "/api/engine/dashboards/difference", "boards:difference", Role.EDITOR),
    ("GET", "/api/engine/folders", "boards:folders", Role.EDITOR),
    ("GET", "/api/engine/dashboards/{uid}", "boards:board", Role.VIEWER),
    ("GET", "/api/engine/dashboards/{uid}/annotations", "boards:marks", Role.VIEWER),
    ("GET", "/api/engine/dashboards/{uid}/source", "boards:source", Role.EDITOR),
    ("POST", "/api/engine/dashboards/{uid}/difference", "boards:difference", Role.EDITOR),
    ("POST", "/api/engine/panel", "boards:panel", Role.VIEWER),
    ("GET", "/api/engine/sources", "boards:sources", Role.VIEWER),
)
"""What the page asks; at every port."""

GRAFANA: Final[tuple[Row, ...]] = (
    ("GET", "/api/health", "server:health", Role.GUEST),
    ("GET", "/healthz", "server:healthz", Role.GUEST),
    ("GET", "/api/login/ping", "server:ping", Role.OWNER),
    ("GET", "/api/frontend/settings", "server:settings", Role.VIEWER),
    ("GET", "/api/user", "server:user", Role.OWNER),
    ("GET", "/api/user/orgs", "server:orgs", Role.OWNER),
    ("GET", "/api/user/preferences", "server:preferences", Role.VIEWER),
    ("GET", "/api/org", "server:org", Role.VIEWER),
    ("GET", "/api/org/preferences", "server:preferences", Role.VIEWER),
    ("GET", "/api/org/users", "server:org_users", Role.ADMIN),
    ("GET", "/api/datasources", "sources:listed", Role.ADMIN),
    ("GET", "/api/datasources/{id:\\d+}", "sources:by_id", Role.ADMIN),
    ("GET", "/api/datasources/uid/{uid}", "sources:by_uid", Role.ADMIN),
    ("GET", "/api/datasources/name/{name}", "sources:by_name", Role.ADMIN),
    ("GET", "/api/datasources/id/{name}", "sources:id_of", Role.ADMIN),
    ("GET", "/api/datasources/uid/{uid}/health", "sources:health", Role.VIEWER),
    ("*", "/api/datasources/proxy/{id:\\d+}/{path:.*}", "sources:proxy_by_id", Role.VIEWER),
    ("*", "/api/datasources/proxy/uid/{uid}/{path:.*}", "sources:proxy", Role.VIEWER),
    ("*", "/api/datasources/uid/{uid}/resources/{path:.*}", "sources:resources", Role.VIEWER),
    ("*", "/api/datasources/{id:\\d+}/resources/{path:.*}", "sources:resources_by_id", Role.VIEWER),
    ("POST", "/api/ds/query", "query:query", Role.VIEWER),
    ("GET", "/api/search", "dashboards:search", Role.VIEWER),
    ("GET", "/api/dashboards/uid/{uid}", "dashboards:by_uid", Role.VIEWER),
    ("POST", "/api/dashboards/db", "dashboards:save", Role.EDITOR),
    ("GET", "/api/dashboards/home", "dashboards:home", Role.VIEWER),
    ("GET", "/api/dashboards/tags", "dashboards:tags", Role.VIEWER),
    ("GET", "/api/folders", "dashboards:folders", Role.VIEWER),
    ("GET", "/api/folders/{uid}", "dashboards:folder", Role.VIEWER),
    ("GET", "/api/annotations", "dashboards:marks", Role.VIEWER),
    ("POST", "/api/admin/provisioning/dashboards/reload", "dashboards:reload", Role.OWNER),
    ("POST", "/api/admin/provisioning/datasources/reload", "dashboards:reload_all", Role.OWNER),
)
"""Grafana's own, at its port."""


def engine_routes(serves: Serves) -> list[web.RouteDef]:
    """For a port whose reading nobody guards: dashboards are read by guests."""
    return [_route(row, serves, port="prometheus", guests=True) for row in ENGINE]


def grafana_routes(serves: Serves) -> list[web.RouteDef]:
    """For Grafana's port."""
    rows = [_route(row, serves, port="grafana", guests=False) for row in (*ENGINE, *GRAFANA)]
    return [*rows, web.route("*", "/api/{path:.*}", _unknown)]


def _route(row: Row, serves: Serves, *, port: str, guests: bool) -> web.RouteDef:
    method, path, name, wants = row
    module, _, function = name.partition(":")
    if guests and wants is Role.VIEWER:
        wants = Role.GUEST

    async def handle(request: web.Request) -> web.StreamResponse:
        service = await serves()
        answering = importlib.import_module("engine.web.api.grafana.answering")
        handler = getattr(importlib.import_module(f"engine.web.api.grafana.{module}"), function)
        found: web.StreamResponse = await answering.answered(handler, request, service, wants=wants, port=port)
        return found

    return web.route(method, path, handle)


async def _unknown(_: web.Request) -> web.Response:
    return web.json_response({"message": "Not found"}, status=404)
