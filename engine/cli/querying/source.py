"""Who answers `engine query`: an engine over HTTP, or the same pages over the store of a data folder."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Protocol, TypeAlias

from aiohttp import ClientConnectionError, ClientSession, InvalidURL
from msgspec import DecodeError, Struct, json
from multidict import MultiDict

from engine.cli.here import url_of
from engine.foundation.clock import Clock
from engine.foundation.errors import ConfigError, RemoteError
from engine.foundation.workers import InlineWorkers
from engine.offline.folder import opened as opened_store
from engine.offline.folder import store_folder
from engine.query.engine import QueryEngine
from engine.tsdb.store import Store
from engine.web.api import query, series

Params: TypeAlias = Mapping[str, str | Sequence[str]]


class Source(Protocol):
    @property
    def now(self) -> int:
        """What counts as now (Unix ms)."""

    async def ask(self, path: str, params: MultiDict[str]) -> bytes:
        """The API's answer. Raises EngineError."""


async def asked(source: Source, path: str, params: Params) -> bytes:
    """The answer to parameters of which some may be given more than once. Raises EngineError."""
    pairs: MultiDict[str] = MultiDict()
    for name, value in params.items():
        pairs.extend((name, one) for one in ([value] if isinstance(value, str) else value))
    return await source.ask(path, pairs)


@contextmanager
def opened(url: str | None, data_dir: Path | None, clock: Clock) -> Iterator[Source]:
    """A folder where one is named, else the engine at the URL. Raises EngineError."""
    if data_dir is None:
        yield Remote(url_of(url, "prometheus").rstrip("/"), clock)
        return
    with opened_store(store_folder(data_dir)) as store:
        yield Folder(store, clock)


class Remote(Struct, frozen=True):
    """An engine, or anything else that speaks Prometheus's API."""

    url: str
    clock: Clock

    @property
    def now(self) -> int:
        return self.clock.now_ms()

    async def ask(self, path: str, params: MultiDict[str]) -> bytes:
        try:
            async with ClientSession() as client, client.get(f"{self.url}/api/v1{path}", params=params) as response:
                body = await response.read()
        except InvalidURL:
            raise ConfigError(f"--url {self.url}: want http://HOST:PORT") from None
        except (ClientConnectionError, TimeoutError) as error:
            raise RemoteError(
                f"{self.url}: {error}: is an engine running there? --url names another, --data-dir a folder"
            ) from None
        if response.status != 200:
            raise RemoteError(_reason(body) or f"{self.url}{path}: {response.status} {response.reason}")
        return body


class Folder(Struct, frozen=True):
    """A store that no engine uses. Now is when its newest sample was taken."""

    store: Store
    clock: Clock

    @property
    def now(self) -> int:
        return self.store.size.max_time or self.clock.now_ms()

    async def ask(self, path: str, params: MultiDict[str]) -> bytes:
        pages = {
            **query.pages(QueryEngine(self.store, InlineWorkers(), self.clock), self.clock),
            **series.pages(self.store),
        }
        if (page := pages.get(path)) is not None:
            response = await page(params)
        else:
            name = path.removeprefix("/label/").removesuffix("/values")
            response = await series.label_values(self.store, name, params)
        assert isinstance(response.body, bytes)
        return response.body


def _reason(body: bytes) -> str:
    """The error that an answer tells, if it is one of the API's."""
    try:
        answer = json.decode(body, type=dict[str, object])
    except DecodeError:
        return ""
    return str(answer.get("error", ""))
