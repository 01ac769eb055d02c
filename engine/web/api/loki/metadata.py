"""`/labels`, `/label/NAME/values`, `/series`, and what is older: `/label`, `/api/prom/label`, `/api/prom/series`."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from typing import Final, TypeAlias

from aiohttp import web

from engine.foundation.gojson import encode
from engine.foundation.workers import Workers
from engine.logs.service import LogService
from engine.web.api import form
from engine.web.api.loki.answers import Handler, TenantOf, answering, json
from engine.web.api.loki.params import between
from engine.web.api.loki.selectors import Selector, selector, selectors
from promql.model.labels import Labels

_V1: Final = "/loki/api/v1"

Shape: TypeAlias = Callable[[Iterable[Labels]], object]
"""What an answer tells of streams."""


def routes(service: LogService, workers: Workers, tenant_of: TenantOf) -> list[web.RouteDef]:
    async def told(request: web.Request, shape: Shape, chosen: Sequence[Selector] = ()) -> web.Response:
        """What is made of the streams of the time that the request names."""
        given = await form.read(request)
        span = between(given, service.clock.now_ns())
        reader = service.reader(tenant_of(request))
        wanted = chosen or [selector(given.get("query", ""))]

        def work() -> bytes:
            found = {one for matchers in wanted for one in reader.streams(matchers, span.start, span.end + 1)}
            return encode(shape(found))

        return json(await workers.run(work))

    async def series(request: web.Request) -> web.Response:
        return await told(request, _series, selectors(await form.read(request)))

    async def new_names(request: web.Request) -> web.Response:
        return await told(request, lambda found: _listed(_names(found)))

    async def new_values(request: web.Request) -> web.Response:
        name = request.match_info["name"]
        return await told(request, lambda found: _listed(_values(found, name)))

    async def old_names(request: web.Request) -> web.Response:
        return await told(request, lambda found: _listed_before(_names(found)))

    async def old_values(request: web.Request) -> web.Response:
        name = request.match_info["name"]
        return await told(request, lambda found: _listed_before(_values(found, name)))

    pages: dict[str, Handler] = {
        f"{_V1}/labels": new_names,
        f"{_V1}/label": new_names,
        f"{_V1}/label/{{name}}/values": new_values,
        f"{_V1}/series": series,
        "/api/prom/label": old_names,
        "/api/prom/label/{name}/values": old_values,
        "/api/prom/series": series,
    }
    return [web.route(method, path, answering(page)) for path, page in pages.items() for method in ("GET", "POST")]


def _names(streams: Iterable[Labels]) -> list[str]:
    return sorted({name for labels in streams for name, _ in labels})


def _values(streams: Iterable[Labels], name: str) -> list[str]:
    return sorted({value for labels in streams if (value := labels.get(name))})


def _series(streams: Iterable[Labels]) -> object:
    return {"status": "success", "data": [labels.as_dict() for labels in sorted(streams)]}


def _listed(found: list[str]) -> object:
    """Without any there is no `data`, as in the original."""
    return {"status": "success", "data": found} if found else {"status": "success"}


def _listed_before(found: list[str]) -> object:
    return {"values": found} if found else {}
