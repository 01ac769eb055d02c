"""`/loki/api/v1/query`, `/query_range`, `/format_query`, and the older `/api/prom/query`."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from typing import Final, TypeAlias

import msgspec
from aiohttp import web

from engine.foundation.clock import Clock
from engine.gotemplate.layout import RFC3339_NANO
from engine.gotemplate.times import GoTime
from engine.logql.execute.lines import Entry
from engine.logql.syntax.parser import parse
from engine.logql.syntax.printer import printed
from engine.query.logs.engine import LogAnswer, LogQueryEngine
from engine.web.api.form import Params, read
from engine.web.api.loki import encode, params
from engine.web.api.loki.answers import Handler, RefusedError, TenantOf, answering, json
from promql.model.labels import quote
from promql.model.results import Matrix, Vector

_MANY: Final = 500
"""Lines, or values, of an answer that is written in a worker."""

Page: TypeAlias = Callable[[str, Params], Awaitable[web.Response]]
"""What answers to a tenant's parameters, wherever they come from."""


def routes(queries: LogQueryEngine, clock: Clock, tenant_of: TenantOf) -> list[web.RouteDef]:
    """On GET and POST."""
    found = {f"/loki/api/v1{path}": page for path, page in pages(queries, clock).items()}
    found["/api/prom/query"] = _legacy(queries, clock)
    return [
        web.route(method, path, answering(of_tenant(page, tenant_of)))
        for path, page in found.items()
        for method in ("GET", "POST")
    ]


def of_tenant(page: Page, tenant_of: TenantOf) -> Handler:
    """The page as the answer to a request."""

    async def answer(request: web.Request) -> web.Response:
        return await page(tenant_of(request), await read(request))

    return answer


def pages(queries: LogQueryEngine, clock: Clock) -> dict[str, Page]:
    """By path."""

    async def instant(tenant: str, given: Params) -> web.Response:
        time = params.time_of(given, "time", clock.now_ns())
        answer = await queries.instant(tenant, params.required_query(given), time, params.lines_wanted(given))
        return await _answer(queries, answer)

    async def over_range(tenant: str, given: Params) -> web.Response:
        span = params.between(given, clock.now_ns())
        answer = await queries.range(
            tenant, params.required_query(given), params.asked(given, span), params.lines_wanted(given)
        )
        return await _answer(queries, answer)

    return {"/query": instant, "/query_range": over_range, "/format_query": _format}


async def _answer(queries: LogQueryEngine, answer: LogAnswer) -> web.Response:
    if _size(answer) > _MANY:
        return json(await queries.workers.run(encode.answered, answer))
    return json(encode.answered(answer))


def _size(answer: LogAnswer) -> int:
    match answer.result:
        case list():
            return len(answer.result)
        case Vector() | Matrix():
            return answer.result.values.size
        case _:
            return 1


async def _format(_tenant: str, given: Params) -> web.Response:
    return json(msgspec.json.encode({"status": "success", "data": printed(parse(params.required_query(given)))}))


def _legacy(queries: LogQueryEngine, clock: Clock) -> Page:
    """Lines alone, with an older shape; `regexp` is a filter more."""

    async def page(tenant: str, given: Params) -> web.Response:
        span = params.between(given, clock.now_ns())
        query = params.required_query(given)
        if given.get("regexp", ""):
            query = f"{query} |~ {quote(given['regexp'])}"
        answer = await queries.range(tenant, query, params.asked(given, span), params.lines_wanted(given))
        if not isinstance(answer.result, list):
            raise RefusedError("legacy endpoints only support streams result type, current type is matrix")
        stats = encode.statistics(answer)
        return json(msgspec.json.encode({"streams": legacy_streams(answer.result), "stats": stats}))

    return page


def legacy_streams(entries: list[Entry]) -> list[dict[str, object]]:
    """Labels as one text, times as RFC 3339."""
    found: dict[str, list[dict[str, str]]] = {}
    for entry in entries:
        found.setdefault(str(entry.labels), []).append({"ts": rfc3339(entry.time), "line": entry.line})
    return [{"labels": labels, "entries": lines} for labels, lines in found.items()]


def rfc3339(ns: int) -> str:
    """With as many digits of the fraction as there are."""
    return GoTime(ns).format(RFC3339_NANO)
