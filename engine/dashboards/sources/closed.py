"""Sources as a guest has them: what this engine tells everybody at that port can be asked, nothing else.

A source elsewhere is asked with the password, the headers and from the network of the engine. Values of variables may
be any text, so queries of a file's own panels are what a guest makes of them too: the rule looks at the source alone,
not at who wrote the query.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import NoReturn

from msgspec.structs import replace

from engine.dashboards.sources.ports import IN_PROCESS, LogStream, RawAnswer, SourceError, SourceInfo
from engine.dashboards.sources.shelf import Shelf
from promql.model.labels import Labels
from promql.model.results import Result


def closed(shelf: Shelf, how: str) -> Shelf:
    """All of them, in their order; closed where they are not of this process, which `how` says what to do about."""
    return Shelf(one if one.info.place == IN_PROCESS else ClosedSource(one.info, how) for one in shelf.all)


class ClosedSource:
    """Known by name; whatever it is asked, it says why not."""

    def __init__(self, info: SourceInfo, how: str) -> None:
        self.info = replace(info, url="", json={})
        self._how = how

    async def instant(self, query: str, time: int) -> Result:
        self._refuse()

    async def over_range(self, query: str, start: int, end: int, step: int) -> Result:
        self._refuse()

    async def label_names(self, start: int, end: int, selector: str = "") -> list[str]:
        self._refuse()

    async def label_values(self, label: str, selector: str, start: int, end: int) -> list[str]:
        self._refuse()

    async def series(self, selector: str, start: int, end: int) -> list[Labels]:
        self._refuse()

    async def logs(self, query: str, start: int, end: int, limit: int, *, forward: bool) -> list[LogStream]:
        self._refuse()

    async def raw(self, method: str, path: str, query: str, body: bytes, headers: Mapping[str, str]) -> RawAnswer:
        self._refuse()

    async def close(self) -> None:
        """Nothing is open."""

    def _refuse(self) -> NoReturn:
        raise SourceError(f"{self.info.name} is a data source elsewhere: {self._how} to see what it has")
