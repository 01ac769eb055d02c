"""`/api/v1/series`, `/labels`, `/label/NAME/values`."""

from __future__ import annotations

import re
from collections.abc import Sequence
from typing import Final, TypeAlias
from urllib.parse import quote

from aiohttp import web

from engine.query.elsewhere import Besides, Evaluator
from engine.query.engine import QueryEngine
from engine.tsdb.store import Store
from engine.web.api import form, params
from engine.web.api.envelope import TRUNCATED, ApiError, answering, failure, success
from promql.errors import ParseError
from promql.model.matchers import Matcher

_LABEL_NAME: Final = re.compile(r"[a-zA-Z_][a-zA-Z0-9_]*", re.ASCII)  # noqa: TID251 - ours, linear

Selector: TypeAlias = tuple[Matcher, ...]


def routes(store: Store, queries: QueryEngine | None = None) -> list[web.RouteDef]:
    """With `queries` of other servers too, as far as these are read from, or evaluate queries in our place."""
    besides, elsewhere = (None, None) if queries is None else (queries.besides, queries.elsewhere)
    found = pages(store, besides) if elsewhere is None else _passed_on(elsewhere)

    async def values(request: web.Request) -> web.Response:
        name, given = request.match_info["name"], await form.read(request)
        if elsewhere is not None:
            return await _page(elsewhere, f"/label/{quote(name, safe='')}/values", given)
        return await label_values(store, name, given, besides)

    async def delete(_: web.Request) -> web.Response:
        return failure("internal", "not implemented")

    async def series(request: web.Request) -> web.Response:
        return await found["/series"](await form.read_strictly(request))

    answers = {"/series": series, "/labels": form.of_form(found["/labels"])}
    return [
        *(web.route(method, path, answering(page)) for path, page in answers.items() for method in ("GET", "POST")),
        web.get("/label/{name}/values", answering(values)),
        web.delete("/series", answering(delete)),
    ]


def pages(store: Store, besides: Besides | None = None) -> dict[str, form.Page]:
    """By path."""

    async def series(given: form.Params) -> web.Response:
        limit = params.limit_of(given)
        if not given.getall("match[]", []):
            raise ApiError("bad_data", "no match[] parameter provided")
        start, end = _bounds(given)
        try:
            wanted = params.selectors(given)
        except (ParseError, ApiError) as error:
            raise params.invalid("match[]", error) from None
        found = {labels for matchers in wanted for labels in store.series(matchers, start, end)}
        warnings: dict[str, None] = {}
        if besides is not None and besides.active:
            for matchers in wanted:
                more, problems = await besides.series(matchers, start, end)
                found |= more
                warnings |= dict.fromkeys(problems)
        return _limited([labels.as_dict() for labels in sorted(found)], limit, *warnings)

    async def labels(given: form.Params) -> web.Response:
        limit = params.limit_of(given)
        start, end = _bounds(given)
        wanted: Sequence[Selector | None] = params.selectors(given) or (None,)
        found = sorted({one for matchers in wanted for one in store.label_names(matchers, start, end)})
        return _limited(found, limit, *_told(besides))

    return {"/series": series, "/labels": labels}


async def label_values(store: Store, name: str, given: form.Params, besides: Besides | None = None) -> web.Response:
    """The values of one label."""
    if not _LABEL_NAME.fullmatch(name):
        raise ApiError("bad_data", f'invalid label name: "{name}"')
    limit = params.limit_of(given)
    start, end = _bounds(given)
    wanted: Sequence[Selector | None] = params.selectors(given) or (None,)
    found = {value for matchers in wanted for value in store.label_values(name, matchers, start, end)}
    return _limited(sorted(found), limit, *_told(besides))


def _told(besides: Besides | None) -> tuple[str, ...]:
    """What is to be known where labels are listed."""
    return besides.warnings if besides is not None else ()


def _passed_on(elsewhere: Evaluator) -> dict[str, form.Page]:
    def page(path: str) -> form.Page:
        async def answer(given: form.Params) -> web.Response:
            return await _page(elsewhere, path, given)

        return answer

    return {path: page(path) for path in ("/series", "/labels")}


async def _page(elsewhere: Evaluator, path: str, given: form.Params) -> web.Response:
    status, body = await elsewhere.page(path, list(given.items()))
    return web.Response(status=status, body=body, content_type="application/json")


def _limited(found: Sequence[object], limit: int, *warnings: str) -> web.Response:
    if 0 < limit < len(found):
        return success(found[:limit], *warnings, TRUNCATED)
    return success(found, *warnings)


def _bounds(given: form.Params) -> tuple[int, int]:
    return params.time_of(given, "start", params.MIN_TIME), params.time_of(given, "end", params.MAX_TIME)
