"""What each component answers. The first port answers for all of them, wherever their paths do not collide."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Iterable, Mapping, Sequence
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Final

from aiohttp import web
from msgspec import Struct

from engine.alerting.manager import AlertManager
from engine.app import selfmetrics
from engine.app.agent import refusing
from engine.app.boards import BoardService
from engine.app.options import WebOptions
from engine.app.probing import Probing
from engine.foundation.clock import Clock
from engine.query.engine import QueryEngine
from engine.remote.reader import Reader
from engine.remote.receiver import Receiver
from engine.rules.manager import RuleManager
from engine.rules.notifier import Notifier
from engine.rules.preview.replay import Replayer
from engine.scrape.manager import ScrapeManager
from engine.tsdb.store import Store
from engine.web import assets, beacons, federate, page, pushes
from engine.web.api import (
    admin,
    alertmanager,
    discovery,
    exemplars,
    health,
    otlp,
    preview,
    query,
    read,
    rules,
    series,
    status,
    target_page,
    targets,
    write,
)
from engine.web.api.grafana.paths import engine_routes, grafana_routes
from engine.web.consoles import Consoles, Folders
from engine.web.prefix import below
from exporters.blackbox.pages import probe_routes
from exporters.blackbox.pages import routes as probing_routes
from exporters.browser.metrics import Beacons
from exporters.serve import Collect, landing, metrics

if TYPE_CHECKING:
    from engine.promtail.manager import Promtail
    from engine.remote.pushes.gateway import PushGateway

BOARDS: Final = ("/dashboards", "/d/{uid}", "/d/{uid}/{slug}", "/explore", "/login")
"""Paths of the page at the port of Grafana."""


_OF_LOGS: Final = ("/loki/api/", "/otlp/v1/logs", "/api/prom/", "/prometheus/api/v1/")
"""What of Loki's paths the first port answers too."""


class Served(Struct, frozen=True, kw_only=True):
    """What the pages show, and the few things that they may do; `reload` raises EngineError."""

    clock: Clock
    store: Store
    queries: QueryEngine
    scrapes: ScrapeManager
    rules: RuleManager
    replay: Replayer
    written: preview.Written
    notifier: Notifier
    alertmanager: AlertManager | None
    promtail: Promtail | None
    promtail_config: Callable[[], str]
    logs: Sequence[web.RouteDef]
    line_rules: Callable[[], bool]
    receiver: Receiver
    gateway: PushGateway | None
    probing: Probing
    takes_writes: bool
    takes_otlp: bool
    reader: Reader
    federation: federate.FederationCounts
    beacons: Beacons
    web: WebOptions
    external_url: str
    external_labels: Callable[[], Mapping[str, str]]
    listen: str
    ports: Callable[[], Mapping[str, str]]
    flags: Mapping[str, str]
    agent: bool
    lifecycle: bool
    admin: bool
    snapshots: Callable[[str], Path]
    per_step_stats: bool
    config: Callable[[], str]
    runtime: Callable[[], status.Runtime]
    boards: BoardService
    reload: Callable[[], Awaitable[None]]
    quit: Callable[[], None]


def routes(app: Served, collects: Mapping[str, Collect]) -> dict[str, list[web.RouteDef]]:
    """By component."""
    managing = alertmanager.routes(app.alertmanager, app.reload) if app.alertmanager is not None else []
    first = [
        *_under("/api/v1", _api(app)),
        *(route for route in managing if route.path.startswith("/api/v2")),
        *(route for route in app.logs if route.path.startswith(_OF_LOGS)),
        *health.routes(reload=app.reload, quit_=app.quit, lifecycle=app.lifecycle),
        status.version_route(selfmetrics.version()),
        metrics(collects["prometheus"]),
        *_federation(app),
        *pushes.routes(app.gateway),
        *beacons.routes(app.beacons),
        *probe_routes(app.probing.exporter),
        *_consoles(app).routes(),
        *assets.routes(app.web.assets),
        *engine_routes(app.boards.service),
        *page.routes(partial(_about, app, "prometheus")),
    ]
    return {
        "prometheus": below(app.web.prefix, refusing(first) if app.agent else first),
        "alertmanager": [
            *managing,
            metrics(collects["alertmanager"]),
            *page.routes(partial(_about, app, "alertmanager"), page.ALERTING_PATHS),
        ],
        "node": [metrics(collects["node"], text_alone=True), landing("Node Exporter")],
        "grafana": below(
            app.boards.prefix,
            [
                *grafana_routes(app.boards.service),
                metrics(collects["prometheus"]),
                *page.routes(partial(_about, app, "grafana"), BOARDS),
            ],
        ),
        "blackbox": probing_routes(app.probing.exporter, app.reload),
        "promtail": _of_promtail(app, collects),
        "cadvisor": [metrics(collects["cadvisor"], text_alone=True), landing("cAdvisor")],
        "loki": [*app.logs, metrics(collects["loki"])],
    }


def _of_promtail(app: Served, collects: Mapping[str, Collect]) -> list[web.RouteDef]:
    if app.promtail is None:
        return []
    from engine.web.api import promtail  # noqa: PLC0415 - of what runs only where there is a configuration

    return [*promtail.routes(app.promtail, app.promtail_config, app.reload), metrics(collects["promtail"])]


def _faults_of_promtail(app: Served) -> Mapping[str, str]:
    return {} if app.promtail is None else {f"promtail: {name}": text for name, text in app.promtail.faults.items()}


def _api(app: Served) -> Iterable[web.RouteDef]:
    yield from query.routes(app.queries, app.clock, per_step=app.per_step_stats)
    yield from exemplars.routes(app.store.exemplars, app.queries.workers)
    yield from series.routes(app.store, app.queries)
    yield from targets.routes(
        app.scrapes, lambda: [one.url for one in app.notifier.alertmanagers], app.external_url, app.listen
    )
    yield from target_page.routes(app.scrapes)
    yield from rules.routes(app.rules)
    yield from admin.routes(app.store, app.queries.workers, app.clock, place=app.snapshots, enabled=app.admin)
    yield from write.routes(app.receiver if app.takes_writes else None)
    yield from otlp.routes(app.receiver if app.takes_otlp else None, app.queries.workers)
    yield from read.routes(app.reader)
    yield from pushes.api_routes(app.gateway)
    yield from preview.routes(app.replay, lambda: app.rules.specs, app.written, app.clock)
    yield from status.routes(
        app.store,
        version=selfmetrics.version(),
        flags=app.flags,
        config=app.config,
        runtime=app.runtime,
        ports=app.ports,
    )
    yield from discovery.routes(lambda: {**app.scrapes.discovery_counts.faults, **_faults_of_promtail(app)})


def _federation(app: Served) -> Iterable[web.RouteDef]:
    queries = app.queries
    return federate.routes(
        app.store,
        queries.workers,
        app.clock,
        lookback_ms=queries.limits.lookback_ms,
        external_labels=app.external_labels,
        counts=app.federation,
    )


def _consoles(app: Served) -> Consoles:
    return Consoles(
        folders=Folders(templates=app.web.console_templates, libraries=app.web.console_libraries),
        evaluate=app.queries.instant,
        workers=app.queries.workers,
        clock=app.clock,
        external_url=app.external_url,
        external_labels=app.external_labels,
    )


def _under(prefix: str, found: Iterable[web.RouteDef]) -> list[web.RouteDef]:
    """As the original's API: no HEAD, and OPTIONS for whatever path, whose answer is in its headers."""

    async def preflight(_: web.Request) -> web.Response:
        return web.Response(status=204)

    moved = [(route.method, prefix + route.path, route.handler) for route in found]
    kept = [web.route(m, path, handler, **({"allow_head": False} if m == "GET" else {})) for m, path, handler in moved]
    return [*kept, web.options(prefix + "/{any:.*}", preflight)]


def _about(app: Served, component: str) -> page.About:
    version = selfmetrics.version()["version"]
    if component == "prometheus":
        return page.About(component, app.web.title, version, app.web.prefix, line_rules=app.line_rules())
    return page.About(component, component.capitalize(), version, first=app.external_url)
