"""What a dashboard asks of a data source. Times are Unix ms."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, Final, Protocol

from msgspec import Struct, field

from engine.dashboards.intervals import DEFAULT_SCRAPE_MS
from engine.foundation.errors import EngineError
from promql.model.labels import Labels
from promql.model.results import Result

IN_PROCESS: Final = "in process"
REMOTE: Final = "remote"


class SourceError(EngineError):
    """The source did not answer, or refused; its own words."""


class SourceInfo(Struct, frozen=True):
    """What is known about a source without asking it."""

    id: int
    uid: str
    name: str
    type: str
    url: str
    is_default: bool = False
    editable: bool = False
    access: str = "proxy"
    basic_auth: bool = False
    scrape_ms: int = DEFAULT_SCRAPE_MS
    json: Mapping[str, Any] = field(default_factory=dict)
    place: str = REMOTE
    problem: str = ""


class LogStream(Struct, frozen=True):
    """Lines of one stream: (ns, line), and the labels that they have in common."""

    labels: Labels
    lines: Sequence[tuple[int, str]]


class Source(Protocol):
    """All methods raise SourceError (or another EngineError) with the source's words."""

    @property
    def info(self) -> SourceInfo: ...

    async def instant(self, query: str, time: int) -> Result: ...

    async def over_range(self, query: str, start: int, end: int, step: int) -> Result: ...

    async def label_names(self, start: int, end: int, selector: str = "") -> list[str]: ...

    async def label_values(self, label: str, selector: str, start: int, end: int) -> list[str]: ...

    async def series(self, selector: str, start: int, end: int) -> list[Labels]: ...

    async def logs(self, query: str, start: int, end: int, limit: int, *, forward: bool) -> list[LogStream]:
        """Of a Loki alone."""

    async def raw(self, method: str, path: str, query: str, body: bytes, headers: Mapping[str, str]) -> RawAnswer:
        """Whatever its API answers at this path, for Grafana's proxy."""

    async def close(self) -> None: ...


class RawAnswer(Struct, frozen=True):
    """As it came."""

    status: int
    content_type: str
    body: bytes
