"""What scraping needs of the rest: a store, and somebody who fetches pages."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any, Protocol, TypeVar

from msgspec import Struct

from engine.discovery.ports import DiscoveryParts
from engine.foundation.clock import Clock
from engine.foundation.errors import RemoteError
from engine.foundation.supervise import Supervisor
from engine.foundation.workers import Workers
from engine.scrape.config import ScrapeConfig
from engine.scrape.counters import ScrapeCounters
from engine.scrape.target import Target
from engine.tsdb.batch import Appended, Batch
from engine.tsdb.exemplars import Exemplar, Exemplars, Verdict
from promql.model.labels import Labels
from promql.model.types import BoolArray, IntArray


class Source(Protocol):
    """One table of the store; a target has one. `losses` counts how often it may have lost series."""

    losses: int

    def columns(self, series: Sequence[Labels], /) -> IntArray:
        """Their columns, made where there were none."""

    def lost(self, columns: IntArray, /) -> BoolArray:
        """Which columns have no sample any more, and must be asked for anew."""


S = TypeVar("S", bound=Source)


class Store(Protocol[S]):
    """The store, as far as scraping uses it."""

    def source(self, key: str) -> S:
        """The source of that name, made where there was none."""

    def append(self, source: S, batches: Sequence[Batch]) -> Appended:
        """Keep them, whole or not at all, and say what became of them. Raises DiskFullError."""

    @property
    def exemplars(self) -> Exemplars:
        """Those that are kept."""

    def append_exemplars(self, source: S, found: Sequence[tuple[int, Exemplar]]) -> list[Verdict]:
        """Keep exemplars of the series in these columns; what became of each."""


class FetchError(RemoteError):
    """No page came; the text is what users see as the target's last error."""


class PageTooLargeError(FetchError):
    """The page reached body_size_limit."""


class Fetched(Struct, frozen=True):
    """A page as it came. `unpack` makes the page of it where it is compressed, and raises FetchError."""

    body: bytes
    content_type: str
    unpack: Callable[[bytes], bytes] | None = None

    def page(self) -> bytes:
        """The page, decompressed. Raises FetchError."""
        return self.body if self.unpack is None else self.unpack(self.body)


class Fetcher(Protocol):
    """Fetches the pages of one job's targets."""

    async def fetch(self, target: Target) -> Fetched:
        """The page. Raises FetchError."""

    async def close(self) -> None:
        """Let go of connections."""


class MakeFetcher(Protocol):
    """Makes the fetcher of a job."""

    def __call__(self, config: ScrapeConfig, /) -> Fetcher: ...


class Parts(Struct, frozen=True, kw_only=True):
    """What every scrape loop works with.

    `jitter` spreads servers that scrape the same targets; `extra_metrics` adds what the feature flag
    `extra-scrape-metrics` adds, and `default_ports` are left away by `no-default-scrape-port`.
    """

    clock: Clock
    workers: Workers
    store: Store[Any]
    supervisor: Supervisor
    counters: ScrapeCounters
    discovery: DiscoveryParts
    jitter: int = 0
    extra_metrics: bool = False
    default_ports: bool = True
