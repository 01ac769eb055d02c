"""Metrics pages of our own components: the same bytes over HTTP and, for our own scrapes, by a function call."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Mapping, Sequence
from typing import TypeAlias

from aiohttp import web
from yarl import URL

from engine.foundation.addresses import LocalPage, LocalResponse
from engine.foundation.errors import EngineError
from exporters.exposition.families import Family
from exporters.exposition.negotiate import negotiate
from exporters.exposition.render import render

Collect: TypeAlias = Callable[[Sequence[str]], Awaitable[list[Family]]]
"""The families now; the names are those of `collect[]`, empty for all. Raises EngineError for one that is unknown."""


def local(collect: Collect) -> LocalPage:
    """The page without a socket."""

    async def page(url: URL, headers: Mapping[str, str]) -> LocalResponse:
        accept = next((value for name, value in headers.items() if name.lower() == "accept"), "")
        return await _answer(collect, accept, url.query.getall("collect[]", []))

    return page


def route(collect: Collect) -> web.RouteDef:
    """The page over HTTP."""

    async def page(request: web.Request) -> web.Response:
        answer = await _answer(collect, request.headers.get("Accept", ""), request.query.getall("collect[]", []))
        response = web.Response(status=answer.status, body=answer.body, headers=answer.headers)
        response.enable_compression()
        return response

    return web.get("/metrics", page)


async def _answer(collect: Collect, accept: str, only: Sequence[str]) -> LocalResponse:
    form = negotiate(accept)
    try:
        return LocalResponse(200, {"Content-Type": form.content_type}, render(await collect(only), form))
    except EngineError as error:
        return LocalResponse(400, {"Content-Type": "text/plain; charset=utf-8"}, str(error).encode())
