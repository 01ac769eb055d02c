"""`/api/v1/admin/tsdb/*`: deletions and snapshots; switched off unless the run was told otherwise."""

from __future__ import annotations

import secrets
from collections.abc import Callable, Sequence
from datetime import UTC, datetime
from pathlib import Path

from aiohttp import web

from engine.foundation.clock import Clock
from engine.foundation.workers import Workers
from engine.tsdb.store import Store
from engine.web.api import form, params
from engine.web.api.envelope import ApiError, Handler, answering, success
from promql.errors import ParseError
from promql.model.matchers import Matcher
from promql.syntax.parser import parse_selector


def routes(
    store: Store, workers: Workers, clock: Clock, *, place: Callable[[str], Path], enabled: bool
) -> list[web.RouteDef]:
    """`place` says into which folder the snapshot of a name goes."""

    async def delete_series(request: web.Request) -> web.Response:
        given = await form.read_strictly(request)
        if not given.getall("match[]", []):
            raise ApiError("bad_data", "no match[] parameter provided")
        start = params.time_of(given, "start", params.MIN_TIME)
        end = params.time_of(given, "end", params.MAX_TIME)
        await workers.run(store.delete, _selectors(given), start, end)
        return web.Response(status=204)

    async def clean_tombstones(_: web.Request) -> web.Response:
        await workers.run(store.clean_tombstones)
        return web.Response(status=204)

    async def snapshot(request: web.Request) -> web.Response:
        skip_head = params.boolean(await form.read(request), "skip_head")
        name = f"{datetime.fromtimestamp(clock.now_ms() // 1000, UTC):%Y%m%dT%H%M%SZ}-{secrets.randbits(63):016x}"
        await workers.run(store.snapshot, place(name), with_open=not skip_head)
        return success({"name": name})

    async def disabled(_: web.Request) -> web.Response:
        raise ApiError("unavailable", "admin APIs disabled")

    pages: dict[str, Handler] = {
        "/admin/tsdb/delete_series": delete_series,
        "/admin/tsdb/clean_tombstones": clean_tombstones,
        "/admin/tsdb/snapshot": snapshot,
    }
    return [
        web.route(method, path, answering(page if enabled else disabled))
        for path, page in pages.items()
        for method in ("POST", "PUT")
    ]


def _selectors(given: form.Params) -> Sequence[tuple[Matcher, ...]]:
    """Those of `match[]`; one that matches everything is meant so, unlike where something is asked."""
    try:
        return [parse_selector(text) for text in given.getall("match[]")]
    except ParseError as error:
        raise params.invalid("match[]", error) from None
