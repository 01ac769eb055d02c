"""All of Loki's API."""

from __future__ import annotations

from collections.abc import Callable
from typing import Final

from aiohttp import web

from engine.foundation.workers import Workers
from engine.logs.metrics import build_page
from engine.logs.service import LogService
from engine.query.logs.engine import LogQueryEngine
from engine.query.logs.tail import Tails
from engine.web.api.loki import admin, deletion, explore, metadata, push, query, rules, tail, volume
from engine.web.api.loki.tenants import tenants

NO_RULING: Final = rules.Ruling()


def routes(
    service: LogService,
    queries: LogQueryEngine,
    workers: Workers,
    pushes: Workers,
    config: Callable[[], str],
    *,
    ruling: rules.Ruling = NO_RULING,
) -> list[web.RouteDef]:
    """`pushes` take lines, `config` gives the configuration in force as YAML, `ruling` what evaluates rules."""
    tenant_of = tenants(service)
    return [
        *push.routes(service, workers, pushes, tenant_of),
        *query.routes(queries, service.clock, tenant_of),
        *explore.routes(queries, service.clock, tenant_of),
        *tail.routes(Tails(queries, service.arrivals), service.clock, tenant_of),
        *metadata.routes(service, workers, tenant_of),
        *volume.routes(service, workers, tenant_of),
        *deletion.routes(service, tenant_of),
        *rules.routes(service, ruling, tenant_of),
        *admin.routes(service, workers, build=build_page(), config=config),
    ]
