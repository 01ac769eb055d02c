"""The Loki of this process, asked by function calls."""

from __future__ import annotations

from collections.abc import Callable, Sequence

from engine.dashboards.sources.in_process import InProcess
from engine.dashboards.sources.ports import LogStream, Source, SourceError, SourceInfo
from engine.logql.execute.lines import Entry
from engine.logql.syntax.parser import parse_matchers
from engine.query.logs.engine import Asked, LinesWanted, LogAnswer, LogQueryEngine
from promql.model.labels import Labels
from promql.model.matchers import Matcher
from promql.model.results import Matrix, Result, Vector

_NS = 1_000_000
"""In a ms."""


class LocalLoki(InProcess):
    """`tenant` is whose lines they are, and raises SourceError where nobody is named."""

    def __init__(self, info: SourceInfo, queries: LogQueryEngine, tenant: Callable[[], str], port: Source) -> None:
        super().__init__(info, port)
        self._queries = queries
        self._tenant = tenant

    async def instant(self, query: str, time: int) -> Result:
        return _numbers(await self._queries.instant(self._tenant(), query, time * _NS))

    async def over_range(self, query: str, start: int, end: int, step: int) -> Result:
        return _numbers(await self._queries.range(self._tenant(), query, Asked(start * _NS, end * _NS, step * _NS)))

    async def label_names(self, start: int, end: int, selector: str = "") -> list[str]:
        return sorted({name for labels in await self._streams(selector, start, end) for name in labels.names()})

    async def label_values(self, label: str, selector: str, start: int, end: int) -> list[str]:
        found = await self._streams(selector, start, end)
        return sorted({value for labels in found if (value := labels.get(label))})

    async def series(self, selector: str, start: int, end: int) -> list[Labels]:
        return list(await self._streams(selector, start, end))

    async def logs(self, query: str, start: int, end: int, limit: int, *, forward: bool) -> list[LogStream]:
        wanted = LinesWanted(limit, backward=not forward)
        answer = await self._queries.range(self._tenant(), query, Asked(start * _NS, end * _NS, _NS), wanted)
        if not isinstance(answer.result, list):
            raise SourceError("numbers where lines were wanted")
        return _by_stream(answer.result)

    async def _streams(self, selector: str, start: int, end: int) -> Sequence[Labels]:
        streams = self._queries.source(self._tenant()).streams
        return await self._queries.workers.run(streams, _matchers(selector), start * _NS, end * _NS + 1)


def _matchers(selector: str) -> Sequence[Matcher]:
    return () if selector.replace(" ", "") in ("", "{}") else parse_matchers(selector)


def _numbers(answer: LogAnswer) -> Result:
    if isinstance(answer.result, Vector | Matrix):
        return answer.result
    raise SourceError(f"{'lines' if isinstance(answer.result, list) else 'a bare number'} where series were wanted")


def _by_stream(entries: Sequence[Entry]) -> list[LogStream]:
    found: dict[Labels, list[tuple[int, str]]] = {}
    for entry in entries:
        found.setdefault(entry.labels, []).append((entry.time, entry.line))
    return [LogStream(labels, lines) for labels, lines in found.items()]
