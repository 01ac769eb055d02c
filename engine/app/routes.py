"""What each component answers. The first port answers for all of them, wherever their paths do not collide."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import TYPE_CHECKING

from aiohttp import web
from yarl import URL

from engine.app import selfmetrics
from engine.config.render import render
from engine.web.api import alertmanager, health, query, rules, series, status, targets
from exporters.serve import Collect, landing, metrics

if TYPE_CHECKING:
    from engine.app.application import Application


def routes(app: Application, collects: Mapping[str, Collect]) -> dict[str, list[web.RouteDef]]:
    """By component."""
    managing = alertmanager.routes(app.alertmanager, app.reload) if app.alertmanager is not None else []
    return {
        "prometheus": [
            *_under("/api/v1", _api(app)),
            *(route for route in managing if route.path.startswith("/api/v2")),
            *health.routes(reload=app.reload, quit_=app.quit, lifecycle=app.options.enable_lifecycle),
            metrics(collects["prometheus"]),
            _overview(app),
        ],
        "alertmanager": [*managing, metrics(collects["alertmanager"]), landing("Alertmanager")],
        "node": [metrics(collects["node"]), landing("Node Exporter")],
    }


def _api(app: Application) -> Iterable[web.RouteDef]:
    yield from query.routes(app.queries, app.clock)
    yield from series.routes(app.store)
    yield from targets.routes(
        app.scrapes, lambda: [one.url for one in app.notifier.alertmanagers], URL(app.external_url("prometheus"))
    )
    yield from rules.routes(app.rules)
    yield from status.routes(
        app.store,
        version=selfmetrics.build_info(),
        flags=app.options.flags,
        config=lambda: render(app.config),
        runtime=app.runtime,
    )


def _under(prefix: str, found: Iterable[web.RouteDef]) -> list[web.RouteDef]:
    return [web.route(route.method, prefix + route.path, route.handler) for route in found]


def _overview(app: Application) -> web.RouteDef:
    """A first page for whoever opens the address in a browser."""

    async def page(_: web.Request) -> web.Response:
        lines = [f"{name:<13} http://{address}" for name, address in app.components.ports.items()]
        paths = ["/api/v1/query?query=up", "/api/v1/targets", "/api/v1/rules", "/api/v1/alerts", "/metrics"]
        return web.Response(text="\n".join(["engine", "", *lines, "", *paths, ""]))

    return web.get("/", page)
