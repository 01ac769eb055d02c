"""Sources that are asked over HTTP: a Prometheus or Loki elsewhere, and a Loki of this process."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Final
from urllib.parse import urlencode

import msgspec

from engine.dashboards.json import objects, text
from engine.dashboards.sources.ports import LogStream, RawAnswer, SourceError, SourceInfo
from engine.foundation.http_client import HttpClient, HttpError
from engine.query.answers import result_of
from promql.model.labels import Labels
from promql.model.results import Result

_SECONDS: Final = 60.0
_FORM: Final = {"Content-Type": "application/x-www-form-urlencoded"}


class RemoteSource:
    """Speaks the HTTP API of Prometheus, or of Loki where `info.type` says so. Owns its client."""

    def __init__(self, info: SourceInfo, client: HttpClient) -> None:
        self._info = info
        self._client = client
        self._loki = info.type == "loki"
        self._base = "/loki/api/v1" if self._loki else "/api/v1"

    @property
    def info(self) -> SourceInfo:
        return self._info

    async def close(self) -> None:
        await self._client.close()

    async def instant(self, query: str, time: int) -> Result:
        when = str(time * 1_000_000) if self._loki else _seconds(time)
        return _result(await self._ask("/query", {"query": query, "time": when}, post=not self._loki))

    async def over_range(self, query: str, start: int, end: int, step: int) -> Result:
        given = {"query": query, "step": _seconds(step), **self._bounds(start, end)}
        return _result(await self._ask("/query_range", given, post=not self._loki))

    async def label_names(self, start: int, end: int, selector: str = "") -> list[str]:
        given = self._bounds(start, end) | ({"match[]": selector} if selector and not self._loki else {})
        return [str(one) for one in await self._ask("/labels", given) or []]

    async def label_values(self, label: str, selector: str, start: int, end: int) -> list[str]:
        given = self._bounds(start, end)
        if selector:
            given["query" if self._loki else "match[]"] = selector
        return [str(one) for one in await self._ask(f"/label/{label}/values", given) or []]

    async def series(self, selector: str, start: int, end: int) -> list[Labels]:
        found = await self._ask("/series", {"match[]": selector, **self._bounds(start, end)})
        return [Labels.of(one) for one in objects(found)]

    async def logs(self, query: str, start: int, end: int, limit: int, *, forward: bool) -> list[LogStream]:
        given = {"query": query, "limit": str(limit), "direction": "forward" if forward else "backward"}
        data = await self._ask("/query_range", given | self._bounds(start, end))
        return [
            LogStream(
                Labels.of(one.get("stream") or {}), [(int(pair[0]), str(pair[1])) for pair in one.get("values") or []]
            )
            for one in objects(data.get("result") if isinstance(data, dict) else None)
        ]

    async def raw(self, method: str, path: str, query: str, body: bytes, headers: Mapping[str, str]) -> RawAnswer:
        url = f"{self._info.url.rstrip('/')}/{path.lstrip('/')}{'?' + query if query else ''}"
        try:
            answer = await self._client.request(method, url, timeout=_SECONDS, headers=headers, body=body or None)
        except HttpError as error:
            raise SourceError(str(error)) from None
        return RawAnswer(answer.status, answer.headers.get("content-type", ""), answer.body)

    def _bounds(self, start: int, end: int) -> dict[str, str]:
        if self._loki:
            return {"start": str(start * 1_000_000), "end": str(end * 1_000_000)}
        return {"start": _seconds(start), "end": _seconds(end)}

    async def _ask(self, path: str, given: Mapping[str, str], *, post: bool = False) -> Any:
        form = urlencode(given)
        query, body = ("", form.encode()) if post else (form, b"")
        answer = await self.raw("POST" if post else "GET", self._base + path, query, body, _FORM if post else {})
        try:
            found = msgspec.json.decode(answer.body)
        except msgspec.DecodeError:
            said = answer.body[:200].decode(errors="replace").strip()
            raise SourceError(f"{self._info.url}: status {answer.status}: {said}") from None
        if answer.status >= 400 or not isinstance(found, dict) or found.get("status") != "success":
            said = text(found.get("error") or found.get("message")) if isinstance(found, dict) else ""
            raise SourceError(said or f"{self._info.url}: status {answer.status}")
        return found.get("data")


def _seconds(ms: int) -> str:
    return f"{ms // 1000}.{ms % 1000:03d}" if ms % 1000 else str(ms // 1000)


def _result(data: Any) -> Result:
    try:
        return result_of(data)
    except ValueError as error:
        raise SourceError(f"it answered with {error}") from None
