"""What sources of this process have in common."""

from __future__ import annotations

from collections.abc import Mapping

from engine.dashboards.sources.ports import RawAnswer, Source, SourceInfo


class InProcess:
    """Asked by function calls; `port` is the same as asked over HTTP, for what is passed on as it comes."""

    def __init__(self, info: SourceInfo, port: Source) -> None:
        self._info = info
        self._port = port

    @property
    def info(self) -> SourceInfo:
        return self._info

    async def close(self) -> None:
        await self._port.close()

    async def raw(self, method: str, path: str, query: str, body: bytes, headers: Mapping[str, str]) -> RawAnswer:
        return await self._port.raw(method, path, query, body, headers)
