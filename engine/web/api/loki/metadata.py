"""`/labels`, `/label/NAME/values`, `/series`, and what is older: `/label`, `/api/prom/label`, `/api/prom/series`."""

from __future__ import annotations

from typing import Final

from aiohttp import web

from engine.foundation.gojson import encode
from engine.logs.service import LogService
from engine.web.api import form
from engine.web.api.loki.answers import Handler, TenantOf, answering, json
from engine.web.api.loki.params import between
from engine.web.api.loki.selectors import Selector, selector, selectors
from promql.model.labels import Labels

_V1: Final = "/loki/api/v1"


def routes(service: LogService, tenant_of: TenantOf) -> list[web.RouteDef]:
    async def streams(request: web.Request, *wanted: Selector) -> list[Labels]:
        """Those of the time that the request names."""
        given = await form.read(request)
        span = between(given, service.clock.now_ns())
        reader = service.reader(tenant_of(request))
        chosen = wanted or [selector(given.get("query", ""))]
        return sorted({one for matchers in chosen for one in reader.streams(matchers, span.start, span.end + 1)})

    async def names(request: web.Request) -> list[str]:
        return sorted({name for labels in await streams(request) for name, _ in labels})

    async def values(request: web.Request) -> list[str]:
        name = request.match_info["name"]
        return sorted({value for labels in await streams(request) if (value := labels.get(name))})

    async def series(request: web.Request) -> web.Response:
        found = await streams(request, *selectors(await form.read(request)))
        return json(encode({"status": "success", "data": [labels.as_dict() for labels in found]}))

    async def new_names(request: web.Request) -> web.Response:
        return _listed(await names(request))

    async def new_values(request: web.Request) -> web.Response:
        return _listed(await values(request))

    async def old_names(request: web.Request) -> web.Response:
        found = await names(request)
        return json(encode({"values": found} if found else {}))

    async def old_values(request: web.Request) -> web.Response:
        found = await values(request)
        return json(encode({"values": found} if found else {}))

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


def _listed(found: list[str]) -> web.Response:
    """Without any there is no `data`, as in the original."""
    return json(encode({"status": "success", "data": found} if found else {"status": "success"}))
