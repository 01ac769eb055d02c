"""`/api/v1/series`, `/labels`, `/label/NAME/values`."""

from __future__ import annotations

import re
from collections.abc import Sequence
from typing import Final, TypeAlias

from aiohttp import web

from engine.tsdb.store import Store
from engine.web.api import form, params
from engine.web.api.envelope import TRUNCATED, ApiError, answering, failure, success
from promql.errors import ParseError
from promql.model.matchers import Matcher

_LABEL_NAME: Final = re.compile(r"[a-zA-Z_][a-zA-Z0-9_]*", re.ASCII)  # noqa: TID251 - ours, linear

Selector: TypeAlias = tuple[Matcher, ...]


def routes(store: Store) -> list[web.RouteDef]:
    async def values(request: web.Request) -> web.Response:
        return await label_values(store, request.match_info["name"], await form.read(request))

    async def delete(_: web.Request) -> web.Response:
        return failure("internal", "not implemented")

    return [
        *(
            web.route(method, path, answering(form.of_form(page)))
            for path, page in pages(store).items()
            for method in ("GET", "POST")
        ),
        web.get("/label/{name}/values", answering(values)),
        web.delete("/series", answering(delete)),
    ]


def pages(store: Store) -> dict[str, form.Page]:
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
        return _limited([labels.as_dict() for labels in sorted(found)], limit)

    async def labels(given: form.Params) -> web.Response:
        limit = params.limit_of(given)
        start, end = _bounds(given)
        wanted: Sequence[Selector | None] = params.selectors(given) or (None,)
        return _limited(sorted({one for matchers in wanted for one in store.label_names(matchers, start, end)}), limit)

    return {"/series": series, "/labels": labels}


async def label_values(store: Store, name: str, given: form.Params) -> web.Response:
    """The values of one label."""
    if not _LABEL_NAME.fullmatch(name):
        raise ApiError("bad_data", f'invalid label name: "{name}"')
    limit = params.limit_of(given)
    start, end = _bounds(given)
    wanted: Sequence[Selector | None] = params.selectors(given) or (None,)
    found = {value for matchers in wanted for value in store.label_values(name, matchers, start, end)}
    return _limited(sorted(found), limit)


def _limited(found: Sequence[object], limit: int) -> web.Response:
    if 0 < limit < len(found):
        return success(found[:limit], TRUNCATED)
    return success(found)


def _bounds(given: form.Params) -> tuple[int, int]:
    return params.time_of(given, "start", params.MIN_TIME), params.time_of(given, "end", params.MAX_TIME)
