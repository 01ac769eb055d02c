"""The Prometheus of this process, asked by function calls."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from engine.dashboards.sources.ports import LogStream, RawAnswer, Source, SourceError, SourceInfo
from engine.query.engine import QueryEngine
from engine.tsdb.store import Store
from promql.model.labels import Labels
from promql.model.matchers import Matcher
from promql.model.results import Result
from promql.syntax.parser import parse_selector


class LocalPrometheus:
    """`port` is the same as asked over HTTP, for what is passed on as it comes."""

    def __init__(self, info: SourceInfo, queries: QueryEngine, store: Store, port: Source) -> None:
        self._info = info
        self._queries = queries
        self._store = store
        self._port = port

    @property
    def info(self) -> SourceInfo:
        return self._info

    async def close(self) -> None:
        await self._port.close()

    async def instant(self, query: str, time: int) -> Result:
        return await self._queries.instant(query, time)

    async def over_range(self, query: str, start: int, end: int, step: int) -> Result:
        return await self._queries.range(query, start, end, step)

    async def label_names(self, start: int, end: int, selector: str = "") -> list[str]:
        return self._store.label_names(_matchers(selector), start, end)

    async def label_values(self, label: str, selector: str, start: int, end: int) -> list[str]:
        return self._store.label_values(label, _matchers(selector), start, end)

    async def series(self, selector: str, start: int, end: int) -> list[Labels]:
        return self._store.series(parse_selector(selector), start, end)

    async def logs(self, query: str, start: int, end: int, limit: int, *, forward: bool) -> list[LogStream]:
        raise SourceError("this is a Prometheus: it keeps no log lines")

    async def raw(self, method: str, path: str, query: str, body: bytes, headers: Mapping[str, str]) -> RawAnswer:
        return await self._port.raw(method, path, query, body, headers)


def _matchers(selector: str) -> Sequence[Matcher] | None:
    return parse_selector(selector) if selector else None
