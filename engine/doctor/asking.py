"""A stack that is asked over HTTP."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from typing import Any, Final
from urllib.parse import urlencode, urlsplit

from engine.doctor.ports import Sample
from engine.foundation.errors import RemoteError
from engine.foundation.http_client import HttpClient, HttpError

FIRST: Final = "prometheus"
_SECONDS: Final = 10.0
_EVERYWHERE: Final = frozenset(("0.0.0.0", "[::]"))  # noqa: S104 - what listens there is called by its machine's name


class HttpStack:
    """`urls` are by component. Where one has none, the engine is asked for it, and the first port answers for those
    that it does not name.
    """

    def __init__(self, client: HttpClient, urls: Mapping[str, str]) -> None:
        self._client = client
        self._given = urls
        self._first = urls[FIRST].rstrip("/")
        self._told: Mapping[str, str] | None = None

    async def get(self, component: str, path: str) -> tuple[int, Any]:
        return await self._get((await self._url(component)) + path)

    async def _url(self, component: str) -> str:
        if component == FIRST or component in self._given:
            return self._given[component].rstrip("/")
        if self._told is None:
            self._told = await self._components()
        return self._told.get(component, self._first)

    async def _components(self) -> dict[str, str]:
        """Where the engine's components listen, which all want the same password; of another program nothing."""
        status, body = await self._get(f"{self._first}/api/v1/status/components")
        told = body.get("data") if status == 200 and isinstance(body, dict) else None
        first = urlsplit(self._first)
        who, at, _ = first.netloc.rpartition("@")
        found = {}
        for component, address in (told or {}).items():
            host, _, port = address.rpartition(":")
            found[component] = f"{first.scheme}://{who}{at}{first.hostname if host in _EVERYWHERE else host}:{port}"
        return found

    async def _get(self, where: str) -> tuple[int, Any]:
        try:
            answer = await self._client.request("GET", where, timeout=_SECONDS)
        except HttpError as error:
            raise RemoteError(f"{error}: is it running?") from None
        text = answer.body.decode("utf-8", "replace")
        try:
            return answer.status, json.loads(text)
        except ValueError:
            return answer.status, text

    async def query(self, expr: str) -> Sequence[Sample]:
        status, body = await self.get("prometheus", f"/api/v1/query?{urlencode({'query': expr})}")
        if status != 200 or not isinstance(body, dict):
            raise RemoteError(f"{self._first}: {body}")
        return [Sample(one["metric"], float(one["value"][1])) for one in body["data"]["result"]]
