"""`/loki/api/v1/tail` and `/api/prom/tail`: new lines over a websocket.

Errors come as the reason of a closing frame, except for a parameter that is refused before there is a connection.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Sequence
from contextlib import aclosing
from typing import Final

import msgspec
from aiohttp import WSCloseCode, web

from engine.foundation.clock import Clock
from engine.foundation.errors import EngineError
from engine.logql.execute.context import SECOND
from engine.logql.execute.lines import Entry
from engine.query.logs.tail import Frame, Tails, TailWanted
from engine.web.api.form import Params, query
from engine.web.api.loki import params
from engine.web.api.loki.answers import RefusedError, TenantOf, answering
from engine.web.api.loki.encode import one_by_one
from engine.web.api.loki.query import legacy_streams, rfc3339

_HOUR: Final = 3600 * SECOND
_LONGEST_DELAY: Final = 5
_LONGEST_REASON: Final = 123
"""Bytes that a closing frame holds."""

Told = Callable[[Frame], object]


def routes(tails: Tails, clock: Clock, tenant_of: TenantOf) -> list[web.RouteDef]:
    return [
        web.get("/loki/api/v1/tail", answering(_Tail(tails, clock, tenant_of, _told).answer)),
        web.get("/api/prom/tail", answering(_Tail(tails, clock, tenant_of, _told_before).answer)),
    ]


class _Tail:
    def __init__(self, tails: Tails, clock: Clock, tenant_of: TenantOf, told: Told) -> None:
        self._tails = tails
        self._clock = clock
        self._tenant_of = tenant_of
        self._told = told

    async def answer(self, request: web.Request) -> web.StreamResponse:
        tenant, wanted = self._tenant_of(request), self._wanted(query(request))
        socket = web.WebSocketResponse(autoping=True)
        if not socket.can_prepare(request):
            raise RefusedError("Bad Request")
        await socket.prepare(request)
        try:
            await self._run(socket, tenant, wanted)
        except EngineError as error:
            await _close(socket, str(error))
        return socket

    def _wanted(self, given: Params) -> TailWanted:
        delay = params.whole(given, "delay_for", 0)
        if delay > _LONGEST_DELAY:
            raise RefusedError(f"delay_for can't be greater than {_LONGEST_DELAY}")
        start = params.time_of(given, "start", self._clock.now_ns() - _HOUR)
        return TailWanted(params.required_query(given), start, params.limit(given), max(delay, 0))

    async def _run(self, socket: web.WebSocketResponse, tenant: str, wanted: TailWanted) -> None:
        """Until the client goes, or the tail has lasted its time. Raises EngineError."""
        try:
            async with asyncio.TaskGroup() as group:
                telling = group.create_task(self._tell(socket, tenant, wanted))
                async for _ in socket:
                    pass
                telling.cancel()
        except ExceptionGroup as several:
            told = [one for one in several.exceptions if isinstance(one, EngineError)]
            if told:
                raise told[0] from None
            if several.split(ConnectionError)[1] is not None:  # but for a client that went while it was told something
                raise

    async def _tell(self, socket: web.WebSocketResponse, tenant: str, wanted: TailWanted) -> None:
        async with aclosing(self._tails.follow(tenant, wanted)) as frames:
            async for frame in frames:
                if frame.entries or frame.dropped:
                    await socket.send_str(_text(self._told(frame)))
                else:
                    await socket.ping()
        await socket.close()


def _text(message: object) -> str:
    return msgspec.json.encode(message).decode()


def _told(frame: Frame) -> object:
    message: dict[str, object] = {"streams": one_by_one(frame.entries)}
    if frame.dropped:
        message["dropped_entries"] = _dropped(frame.dropped)
    return message


def _told_before(frame: Frame) -> object:
    """As the older API has it."""
    message: dict[str, object] = {"streams": legacy_streams(frame.entries)}
    if frame.dropped:
        dropped = [{"Timestamp": rfc3339(one.time), "Labels": str(one.labels)} for one in frame.dropped]
        message["DroppedEntries"] = dropped
    return message


def _dropped(entries: Sequence[Entry]) -> list[dict[str, object]]:
    return [{"timestamp": str(one.time), "labels": one.labels.as_dict()} for one in entries]


async def _close(socket: web.WebSocketResponse, reason: str) -> None:
    text = reason.encode()[:_LONGEST_REASON].decode(errors="ignore")
    await socket.close(code=WSCloseCode.INTERNAL_ERROR, message=text.encode())
