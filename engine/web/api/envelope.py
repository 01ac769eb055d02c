"""The envelope of Prometheus's API: status, data or an error with its type, and the status code of each type."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Iterable, Mapping, Sequence
from functools import partial
from types import MappingProxyType
from typing import Final

from aiohttp import web
from isal import igzip, isal_zlib

from engine.foundation.errors import EngineError
from engine.foundation.gojson import encode
from engine.query.elsewhere import ForwardError
from promql.errors import ParseError, PromQLError, QueryCanceledError, QueryTimeoutError, RangeQueryError

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
_LEVEL: Final = 1
_PACKERS: Final[Mapping[str, Callable[[bytes], bytes]]] = MappingProxyType(
    {"gzip": partial(igzip.compress, compresslevel=_LEVEL), "deflate": partial(isal_zlib.compress, level=_LEVEL)}
)

# The first class that an error is an instance of names its type.
_TYPES: Final[tuple[tuple[type[Exception], str], ...]] = (
    (ParseError, "bad_data"),
    (RangeQueryError, "bad_data"),
    (QueryTimeoutError, "timeout"),
    (QueryCanceledError, "canceled"),
    (PromQLError, "execution"),
    (EngineError, "internal"),
)


class ApiError(EngineError):
    """An answer that is an error; `kind` is Prometheus's errorType."""

    def __init__(self, kind: str, message: str) -> None:
        super().__init__(message)
        self.kind = kind


Handler = Callable[[web.Request], Awaitable[web.Response]]


TRUNCATED: Final = "results truncated due to limit"


def success(data: object, *warnings: str) -> web.Response:
    return succeeded(enveloped([encode(data)], *warnings))


def enveloped(data: Iterable[bytes], *warnings: str, infos: Sequence[str] = ()) -> bytes:
    """A body that says success; `data` are pieces of JSON."""
    told = b',"warnings":%b' % encode(warnings) if warnings else b""
    noted = b',"infos":%b' % encode(infos) if infos else b""
    return b"".join([b'{"status":"success","data":', *data, told, noted, b"}"])


def succeeded(body: bytes) -> web.Response:
    """An answer with such a body."""
    return _response(200, body)


def failure(kind: str, message: str) -> web.Response:
    return _response(STATUS[kind], encode({"status": "error", "errorType": kind, "error": message}))


def answering(handler: Handler) -> Handler:
    """The handler with its errors put into the envelope, and its answer compressed as the client asks."""

    async def answer(request: web.Request) -> web.Response:
        try:
            response = await handler(request)
        except ApiError as error:
            response = failure(error.kind, str(error))
        except ForwardError as error:
            response = failure(error.kind if error.kind in STATUS else "internal", str(error))
        except EngineError as error:
            response = failure(next(kind for cls, kind in _TYPES if isinstance(error, cls)), str(error))
        return compressed(request, response) if response.body else response

    return answer


def compressed(request: web.Request, response: web.Response) -> web.Response:
    """The response, compressed as the client asks."""
    if coding := chosen_coding(request):
        response.enable_compression(web.ContentCoding(coding))
    return response


def chosen_coding(request: web.Request) -> str:
    """The first of what the client takes that we know, as Prometheus chooses; empty where there is none."""
    accepted = request.headers.get("Accept-Encoding", "").split(",")
    names = (name.partition(";")[0].strip().lower() for name in accepted)
    return next((name for name in names if name in _PACKERS), "")


def pack(body: bytes, coding: str) -> bytes:
    """The body in a coding that was chosen."""
    return _PACKERS[coding](body) if coding else body


def _response(status: int, body: bytes) -> web.Response:
    return web.Response(status=status, body=body, content_type="application/json")
