"""From a handler to an answer: who may come in, what errors look like, how JSON is written."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from typing import Any, Final

import msgspec
from aiohttp import web

from engine.dashboards.files.entry import LibraryError
from engine.dashboards.json import Json
from engine.dashboards.sources.ports import SourceError
from engine.dashboards.times import TimeError
from engine.foundation.errors import EngineError
from engine.web.api.grafana.account import Role
from engine.web.api.grafana.entrance import Given
from engine.web.api.grafana.service import Service

COOKIE: Final = "grafana_session"
Handler = Callable[[web.Request, Service], Awaitable[web.StreamResponse]]


async def answered(
    handler: Handler, request: web.Request, service: Service, *, wants: Role, port: str
) -> web.StreamResponse:
    """The handler's answer at this component's port, to those who may do what it `wants`; errors as Grafana words them.

    A refusal has no header that asks for a password: browsers would show a dialog of theirs before the page's form.
    """
    given = Given(
        port=port, authorization=request.headers.get("Authorization", ""), cookie=request.cookies.get(COOKIE, "")
    )
    admission = service.entrance.admit(given)
    if admission.role < wants:
        return message(admission.why, 401)
    service = service.seen_by(given, admission.role)
    service.look()
    try:
        return await handler(request, service)
    except LibraryError as error:
        return message(str(error), error.status)
    except TimeError as error:
        return message(str(error), 400)
    except SourceError as error:
        return message(str(error), 502)
    except EngineError as error:
        return message(str(error), 400)


def json(found: Any, status: int = 200) -> web.Response:
    return web.Response(status=status, body=msgspec.json.encode(found), content_type="application/json")


def message(text: str, status: int) -> web.Response:
    return json({"message": text}, status)


async def body(request: web.Request) -> Json:
    """The request's JSON. Raises LibraryError."""
    try:
        found = msgspec.json.decode(await request.read() or b"{}")
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError) as error:
        raise LibraryError(f"bad request data: {error}", 400) from None
    if not isinstance(found, dict):
        raise LibraryError("bad request data: want an object", 400)
    return found
