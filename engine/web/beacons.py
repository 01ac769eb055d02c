"""`/api/metrics/*`: what browsers post of the pages that they show. The guard decides whose pages may."""

from __future__ import annotations

from typing import Final

from aiohttp import web

from exporters.browser.beacons import ENDPOINTS, BeaconError
from exporters.browser.metrics import Beacons

_ROOT: Final = "/api/metrics"
# A beacon is always sent with the cookies of its page, and a browser wants to hear that it may; nobody looks at them.
_CREDENTIALS: Final = {"Access-Control-Allow-Credentials": "true"}


def routes(beacons: Beacons) -> list[web.RouteDef]:
    """A path for each endpoint, with the answer to a browser's question whether it may post there."""

    def posting(endpoint: str) -> web.RouteDef:
        async def post(request: web.Request) -> web.Response:
            try:
                beacons.take(endpoint, await request.read())
            except BeaconError as error:
                return web.Response(status=error.status, text=f"{error}\n")
            return web.Response(status=204, headers=_CREDENTIALS)

        return web.post(f"{_ROOT}/{endpoint}", post)

    async def preflight(_: web.Request) -> web.Response:
        return web.Response(status=204, headers=_CREDENTIALS)

    return [route for name in ENDPOINTS for route in (posting(name), web.options(f"{_ROOT}/{name}", preflight))]
