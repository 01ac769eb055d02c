"""`/api/v1/query`, `/query_range`, `/format_query`, `/parse_query`; `/query_explain` is ours."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Sequence
from typing import Final

from aiohttp import web

from engine.foundation.clock import Clock
from engine.foundation.origin import asked_by
from engine.query.answer import Answer
from engine.query.engine import QueryEngine
from engine.web.api import encode, params, statistics
from engine.web.api.envelope import TRUNCATED, ApiError, answering, enveloped, succeeded, success
from engine.web.api.form import Page, Params, read
from engine.web.api.tree import described
from promql.errors import ParseError
from promql.model.results import Matrix, RawMatrix, Result, Vector
from promql.plan.explain import lines
from promql.plan.window import Window
from promql.syntax.ast import Expr
from promql.syntax.parser import parse
from promql.syntax.printer import pretty

MAX_POINTS: Final = 11_000
_MANY_POINTS: Final = 4_096
"""That are written in a worker."""


def routes(queries: QueryEngine, clock: Clock, *, per_step: bool = False) -> list[web.RouteDef]:
    return [
        web.route(method, path, answering(_of_people(page)))
        for path, page in pages(queries, clock, per_step=per_step).items()
        for method in ("GET", "POST")
    ]


def _of_people(page: Page) -> Callable[[web.Request], Awaitable[web.Response]]:
    """The page as the answer to a request, of which the log of queries tells."""

    async def answer(request: web.Request) -> web.Response:
        given = await read(request)
        with asked_by(httpRequest={"clientIP": request.remote, "method": request.method, "path": request.path}):
            return await page(given)

    return answer


def pages(queries: QueryEngine, clock: Clock, *, per_step: bool = False) -> dict[str, Page]:
    """By path. `per_step`: statistics may be told for each step, where `stats=all` asks for them."""

    async def instant(given: Params) -> web.Response:
        limit, window, wishes = params.limit_of(given), _now(given, clock), params.wishes_of(given)
        if queries.elsewhere is None:
            _expression(given)  # whose mistakes are those of a parameter
        answer = await queries.answer(given.get("query", ""), window, wishes)
        return await _answer(queries, answer, window, given, limit, per_step=per_step)

    async def over_range(given: Params) -> web.Response:
        limit, window = params.limit_of(given), _window(given)
        answer = await queries.answer(given.get("query", ""), window, params.wishes_of(given))
        return await _answer(queries, answer, window, given, limit, per_step=per_step)

    async def explain(given: Params) -> web.Response:
        window = _window(given) if "start" in given else _now(given, clock)
        plan, meter = await queries.explained(_expression(given), window, params.wishes_of(given))
        return success([line.as_dict() for line in lines(plan, meter.by_node)])

    return {
        "/query": instant,
        "/query_range": over_range,
        "/query_explain": explain,
        "/format_query": _format_query,
        "/parse_query": _parse_query,
    }


async def _format_query(given: Params) -> web.Response:
    return success(pretty(_expression(given)))


async def _parse_query(given: Params) -> web.Response:
    return success(described(_expression(given)))


def _expression(given: Params) -> Expr:
    try:
        return parse(given.get("query", ""))
    except ParseError as error:
        raise params.invalid("query", error) from None


def _now(given: Params, clock: Clock) -> Window:
    time = params.time_of(given, "time", clock.now_ms())
    return Window(time, time, 0)


def _window(given: Params) -> Window:
    start, end = params.required_time(given, "start"), params.required_time(given, "end")
    if end < start:
        raise params.invalid("end", "end timestamp must not be before start time")
    return Window(start, end, _step(given.get("step", ""), end - start))


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


async def _answer(
    queries: QueryEngine, answer: Answer, window: Window, given: Params, limit: int, *, per_step: bool
) -> web.Response:
    """Large results are written in a worker, since a million points take a quarter of a second."""
    result, cut = _limited(answer.result, limit)
    told = b""
    if given.get("stats", ""):
        by_step = per_step and given.get("stats") == "all"
        told = b',"stats":' + statistics.encoded(answer, window.steps, by_step=by_step)
    warnings = [*answer.warnings, *[TRUNCATED] * cut]
    if _points(result) > _MANY_POINTS:
        return succeeded(await queries.workers.run(_written, result, told, warnings, answer.infos))
    return succeeded(_written(result, told, warnings, answer.infos))


def _written(result: Result, stats: bytes, warnings: Sequence[str], infos: Sequence[str]) -> bytes:
    *data, end = encode.result(result)
    return enveloped([*data, stats, end], *warnings, infos=infos)


def _points(result: Result) -> int:
    match result:
        case Vector(_, _, values) | Matrix(_, _, values, _):
            return values.size
        case RawMatrix(series):
            return sum(len(one.times) for one in series)
        case _:
            return 1


def _limited(result: Result, limit: int) -> tuple[Result, bool]:
    """The first rows, and whether there were more."""
    match result:
        case Vector(time, labels, values) if 0 < limit < len(labels):
            return Vector(time, labels[:limit], values[:limit]), True
        case RawMatrix(series) if 0 < limit < len(series):
            return RawMatrix(series[:limit]), True
        case Matrix(times, labels, values, present) if 0 < limit < len(labels):
            return Matrix(times, labels[:limit], values[:limit], present[:limit]), True
        case _:
            return result, False
