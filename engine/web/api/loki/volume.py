"""`/index/stats`, `/index/volume` and `/index/volume_range`: how much there is."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, Final

from aiohttp import web

from engine.foundation.gojson import encode
from engine.foundation.workers import Workers
from engine.logql.execute.context import SECOND
from engine.logs.service import LogService
from engine.logs.volume import amount, volumes
from engine.query.logs.limits import MAX_POINTS
from engine.web.api import form
from engine.web.api.form import Params
from engine.web.api.loki.answers import RefusedError, TenantOf, answering, json
from engine.web.api.loki.params import Between, between, limit, step
from engine.web.api.loki.selectors import Selector, selector
from promql.model.labels import Labels

_V1: Final = "/loki/api/v1/index"


def routes(service: LogService, workers: Workers, tenant_of: TenantOf) -> list[web.RouteDef]:
    async def stats(request: web.Request) -> web.Response:
        given = await form.read(request)
        span = between(given, service.clock.now_ns())
        reader, matchers = service.reader(tenant_of(request)), selector(given.get("query", ""))
        found = await workers.run(lambda: amount(reader.matching(matchers), span.start, span.end))
        return json(encode(found._asdict()))

    async def volume(request: web.Request) -> web.Response:
        given = await form.read(request)
        span = between(given, service.clock.now_ns())
        found = await measured(request, given, [span.start, span.end])
        rows = [{"metric": labels.as_dict(), "value": [span.end // SECOND, str(sums[0])]} for labels, sums in found]
        return _answer("vector", rows)

    async def volume_range(request: web.Request) -> web.Response:
        given = await form.read(request)
        span = between(given, service.clock.now_ns())
        edges = _edges(given, span)
        rows = [
            {
                "metric": labels.as_dict(),
                "values": [[low // SECOND, str(size)] for low, size in zip(edges, sums, strict=False) if size],
            }
            for labels, sums in await measured(request, given, edges)
        ]
        return _answer("matrix", rows)

    async def measured(request: web.Request, given: Params, edges: list[int]) -> list[tuple[Labels, list[int]]]:
        """The largest first."""
        tenant = tenant_of(request)
        if not service.limits(tenant).volume_enabled:
            raise RefusedError("Volume API is disabled", 404)
        matchers, most = selector(given.get("query", "")), limit(given)
        name, reader = _naming(given, matchers), service.reader(tenant)

        def work() -> list[tuple[Labels, list[int]]]:
            found = volumes(reader.matching(matchers), name, edges)
            present = ((labels, sums) for labels, sums in found.items() if any(sums))
            return sorted(present, key=lambda one: (-sum(one[1]), one[0]))[:most]

        return await workers.run(work)

    pages = {"stats": stats, "volume": volume, "volume_range": volume_range}
    return [
        web.route(method, f"{_V1}/{name}", answering(page))
        for name, page in pages.items()
        for method in ("GET", "POST")
    ]


def _naming(given: Params, matchers: Selector) -> Callable[[Labels], Labels]:
    """By which labels volumes are told apart: those that were asked for, else those that the selector names."""
    wanted = [name for name in given.get("targetLabels", "").split(",") if name]
    if given.get("aggregateBy", "series") == "labels":
        return lambda labels: _first(labels, wanted)
    names = frozenset(wanted or (matcher.name for matcher in matchers))
    return lambda labels: labels.keep(names) if names else labels


def _first(labels: Labels, wanted: list[str]) -> Labels:
    """A volume of a label by itself: its first one."""
    names = [name for name in labels.names() if not wanted or name in wanted]
    return labels.keep(names[:1])


def _edges(given: Params, span: Between) -> list[int]:
    length = step(given, span)
    if (span.end - span.start) // length > MAX_POINTS:
        raise RefusedError(f"want a step that makes no more than {MAX_POINTS} points")
    return [*range(span.start, span.end, length), span.end]


def _answer(kind: str, rows: list[dict[str, Any]]) -> web.Response:
    return json(encode({"status": "success", "data": {"resultType": kind, "result": rows, "stats": {}}}))
