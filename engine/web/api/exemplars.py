"""`/api/v1/query_exemplars`: the exemplars of all series that an expression selects."""

from __future__ import annotations

import msgspec
from aiohttp import web

from engine.foundation.gojson import encode
from engine.foundation.workers import Workers
from engine.tsdb.exemplars import Exemplars, Found
from engine.web.api import params
from engine.web.api.encode import instant
from engine.web.api.envelope import ApiError, answering, enveloped, succeeded
from engine.web.api.form import Params, of_form
from promql.model.numbers import sample
from promql.syntax.ast import VectorSelector
from promql.syntax.parser import parse
from promql.syntax.walk import descendants


def routes(exemplars: Exemplars, workers: Workers) -> list[web.RouteDef]:
    async def page(given: Params) -> web.Response:
        start, end = params.time_of(given, "start", params.MIN_TIME), params.time_of(given, "end", params.MAX_TIME)
        if end < start:
            raise ApiError("bad_data", "end timestamp must not be before start timestamp")
        tree = parse(given.get("query", ""))
        selectors = [node.matchers for node in descendants(tree) if isinstance(node, VectorSelector)]
        if not selectors:
            return web.Response(status=204)
        found = await workers.run(exemplars.select, selectors, start, end)
        return succeeded(enveloped([written(found)]))

    return [web.route(method, "/query_exemplars", answering(of_form(page))) for method in ("GET", "POST")]


def written(found: Found) -> bytes:
    """As JSON."""
    return encode(
        [
            {
                "seriesLabels": series.as_dict(),
                "exemplars": [
                    {
                        "labels": one.labels.as_dict(),
                        "value": sample(one.value),
                        "timestamp": msgspec.Raw(instant(one.time).encode()),
                    }
                    for one in exemplars
                ],
            }
            for series, exemplars in found
        ]
    )
