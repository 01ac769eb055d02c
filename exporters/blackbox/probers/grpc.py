"""gRPC: the health check of its own protocol (`grpc.health.v1.Health/Check`), over HTTP/2 (the extra `http2`).

A status that no server gave is gRPC's own: unavailable where there is no connection, and of answers that are no gRPC
the one to which their HTTP status is mapped.
"""

from __future__ import annotations

import struct
from typing import Final
from urllib.parse import unquote

from msgspec import Struct
from yarl import URL

from engine.foundation.errors import RemoteError
from engine.foundation.protobuf import VARINT, Message, fields, framed
from exporters.blackbox.config.document import GrpcProbe
from exporters.blackbox.http.http2 import Http2
from exporters.blackbox.http.reply import Reply, Request
from exporters.blackbox.resolving import Place, choose, host_port
from exporters.blackbox.task import DEADLINE, ProbeError, Task, steps
from exporters.blackbox.tls.speaking import context, tell_chain
from exporters.blackbox.wire import Wire

_DURATION: Final = "probe_grpc_duration_seconds"
_SERVING: Final = ("UNKNOWN", "SERVING", "NOT_SERVING", "SERVICE_UNKNOWN")
_RESPONSE: Final = Message.of("HealthCheckResponse", status=(1, VARINT))
_FRAME: Final = struct.Struct("!BI")
_OK: Final = 0
_UNKNOWN: Final = 2
_TOO_LATE: Final = 4
_INTERNAL: Final = 13
_UNAVAILABLE: Final = 14
_OF_HTTP: Final = {400: 13, 401: 16, 403: 7, 404: 12, 429: 14, 502: 14, 503: 14, 504: 14}
_HEADERS: Final = (("te", "trailers"), ("content-type", "application/grpc"), ("user-agent", "grpc-python-h2"))


class _Answer(Struct, frozen=True):
    """gRPC's status, what the server says of the service if it says anything, and the error if there is one."""

    status: int
    serving: str = ""
    fault: str = ""


async def probe_grpc(task: Task) -> bool:
    told, config = task.told, task.module.grpc or GrpcProbe()
    told.add(_DURATION, 0.0, phase="resolve")
    told.declare("probe_grpc_ssl", "probe_grpc_status_code", "probe_ssl_earliest_cert_expiry")
    written = task.target if task.target.startswith(("http://", "https://")) else f"http://{task.target}"
    try:
        url = URL(written)
        host, port = url.host or "", url.explicit_port or (443 if config.tls else 80)
        protocol, fallback = config.preferred_ip_protocol, config.ip_protocol_fallback
        place, seconds = await choose(task, protocol, fallback=fallback, host=host, port=str(port))
    except (ProbeError, ValueError) as error:
        told.log("error", "Error resolving address", err=error)
        return False
    told.add(_DURATION, seconds, phase="resolve")
    started = task.clock.monotonic()
    answer = await _check(task, config, place, host_port(host, port))
    told.add(_DURATION, task.clock.monotonic() - started, phase="check")
    for name in _SERVING:
        told.set("probe_grpc_healthcheck_response", name == answer.serving, serving_status=name)
    told.set("probe_grpc_status_code", answer.status)
    if answer.fault or answer.serving != "SERVING":
        told.log("error", "can't connect grpc server", err=answer.fault or answer.serving)
        return False
    return True


async def _check(task: Task, config: GrpcProbe, place: Place, authority: str) -> _Answer:
    try:
        wire = await Wire.connect(task, place)
    except ProbeError as error:
        return _Answer(_lost(error), fault=str(error))
    try:
        if config.tls:
            with steps():
                made = context(task, ("h2",))
            await wire.speak_tls(made, config.tls_config.server_name or authority.rpartition(":")[0].strip("[]"))
        answer = await _asked(wire, config, authority)
        if wire.tls is not None and not answer.fault:
            task.told.set("probe_grpc_ssl", 1.0)
            tell_chain(task.told, wire.tls, last_chain=False)
        return answer
    except ProbeError as error:
        return _Answer(_lost(error), fault=str(error))
    finally:
        wire.close()


def _lost(error: ProbeError) -> int:
    return _TOO_LATE if str(error) == DEADLINE else _UNAVAILABLE


async def _asked(wire: Wire, config: GrpcProbe, authority: str) -> _Answer:
    message = framed(1, config.service.encode()) if config.service else b""
    body = _FRAME.pack(0, len(message)) + message
    scheme = "https" if config.tls else "http"
    spoken = Http2(wire)
    reply = await spoken.ask(Request("POST", scheme, authority, "/grpc.health.v1.Health/Check", _HEADERS, body))
    if reply.status != 200 or not reply.first("content-type").startswith("application/grpc"):
        status = _OF_HTTP.get(reply.status, _UNKNOWN)
        return _Answer(status, fault=f"unexpected HTTP status code received from server: {reply.status}")
    data = b"".join([piece async for piece in reply.body.pieces()]) if not reply.first("grpc-status") else b""
    return _read(reply, spoken.trailers, data)


def _read(reply: Reply, trailers: dict[str, str], data: bytes) -> _Answer:
    status = trailers.get("grpc-status") or reply.first("grpc-status")
    said = unquote(trailers.get("grpc-message") or reply.first("grpc-message"))
    if not status.isdigit():
        return _Answer(_INTERNAL, fault="server closed the stream without sending trailers")
    if int(status) != _OK:
        return _Answer(int(status), fault=said or f"status {status}")
    try:
        return _Answer(_OK, _serving(data))
    except (RemoteError, struct.error, IndexError) as error:
        return _Answer(_INTERNAL, fault=f"no answer of a health check: {error}")


def _serving(data: bytes) -> str:
    _, size = _FRAME.unpack_from(data)
    message = data[_FRAME.size : _FRAME.size + size]
    status = 0
    for _, value, _ in fields(_RESPONSE, message, 0, len(message)):
        status = value
    return _SERVING[status]
