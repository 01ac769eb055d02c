"""What Loki 3 tells about lines to whoever explores them: `/detected_fields`, `/detected_field/NAME/values`,
`/detected_labels`, `/patterns`. All of them look at a sample of the newest lines.
"""

from __future__ import annotations

from collections import defaultdict
from typing import Final

import msgspec
from aiohttp import web

from engine.foundation.clock import Clock
from engine.logql.execute.context import SECOND
from engine.logql.execute.lines import Entry, Span
from engine.logql.lines import LogSource
from engine.logql.syntax.parser import parse_log
from engine.query.logs.engine import LogQueryEngine
from engine.query.logs.fields import Field, fields
from engine.query.logs.patterns import patterns
from engine.web.api.form import Params
from engine.web.api.loki import params
from engine.web.api.loki.answers import TenantOf, answering, json
from engine.web.api.loki.params import Between
from engine.web.api.loki.query import Page, of_tenant
from engine.web.api.loki.selectors import Selector, selector

_LINES: Final = 1000
_FIELDS: Final = 1000
_PATTERN_LINES: Final = 20_000
_PATTERN_STEPS: Final = 250


def routes(queries: LogQueryEngine, clock: Clock, tenant_of: TenantOf) -> list[web.RouteDef]:
    """On GET and POST."""
    found = {f"/loki/api/v1{path}": page for path, page in pages(queries, clock).items()}
    plain = [
        web.route(method, path, answering(of_tenant(page, tenant_of)))
        for path, page in found.items()
        for method in ("GET", "POST")
    ]

    async def values(request: web.Request) -> web.StreamResponse:
        page = _values_of(queries, clock, request.match_info["name"])
        return await of_tenant(page, tenant_of)(request)

    return [*plain, web.get("/loki/api/v1/detected_field/{name}/values", answering(values))]


def pages(queries: LogQueryEngine, clock: Clock) -> dict[str, Page]:
    """By path."""

    async def detected_fields(tenant: str, given: Params) -> web.Response:
        limit, found = params.limit(given, _FIELDS), await _fields(queries, clock, tenant, given)
        told = [_told(name, one) for name, one in sorted(found.items())[:limit]]
        return json(msgspec.json.encode({"fields": told, "limit": limit}))

    async def detected_labels(tenant: str, given: Params) -> web.Response:
        span = params.between(given, clock.now_ns())
        matchers = selector(given.get("query", ""))
        found = await queries.workers.run(_cardinalities, queries.source(tenant), matchers, span)
        told = [{"label": name, "cardinality": count} for name, count in found]
        return json(msgspec.json.encode({"detectedLabels": told}))

    async def found_patterns(tenant: str, given: Params) -> web.Response:
        span = params.between(given, clock.now_ns())
        step = params.step(given, span) if given.get("step", "") else _pattern_step(span)
        entries = await _sample(queries, tenant, given, span, _PATTERN_LINES)
        found = await queries.workers.run(patterns, entries, step)
        data = [{"pattern": one.text, "samples": sorted(one.counts.items())} for one in found]
        return json(msgspec.json.encode({"status": "success", "data": data}))

    return {
        "/detected_fields": detected_fields,
        "/detected_labels": detected_labels,
        "/patterns": found_patterns,
    }


def _cardinalities(source: LogSource, matchers: Selector, span: Between) -> list[tuple[str, int]]:
    """How many values each label has, by its name."""
    values: defaultdict[str, set[str]] = defaultdict(set)
    for labels in source.streams(matchers, span.start, span.end):
        for name, value in labels:
            values[name].add(value)
    return [(name, len(found)) for name, found in sorted(values.items())]


def _pattern_step(span: Between) -> int:
    return max((span.end - span.start) // SECOND // _PATTERN_STEPS, 10) * SECOND


def _values_of(queries: LogQueryEngine, clock: Clock, name: str) -> Page:
    async def page(tenant: str, given: Params) -> web.Response:
        limit, found = params.limit(given, _FIELDS), await _fields(queries, clock, tenant, given)
        values = sorted(found[name].values)[:limit] if name in found else []
        return json(msgspec.json.encode({"values": values, "limit": limit}))

    return page


async def _fields(queries: LogQueryEngine, clock: Clock, tenant: str, given: Params) -> dict[str, Field]:
    span = params.between(given, clock.now_ns())
    entries = await _sample(queries, tenant, given, span, params.limit(given, _LINES, "line_limit"))
    matchers = parse_log(params.required_query(given)).matchers
    streams = await queries.workers.run(queries.source(tenant).streams, matchers, span.start, span.end)
    names = {name: "" for labels in streams for name in labels.names()}
    return await queries.workers.run(fields, entries, names)


async def _sample(queries: LogQueryEngine, tenant: str, given: Params, span: Between, most: int) -> list[Entry]:
    log = parse_log(params.required_query(given))
    wanted = Span(span.start, span.end, min(most, _PATTERN_LINES))
    result = (await queries.lines(tenant, log, wanted)).result
    assert isinstance(result, list)
    return result


def _told(name: str, one: Field) -> dict[str, object]:
    return {
        "label": name,
        "type": one.kind,
        "cardinality": len(one.values),
        "parsers": one.parsers or None,
    }
