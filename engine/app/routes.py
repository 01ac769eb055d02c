"""What each component answers. The first port answers for all of them, wherever their paths do not collide."""

from __future__ import annotations

import asyncio
from collections.abc import Iterable, Mapping, Sequence
from functools import partial
from pathlib import Path
from typing import Final

from aiohttp import web

from engine.app.agent import refusing
from engine.app.components.ports import FIRST
from engine.app.features import OTLP, PER_STEP_STATS, REMOTE_WRITE
from engine.app.metrics import itself
from engine.app.options import RunOptions
from engine.app.parts import Parts
from engine.app.storing import kept, snapshot_folder
from engine.foundation.encode import encode
from engine.rules.preview.replay import GroupReplay, Replay
from engine.rules.spec import GroupSpec
from engine.web import assets, beacons, federate, page, pushes
from engine.web.api import (
    admin,
    discovery,
    exemplars,
    forwarding,
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
from engine.web.prefix import below
from exporters.blackbox.pages import probe_routes
from exporters.blackbox.pages import routes as probing_routes
from exporters.browser.metrics import Beacons
from exporters.serve import Collect, landing, metrics

BOARDS: Final = ("/dashboards", "/d/{uid}", "/d/{uid}/{slug}", "/explore", "/login")
"""Paths of the page at the port of Grafana."""


_OF_LOGS: Final = ("/loki/api/", "/otlp/v1/logs", "/api/prom/", "/prometheus/api/v1/")
"""What of Loki's paths the first port answers too."""


def routes(parts: Parts, collects: Mapping[str, Collect]) -> dict[str, list[web.RouteDef]]:
    """By component."""
    options, reload, boards = parts.options, parts.acts.reload, parts.boards
    logs = parts.logs.routes(lambda: parts.ruling.ruler)
    managing = _managing(parts)
    first = [
        *_under("/api/v1", _api(parts)),
        *(route for route in managing if route.path.startswith("/api/v2")),
        *(route for route in logs if route.path.startswith(_OF_LOGS)),
        *health.routes(reload=reload, quit_=parts.acts.quit, lifecycle=options.enable_lifecycle),
        status.version_route(itself.version()),
        metrics(collects["prometheus"]),
        *_federation(parts),
        *pushes.routes(parts.gateway),
        *beacons.routes(Beacons(parts.browser)),
        *probe_routes(parts.probing.exporter),
        *assets.routes(options.web.assets),
        *_for_people(parts),
    ]
    return {
        "prometheus": below(options.web.prefix, first if options.agent_kept_ms is None else refusing(first)),
        "alertmanager": [
            *managing,
            metrics(collects["alertmanager"]),
            *page.routes(partial(_about, parts, "alertmanager"), page.ALERTING_PATHS),
        ],
        "node": [metrics(collects["node"], text_alone=True), landing("Node Exporter")],
        "grafana": below(
            boards.prefix,
            [
                *grafana_routes(boards.service),
                metrics(collects["prometheus"]),
                *page.routes(partial(_about, parts, "grafana"), BOARDS),
            ],
        ),
        "blackbox": probing_routes(parts.probing.exporter, reload),
        "promtail": _of_promtail(parts, collects),
        "cadvisor": [metrics(collects["cadvisor"], text_alone=True), landing("cAdvisor")],
        "loki": [*logs, metrics(collects["loki"])],
    }


def _managing(parts: Parts) -> list[web.RouteDef]:
    if parts.alertmanager is None:
        return []
    from engine.web.api import alertmanager  # noqa: PLC0415 - of what runs only where there is a configuration

    return alertmanager.routes(parts.alertmanager, parts.acts.reload)


def _for_people(parts: Parts) -> list[web.RouteDef]:
    """The page, and what it alone asks."""
    if parts.options.agent_kept_ms is not None:
        return page.routes(partial(_about, parts, "agent"), page.AGENT_PATHS)
    return [
        *_consoles(parts),
        *engine_routes(parts.boards.service),
        *page.routes(partial(_about, parts, "prometheus")),
    ]


def _of_promtail(parts: Parts, collects: Mapping[str, Collect]) -> list[web.RouteDef]:
    runs = parts.tailing.promtail
    if runs is None:
        return []
    from engine.web.api import promtail  # noqa: PLC0415 - of what runs only where there is a configuration

    shown = promtail.routes(runs, partial(_promtail_config, parts), parts.acts.reload)
    return [*shown, metrics(collects["promtail"])]


def _faults_of_promtail(parts: Parts) -> Mapping[str, str]:
    runs = parts.tailing.promtail
    return {} if runs is None else {f"promtail: {name}": text for name, text in runs.faults.items()}


def _api(parts: Parts) -> Iterable[web.RouteDef]:
    yield from query.routes(parts.queries, parts.around.clock, per_step=PER_STEP_STATS in parts.options.features)
    yield from exemplars.routes(parts.store.exemplars, parts.queries.workers)
    yield from series.routes(parts.store, parts.queries)
    yield from targets.routes(
        parts.scrapes,
        lambda: [one.url for one in parts.notifier.alertmanagers],
        parts.components.external_url(FIRST),
        parts.components.ports.get(FIRST, ""),
    )
    yield from target_page.routes(parts.scrapes)
    yield from forwarding.routes(parts.writes)
    yield from rules.routes(parts.rules)
    yield from admin.routes(
        parts.store,
        parts.queries.workers,
        parts.around.clock,
        place=partial(_snapshot, parts),
        enabled=parts.options.enable_admin,
    )
    yield from write.routes(parts.receiver if _takes_writes(parts.options) else None)
    yield from otlp.routes(parts.receiver if OTLP in parts.options.features else None, parts.queries.workers)
    yield from read.routes(parts.reader)
    yield from pushes.api_routes(parts.gateway)
    yield from preview.routes(
        partial(_replay, parts), lambda: parts.rules.specs, partial(_written, parts), parts.around.clock
    )
    yield from status.routes(
        parts.store,
        version=itself.version(),
        flags=parts.options.flags,
        config=lambda: encode(parts.in_force.config),
        runtime=partial(_runtime, parts),
        ports=lambda: parts.components.ports,
    )
    yield from discovery.routes(lambda: {**parts.scrapes.discovery_counts.faults, **_faults_of_promtail(parts)})


def _federation(parts: Parts) -> Iterable[web.RouteDef]:
    queries = parts.queries
    return federate.routes(
        parts.store,
        queries.workers,
        parts.around.clock,
        lookback_ms=queries.limits.lookback_ms,
        external_labels=lambda: parts.in_force.external_labels,
        counts=parts.federation,
    )


def _consoles(parts: Parts) -> list[web.RouteDef]:
    from engine.web.consoles import Consoles, Folders  # noqa: PLC0415 - no agent has them

    options = parts.options.web
    return Consoles(
        folders=Folders(templates=options.console_templates, libraries=options.console_libraries),
        evaluate=parts.queries.instant,
        workers=parts.queries.workers,
        clock=parts.around.clock,
        external_url=parts.components.external_url(FIRST),
        external_labels=lambda: parts.in_force.external_labels,
    ).routes()


def _under(prefix: str, found: Iterable[web.RouteDef]) -> list[web.RouteDef]:
    """As the original's API: no HEAD, and OPTIONS for whatever path, whose answer is in its headers."""

    async def preflight(_: web.Request) -> web.Response:
        return web.Response(status=204)

    moved = [(route.method, prefix + route.path, route.handler) for route in found]
    kept = [web.route(m, path, handler, **({"allow_head": False} if m == "GET" else {})) for m, path, handler in moved]
    return [*kept, web.options(prefix + "/{any:.*}", preflight)]


def _about(parts: Parts, component: str) -> page.About:
    version, web_options = itself.version()["version"], parts.options.web
    if component in ("prometheus", "agent"):
        return page.About(component, web_options.title, version, web_options.prefix, line_rules=parts.ruling.shown)
    prefix = parts.boards.prefix if component == "grafana" else ""
    return page.About(component, component.capitalize(), version, prefix, first=parts.components.external_url(FIRST))


def _takes_writes(options: RunOptions) -> bool:
    return options.enable_remote_write or REMOTE_WRITE in options.features


def _promtail_config(parts: Parts) -> str:
    config = parts.in_force.loaded.promtail
    return "" if config is None else encode(config)


def _snapshot(parts: Parts, name: str) -> Path:
    return snapshot_folder(name, parts.options.data_dir, parts.store_folder)


def _written(parts: Parts, text: bytes) -> list[GroupSpec]:
    from engine.config.written import groups_of  # noqa: PLC0415 - few write rules here

    return groups_of(text, "rules", parts.in_force.config.global_)


async def _replay(parts: Parts, groups: Sequence[GroupSpec], start: int, end: int) -> list[GroupReplay]:
    replay = Replay(parts.queries, parts.in_force.external_labels, parts.components.external_url(FIRST))
    return await replay(groups, start, end)


def _runtime(parts: Parts) -> status.Runtime:
    return status.Runtime(
        started=parts.started_at,
        folder=str(Path.cwd()),
        config_loaded=parts.in_force.since,
        config_good=parts.in_force.good,
        tasks=len(asyncio.all_tasks()),
        retention=kept(parts.store.options),
        corruptions=len(parts.store.recovery.damages),
    )
