"""`/api/v1/write`: the receiver of remote write.

As Prometheus 2.42, but for three answers: labels that are none, samples that are too old and native histograms are the
client's mistake (400), as in later releases; 2.42 says 500, and its client would send the same again for ever.
"""

from __future__ import annotations

from typing import Final

from aiohttp import web

from engine.foundation.errors import DiskFullError
from engine.remote.receiver import Receiver, WriteError
from engine.web.answers import plain

SWITCHED_OFF: Final = "remote write receiver needs to be enabled with --web.enable-remote-write-receiver"


def routes(receiver: Receiver | None) -> list[web.RouteDef]:
    """Without a receiver every request is told how to switch it on."""

    async def write(request: web.Request) -> web.Response:
        if receiver is None:
            return plain(404, SWITCHED_OFF)
        try:
            await receiver.write(await request.read())
        except WriteError as error:
            return plain(400, str(error))
        except DiskFullError as error:
            return plain(500, str(error))
        return web.Response(status=204)

    return [web.post("/write", write)]
