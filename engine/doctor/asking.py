"""A stack that is asked over HTTP."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from typing import Any, Final
from urllib.parse import urlencode

from engine.doctor.ports import Sample
from engine.foundation.errors import RemoteError
from engine.foundation.http_client import HttpClient, HttpError

_SECONDS: Final = 10.0


class HttpStack:
    """`urls` are by component; a component without one is asked at Prometheus's, where the engine answers for all."""

    def __init__(self, client: HttpClient, urls: Mapping[str, str]) -> None:
        self._client = client
        self._urls = urls

    async def get(self, component: str, path: str) -> tuple[int, Any]:
        where = self._urls.get(component, self._urls["prometheus"]).rstrip("/") + path
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
            raise RemoteError(f"{self._urls['prometheus']}: {body}")
        return [Sample(one["metric"], float(one["value"][1])) for one in body["data"]["result"]]
