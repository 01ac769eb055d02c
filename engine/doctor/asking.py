"""A stack that is asked over HTTP."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from typing import Any, Final
from urllib.parse import urlencode, urlsplit

import msgspec
from msgspec import Struct

from engine.doctor.ports import Sample
from engine.foundation.errors import RemoteError
from engine.foundation.http_client import HttpClient, HttpError

FIRST: Final = "prometheus"
_SECONDS: Final = 10.0
_SHOWN: Final = 200
_OF_AN_AGENT: Final = "unavailable with Prometheus Agent"
_EVERYWHERE: Final = frozenset(("0.0.0.0", "[::]"))  # noqa: S104 - what listens there is called by its machine's name


class _Series(Struct):
    metric: dict[str, str]
    value: tuple[float, str]


class _Data(Struct):
    result: list[_Series]


class _Answer(Struct):
    """Of a query that gives a vector."""

    data: _Data


class _Components(Struct):
    data: dict[str, str]


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
        _, body = await self._get(f"{self._first}/api/v1/status/components")
        try:
            told = msgspec.convert(body, _Components).data
        except msgspec.ValidationError:
            return {}
        first = urlsplit(self._first)
        who, at, _ = first.netloc.rpartition("@")
        found = {}
        for component, address in told.items():
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
        """The vector that it gives; nothing where an agent answers, which has targets and no queries."""
        status, body = await self.get("prometheus", f"/api/v1/query?{urlencode({'query': expr})}")
        if isinstance(body, dict) and isinstance(error := body.get("error"), str):
            if error == _OF_AN_AGENT:
                return []
            raise RemoteError(f"{self._first}: {error}")
        try:
            answer = msgspec.convert(body, _Answer)
        except msgspec.ValidationError:
            raise RemoteError(
                f"{self._first} does not answer as Prometheus does: {status}, {str(body)[:_SHOWN]}"
            ) from None
        return [Sample(one.metric, float(one.value[1])) for one in answer.data.result]
