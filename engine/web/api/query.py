"""`/api/v1/query`, `/query_range`, `/format_query`."""

from __future__ import annotations

from aiohttp import web

from engine.foundation.clock import Clock
from engine.query.engine import QueryEngine
from engine.web.api import encode, form, params
from engine.web.api.envelope import ApiError, answering, success, success_json
from promql.errors import ParseError
from promql.model.results import Matrix, RawMatrix, Result
from promql.syntax.parser import parse
from promql.syntax.printer import pretty

MAX_POINTS = 11_000


def routes(queries: QueryEngine, clock: Clock) -> list[web.RouteDef]:
    async def instant(request: web.Request) -> web.Response:
        given = await form.read(request)
        time = params.time_of(given, "time", clock.now_ms())
        timeout = params.timeout_of(given)
        try:
            expr = parse(given.get("query", ""))
        except ParseError as error:
            raise params.invalid("query", error) from None
        return await _answer(queries, await queries.instant(expr, time, timeout=timeout))

    async def over_range(request: web.Request) -> web.Response:
        given = await form.read(request)
        start, end = params.required_time(given, "start"), params.required_time(given, "end")
        if end < start:
            raise params.invalid("end", "end timestamp must not be before start time")
        step = _step(given.get("step", ""))
        if (end - start) // step > MAX_POINTS:
            raise ApiError(
                "bad_data",
                "exceeded maximum resolution of 11,000 points per timeseries. "
                "Try decreasing the query resolution (?step=XX)",
            )
        timeout = params.timeout_of(given)
        result = await queries.range(given.get("query", ""), start, end, step, timeout=timeout)
        return await _answer(queries, result)

    async def format_query(request: web.Request) -> web.Response:
        given = await form.read(request)
        try:
            return success(pretty(parse(given.get("query", ""))))
        except ParseError as error:
            raise params.invalid("query", error) from None

    return [
        web.route(method, path, answering(handler))
        for path, handler in (("/query", instant), ("/query_range", over_range), ("/format_query", format_query))
        for method in ("GET", "POST")
    ]


def _step(text: str) -> int:
    try:
        step = params.parse_step(text)
    except ValueError as error:
        raise params.invalid("step", error) from None
    if step <= 0:
        raise params.invalid(
            "step", "zero or negative query resolution step widths are not accepted. Try a positive integer"
        )
    return step


async def _answer(queries: QueryEngine, result: Result) -> web.Response:
    """Large results are written in a worker, since a million points take a second."""
    large = isinstance(result, Matrix | RawMatrix)
    return success_json(await queries.workers.run(encode.result, result) if large else encode.result(result))
