"""The envelope of Prometheus's API: status, data or an error with its type, and the status code of each type."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from types import MappingProxyType
from typing import Final

from aiohttp import web

from engine.foundation.errors import EngineError
from engine.web.api.encode import to_json
from promql.errors import ParseError, PromQLError, QueryCanceledError, QueryTimeoutError

STATUS: Final = MappingProxyType(
    {
        "bad_data": 400,
        "execution": 422,
        "timeout": 503,
        "canceled": 503,
        "internal": 500,
        "not_found": 404,
        "unavailable": 500,
    }
)

# The first class that an error is an instance of names its type.
_TYPES: Final[tuple[tuple[type[Exception], str], ...]] = (
    (ParseError, "bad_data"),
    (QueryTimeoutError, "timeout"),
    (QueryCanceledError, "canceled"),
    (PromQLError, "execution"),
)


class ApiError(EngineError):
    """An answer that is an error; `kind` is Prometheus's errorType."""

    def __init__(self, kind: str, message: str) -> None:
        super().__init__(message)
        self.kind = kind


Handler = Callable[[web.Request], Awaitable[web.StreamResponse]]


def success(data: object) -> web.Response:
    return success_json(to_json(data))


def success_json(data: bytes) -> web.Response:
    """`data` is JSON already."""
    return _response(200, b'{"status":"success","data":%b}' % data)


def failure(kind: str, message: str) -> web.Response:
    return _response(STATUS[kind], to_json({"status": "error", "errorType": kind, "error": message}))


def _response(status: int, body: bytes) -> web.Response:
    response = web.Response(status=status, body=body, content_type="application/json")
    response.enable_compression()
    return response


def answering(handler: Handler) -> Handler:
    """The handler with its errors put into the envelope."""

    async def answer(request: web.Request) -> web.StreamResponse:
        try:
            return await handler(request)
        except ApiError as error:
            return failure(error.kind, str(error))
        except EngineError as error:
            kind = next((kind for cls, kind in _TYPES if isinstance(error, cls)), "internal")
            return failure(kind, str(error))

    return answer
