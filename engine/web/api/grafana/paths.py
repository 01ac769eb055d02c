"""All paths, and who answers them. What answers is imported when somebody first asks: most runs draw no dashboard.

`OPEN` ones answer without a password, `WRITES` want one at every port, and of anonymous readers too.
"""

from __future__ import annotations

import importlib
from collections.abc import Awaitable, Callable
from typing import TYPE_CHECKING, Final

from aiohttp import web

if TYPE_CHECKING:
    from engine.web.api.grafana.service import Service

Serves = Callable[[], "Awaitable[Service]"]

ENGINE: Final = (
    ("GET", "/api/engine/dashboards", "boards:listed"),
    ("POST", "/api/engine/dashboards/preview", "boards:preview"),
    ("POST", "/api/engine/dashboards/save", "boards:save"),
    ("POST", "/api/engine/dashboards/difference", "boards:difference"),
    ("GET", "/api/engine/folders", "boards:folders"),
    ("GET", "/api/engine/dashboards/{uid}", "boards:board"),
    ("GET", "/api/engine/dashboards/{uid}/annotations", "boards:marks"),
    ("GET", "/api/engine/dashboards/{uid}/source", "boards:source"),
    ("POST", "/api/engine/dashboards/{uid}/difference", "boards:difference"),
    ("POST", "/api/engine/panel", "boards:panel"),
    ("GET", "/api/engine/sources", "boards:sources"),
)
"""What the page asks; at every port."""

GRAFANA: Final = (
    ("GET", "/api/health", "server:health"),
    ("GET", "/healthz", "server:healthz"),
    ("POST", "/login", "server:login"),
    ("GET", "/logout", "server:logout"),
    ("GET", "/api/login/ping", "server:ping"),
    ("GET", "/api/frontend/settings", "server:settings"),
    ("GET", "/api/user", "server:user"),
    ("GET", "/api/user/orgs", "server:orgs"),
    ("GET", "/api/user/preferences", "server:preferences"),
    ("GET", "/api/org", "server:org"),
    ("GET", "/api/org/preferences", "server:preferences"),
    ("GET", "/api/org/users", "server:org_users"),
    ("GET", "/api/datasources", "sources:listed"),
    ("GET", "/api/datasources/{id:\\d+}", "sources:by_id"),
    ("GET", "/api/datasources/uid/{uid}", "sources:by_uid"),
    ("GET", "/api/datasources/name/{name}", "sources:by_name"),
    ("GET", "/api/datasources/id/{name}", "sources:id_of"),
    ("GET", "/api/datasources/uid/{uid}/health", "sources:health"),
    ("*", "/api/datasources/proxy/{id:\\d+}/{path:.*}", "sources:proxy_by_id"),
    ("*", "/api/datasources/proxy/uid/{uid}/{path:.*}", "sources:proxy"),
    ("*", "/api/datasources/uid/{uid}/resources/{path:.*}", "sources:resources"),
    ("*", "/api/datasources/{id:\\d+}/resources/{path:.*}", "sources:resources_by_id"),
    ("POST", "/api/ds/query", "query:query"),
    ("GET", "/api/search", "dashboards:search"),
    ("GET", "/api/dashboards/uid/{uid}", "dashboards:by_uid"),
    ("POST", "/api/dashboards/db", "dashboards:save"),
    ("GET", "/api/dashboards/home", "dashboards:home"),
    ("GET", "/api/dashboards/tags", "dashboards:tags"),
    ("GET", "/api/folders", "dashboards:folders"),
    ("GET", "/api/folders/{uid}", "dashboards:folder"),
    ("GET", "/api/annotations", "dashboards:marks"),
    ("POST", "/api/admin/provisioning/dashboards/reload", "dashboards:reload"),
    ("POST", "/api/admin/provisioning/datasources/reload", "dashboards:reload_all"),
)
"""Grafana's own, at its port."""
OPEN: Final = frozenset({"server:health", "server:healthz", "server:login", "server:logout"})
WRITES: Final = frozenset({"boards:save", "dashboards:save", "dashboards:reload", "dashboards:reload_all"})


def engine_routes(serves: Serves) -> list[web.RouteDef]:
    """For a port whose reading nobody guards; what writes a file wants the password, if there is one."""
    return [
        _route(method, path, name, serves, guarded=name in WRITES, port="prometheus") for method, path, name in ENGINE
    ]


def grafana_routes(serves: Serves) -> list[web.RouteDef]:
    """For Grafana's port."""
    return [
        *(
            _route(method, path, name, serves, guarded=name not in OPEN, port="grafana")
            for method, path, name in (*ENGINE, *GRAFANA)
        ),
        web.route("*", "/api/{path:.*}", _unknown),
    ]


def _route(method: str, path: str, name: str, serves: Serves, *, guarded: bool, port: str) -> web.RouteDef:
    module, _, function = name.partition(":")

    async def handle(request: web.Request) -> web.StreamResponse:
        service = await serves()
        answering = importlib.import_module("engine.web.api.grafana.answering")
        handler = getattr(importlib.import_module(f"engine.web.api.grafana.{module}"), function)
        found: web.StreamResponse = await answering.answered(
            handler, request, service, guarded=guarded, writes=name in WRITES, port=port
        )
        return found

    return web.route(method, path, handle)


async def _unknown(_: web.Request) -> web.Response:
    return web.json_response({"message": "Not found"}, status=404)
