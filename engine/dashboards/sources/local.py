"""The Prometheus of this process, asked by function calls."""

from __future__ import annotations

from collections.abc import Sequence

from engine.dashboards.sources.in_process import InProcess
from engine.dashboards.sources.ports import LogStream, Source, SourceError, SourceInfo
from engine.query.engine import QueryEngine
from engine.tsdb.store import Store
from promql.model.labels import Labels
from promql.model.matchers import Matcher
from promql.model.results import Result
from promql.syntax.parser import parse_selector


class LocalPrometheus(InProcess):
    """The store of this process, and its PromQL."""

    def __init__(self, info: SourceInfo, queries: QueryEngine, store: Store, port: Source) -> None:
        super().__init__(info, port)
        self._queries = queries
        self._store = store

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


def _matchers(selector: str) -> Sequence[Matcher] | None:
    return parse_selector(selector) if selector else None
