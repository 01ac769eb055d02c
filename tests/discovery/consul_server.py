"""A Consul server that speaks the real protocol: blocking queries by index, tags, and answers that fail on demand."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any

from aiohttp import web

from tests.foundation.serving import serving


class Consul:
    """`put` and `remove` change what is registered, and wake whoever waits."""

    def __init__(self) -> None:
        self.index = 10
        self.places: dict[str, list[dict[str, Any]]] = {}
        self.broken = False
        self.asked: list[str] = []
        self.tokens: set[str] = set()
        self.address = ""
        self._news = asyncio.Condition()

    async def put(self, service: str, *places: dict[str, Any]) -> None:
        self.places[service] = list(places)
        await self._changed()

    async def remove(self, service: str) -> None:
        del self.places[service]
        await self._changed()

    async def begin_anew(self) -> None:
        """As after the loss of all state: the index is small again."""
        self.index = 0
        await self._changed()

    async def _changed(self) -> None:
        async with self._news:
            self.index += 1
            self._news.notify_all()

    def tags(self, service: str) -> list[str]:
        return sorted({tag for place in self.places[service] for tag in place["Service"]["Tags"]})

    async def answer(self, request: web.Request) -> web.Response:
        self.asked.append(str(request.rel_url))
        self.tokens.add(request.headers.get("X-Consul-Token", ""))
        if self.broken:
            return web.Response(status=500, text="No cluster leader")
        path = request.path
        if path == "/v1/agent/self":
            return web.json_response({"Config": {"Datacenter": "dc1"}})
        if known := int(request.query.get("index", "0")):
            async with self._news:
                await self._news.wait_for(lambda: self.index != known)
        body: Any = {name: self.tags(name) for name in self.places}
        if path.startswith("/v1/health/service/"):
            wanted = set(request.query.getall("tag", []))
            found = self.places.get(path.rpartition("/")[2], [])
            body = [place for place in found if wanted <= set(place["Service"]["Tags"])]
        return web.json_response(body, headers={"X-Consul-Index": str(self.index)})


def place(address: str = "10.0.0.1", *, tags: tuple[str, ...] = (), status: str = "passing", **more: Any) -> Any:
    node = {"Node": "node-1", "Address": address, "Meta": {"os.name": "linux"}, "TaggedAddresses": {"wan": "1.2.3.4"}}
    service = {"ID": "web-1", "Address": "", "Port": 80, "Tags": list(tags), "Meta": {"team": "shop"}, **more}
    return {"Node": node, "Service": service, "Checks": [{"CheckID": "c", "Status": status}]}


@asynccontextmanager
async def consul() -> AsyncIterator[Consul]:
    made, app = Consul(), web.Application()
    app.router.add_get("/{path:.*}", made.answer)
    async with serving(app) as url:
        made.address = url.removeprefix("http://")
        yield made
