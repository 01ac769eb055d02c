"""`/api/v1/write`: the receiver of remote write, 1.0 and 2.0.

As Prometheus 2.42, but for three answers: labels that are none, samples that are too old and native histograms are the
client's mistake (400), as in later releases; 2.42 says 500, and its client would send the same again for ever.
"""

from __future__ import annotations

from typing import Final

from aiohttp import web

from engine.foundation.errors import DiskFullError
from engine.remote.config import MESSAGES, V1, V2
from engine.remote.receiver import Receiver, WriteError, Written
from engine.remote.wire import decode
from engine.remote.wire2 import decode2
from engine.web.answers import plain

_PROTOBUF: Final = "application/x-protobuf"
SWITCHED_OFF: Final = "remote write receiver needs to be enabled with --web.enable-remote-write-receiver"


def routes(receiver: Receiver | None) -> list[web.RouteDef]:
    """Without a receiver every request is told how to switch it on."""

    async def write(request: web.Request) -> web.Response:
        if receiver is None:
            return plain(404, SWITCHED_OFF)
        if (refusal := _refusal(request)) is not None:
            return refusal
        second = _message(request) == V2
        try:
            written = await receiver.write(await request.read(), decode2 if second else decode)
        except (WriteError, DiskFullError) as error:
            answer = plain(400 if isinstance(error, WriteError) else 500, str(error))
            written = Written(0, 0)
        else:
            answer = web.Response(status=204)
        answer.headers.update(_told(written) if second else {})
        return answer

    return [web.post("/write", write)]


def _message(request: web.Request) -> str:
    """What the request says that it is made of; that of 1.0 where it says nothing."""
    kind, *parameters = (part.strip() for part in request.headers.get("Content-Type", "").split(";"))
    told = [one.partition("=")[2] for one in parameters if one.partition("=")[0].lower() == "proto"]
    return told[0].strip('"') if told and kind.lower() == _PROTOBUF else V1


def _refusal(request: web.Request) -> web.Response | None:
    """The answer to what nobody here can read."""
    coding = request.headers.get("Content-Encoding", "").lower()
    if coding not in ("", "snappy"):
        return plain(415, f"{coding} encoding (compression) is not accepted by this server; only snappy is acceptable")
    if (message := _message(request)) not in MESSAGES:
        return plain(
            415, f"unknown remote write protobuf message {message}: this server takes {' and '.join(MESSAGES)}"
        )
    return None


def _told(written: Written) -> dict[str, str]:
    """What 2.0 wants to know: how much of each kind was written."""
    counts = {"Samples": written.samples, "Histograms": 0, "Exemplars": written.exemplars}
    return {f"X-Prometheus-Remote-Write-{kind}-Written": str(count) for kind, count in counts.items()}
