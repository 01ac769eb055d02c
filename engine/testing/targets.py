"""What the engine of a test may scrape: what the test gave it, and nothing else.

Targets of the project's own files that the test did not give fail with that said: a test that reached the network, or
the machine that it runs on, would tell something else on each machine.
"""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

from yarl import URL

from engine.foundation.addresses import AddressBook
from engine.scrape.config import ScrapeConfig
from engine.scrape.fetch import HttpFetcher
from engine.scrape.ports import Fetched, FetchError
from engine.scrape.target import Target
from engine.testing.errors import TestEngineError
from engine.testing.inprocess import Ask, asking, page
from engine.testing.manual_clock import ManualClock


class Targets:
    """Applications by `host:port`, and servers that may be called there."""

    def __init__(self, clock: ManualClock, addresses: Callable[[], AddressBook], base: Path) -> None:
        self._clock = clock
        self._addresses = addresses
        self._base = base
        self._apps: dict[str, Ask] = {}
        self._servers: set[str] = set()

    def serve(self, address: str, app: Any) -> None:
        """Whoever scrapes `host:port` (or `host`: 80) is answered by the application. Raises TestEngineError."""
        try:
            url = URL(f"http://{address}")
        except ValueError:
            raise TestEngineError(f"{address} is no address: want HOST:PORT") from None
        self._apps[f"{url.host}:{url.port}"] = asking(app)

    def permit(self, address: str) -> None:
        """A server listens there, which may be called."""
        self._servers.add(address)

    def fetcher(self, config: ScrapeConfig) -> _Fetcher:
        """Of one job."""
        return _Fetcher(self, HttpFetcher(config, self._addresses(), self._base))

    async def fetch(self, target: Target, http: HttpFetcher) -> Fetched:
        url = URL(target.url)
        address = f"{url.host}:{url.port}"
        with self._clock.working():
            if (ask := self._apps.get(address)) is not None:
                return await _answered(ask, url)
            if address in self._servers:
                return await http.fetch(target)
        raise FetchError(f"the test gave nothing to scrape at {address}: engine.serve({address!r}, app)")


async def _answered(ask: Ask, url: URL) -> Fetched:
    try:
        return await page(ask, url)
    except FetchError:
        raise
    except Exception as error:  # the application's: over HTTP it would be an answer with status 500
        raise FetchError(f"the application failed: {error!r}") from error


class _Fetcher:
    """Fetches for one job."""

    def __init__(self, targets: Targets, http: HttpFetcher) -> None:
        self._targets = targets
        self._http = http

    async def fetch(self, target: Target) -> Fetched:
        return await self._targets.fetch(target, self._http)

    async def close(self) -> None:
        await self._http.close()
