"""Answers of Loki's API: JSON where all is well, and errors as a line of plain text."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from typing import Final, TypeAlias

from aiohttp import web

from engine.foundation.errors import EngineError
from engine.logql.errors import LogQLError
from engine.query.logs.limits import TooManyRequestsError
from engine.web.api.envelope import compressed
from promql.errors import QueryCanceledError, QueryTimeoutError

TIMED_OUT: Final = (
    "Request timed out, decrease the duration of the request or add more label matchers (prefer exact match over regex "
    "match) to reduce the amount of data processed."
)

Handler: TypeAlias = Callable[[web.Request], Awaitable[web.StreamResponse]]
TenantOf: TypeAlias = Callable[[web.Request], str]
"""Whose lines a request is about. Raises RefusedError."""


class RefusedError(EngineError):
    """A request that can't be answered, with the status that says so."""

    def __init__(self, text: str, status: int = 400) -> None:
        super().__init__(text)
        self.status = status


# The first class that an error is an instance of gives the status.
_STATUS: Final[tuple[tuple[type[Exception], int], ...]] = (
    (QueryTimeoutError, 504),
    (QueryCanceledError, 499),
    (TooManyRequestsError, 429),
    (LogQLError, 400),
    (EngineError, 500),
)


def failure(error: EngineError) -> web.Response:
    """An error as a line of text."""
    status = (
        error.status if isinstance(error, RefusedError) else next(s for cls, s in _STATUS if isinstance(error, cls))
    )
    return web.Response(status=status, text=TIMED_OUT if isinstance(error, QueryTimeoutError) else str(error))


def answering(handler: Handler) -> Handler:
    """The handler with its errors told as text, and its answer compressed as the client asks."""

    async def answer(request: web.Request) -> web.StreamResponse:
        try:
            response = await handler(request)
        except EngineError as error:
            return failure(error)
        return compressed(request, response) if isinstance(response, web.Response) and response.body else response

    return answer


def json(body: bytes) -> web.Response:
    return web.Response(body=body, content_type="application/json")
