"""`/api/v1/query`, `/query_range`, `/format_query`, `/query_exemplars`."""

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
        step = _step(given.get("step", ""), end - start)
        timeout = params.timeout_of(given)
        result = await queries.range(given.get("query", ""), start, end, step, timeout=timeout)
        return await _answer(queries, result)

    async def format_query(request: web.Request) -> web.Response:
        given = await form.read(request)
        try:
            return success(pretty(parse(given.get("query", ""))))
        except ParseError as error:
            raise params.invalid("query", error) from None

    async def exemplars(request: web.Request) -> web.Response:
        """None, since none are stored; what is asked is judged all the same."""
        given = await form.read(request)
        start = params.time_of(given, "start", params.MIN_TIME)
        if params.time_of(given, "end", params.MAX_TIME) < start:
            raise ApiError("bad_data", "end timestamp must not be before start timestamp")
        parse(given.get("query", ""))
        return success([])

    pages = {
        "/query": instant,
        "/query_range": over_range,
        "/format_query": format_query,
        "/query_exemplars": exemplars,
    }
    return [web.route(method, path, answering(page)) for path, page in pages.items() for method in ("GET", "POST")]


def _step(text: str, span: int) -> int:
    """In ms, for a span in ms."""
    try:
        seconds = params.parse_duration(text)
    except ValueError as error:
        raise params.invalid("step", error) from None
    if not seconds > 0:
        raise params.invalid(
            "step", "zero or negative query resolution step widths are not accepted. Try a positive integer"
        )
    if span / 1000 // seconds > MAX_POINTS:
        raise ApiError(
            "bad_data",
            "exceeded maximum resolution of 11,000 points per timeseries. "
            "Try decreasing the query resolution (?step=XX)",
        )
    return max(1, int(seconds * 1000))


async def _answer(queries: QueryEngine, result: Result) -> web.Response:
    """Large results are written in a worker, since a million points take a second."""
    large = isinstance(result, Matrix | RawMatrix)
    return success_json(await queries.workers.run(encode.result, result) if large else encode.result(result))
