"""`/api/v1/write`: the receiver of remote write.

As Prometheus 2.42, but for three answers: labels that are none, samples that are too old and native histograms are the
client's mistake (400), as in later releases; 2.42 says 500, and its client would send the same again for ever.
"""

from __future__ import annotations

from typing import Final

from aiohttp import web

from engine.remote.receiver import Receiver, WriteError
from engine.tsdb.errors import DiskFullError
from engine.web.middleware import NO_SNIFFING

SWITCHED_OFF: Final = "remote write receiver needs to be enabled with --web.enable-remote-write-receiver"


def routes(receiver: Receiver | None) -> list[web.RouteDef]:
    """Without a receiver every request is told how to switch it on."""

    async def write(request: web.Request) -> web.Response:
        if receiver is None:
            return _refused(404, SWITCHED_OFF)
        try:
            await receiver.write(await request.read())
        except WriteError as error:
            return _refused(400, str(error))
        except DiskFullError as error:
            return _refused(500, str(error))
        return web.Response(status=204)

    return [web.post("/write", write)]


def _refused(status: int, text: str) -> web.Response:
    return web.Response(status=status, text=f"{text}\n", headers=NO_SNIFFING)
