"""`/api/v1/otlp/v1/metrics`: metrics of OpenTelemetry, as Prometheus 2.47 takes them.

What can't be taken is told in the answer, as OTLP has it for requests of which a part was accepted; Prometheus leaves
it to its log.
"""

from __future__ import annotations

import logging
from collections.abc import Callable
from typing import TYPE_CHECKING, Final

import msgspec
from aiohttp import web

from engine.foundation.errors import DiskFullError, RemoteError
from engine.foundation.protobuf import counted, framed
from engine.foundation.workers import Workers
from engine.remote.receiver import LARGE, Receiver
from engine.web.answers import plain

if TYPE_CHECKING:  # few send such requests, and what reads them would be loaded at every start
    from engine.remote.otlp.series import Translated

SWITCHED_OFF: Final = "otlp write receiver needs to be enabled with --enable-feature=otlp-write-receiver"
_PROTOBUF: Final = "application/x-protobuf"
_JSON: Final = "application/json"
_MOST_TOLD: Final = 10  # metrics that are refused; a client may send thousands, again and again

log = logging.getLogger(__name__)


def routes(receiver: Receiver | None, workers: Workers) -> list[web.RouteDef]:
    """Without a receiver every request is told how to switch it on."""

    async def metrics(request: web.Request) -> web.Response:
        if receiver is None:
            return plain(404, SWITCHED_OFF)
        try:
            read = _reading(request.headers.get("Content-Type", ""), request.headers.get("Content-Encoding", ""))
            body = await request.read()
            found = read(body) if len(body) < LARGE else await workers.run(read, body)
            receiver.take(found.rows)
        except RemoteError as error:  # of OTLP, or of the store
            return plain(400, str(error))
        except DiskFullError as error:
            return plain(500, str(error))
        return _answer(found, request.headers["Content-Type"])

    return [web.post("/otlp/v1/metrics", metrics)]


def _reading(kind: str, coding: str) -> Callable[[bytes], Translated]:
    """What reads such a body, which is inflated already where it was gzip; both raise OtlpError."""
    from engine.remote.otlp.messages import OtlpError, from_json, from_protobuf  # noqa: PLC0415 - as said above
    from engine.remote.otlp.series import translate  # noqa: PLC0415 - as said above

    if kind not in (_PROTOBUF, _JSON):
        raise OtlpError(f"unsupported content type: {kind}, supported: [{_JSON}, {_PROTOBUF}]")
    if coding not in ("", "gzip"):
        raise OtlpError(f'unsupported compression: {coding}. Only "gzip" or no compression supported')
    parse = from_json if kind == _JSON else from_protobuf
    return lambda body: translate(parse(body))


def _answer(found: Translated, kind: str) -> web.Response:
    """Empty, as an answer that says nothing is in protobuf, unless something was left out."""
    if not found.refused:
        return web.Response()
    more = len(found.refused) - _MOST_TOLD
    told = "; ".join([*found.refused[:_MOST_TOLD], *([f"and {more} more"] if more > 0 else [])])
    log.warning("not all metrics of an OTLP request could be taken: %s", told)
    if kind == _JSON:
        part = {"rejectedDataPoints": str(found.points), "errorMessage": told}
        body = msgspec.json.encode({"partialSuccess": part})
    else:
        body = framed(1, counted(1, found.points) + framed(2, told.encode()))
    return web.Response(body=body, content_type=kind)
