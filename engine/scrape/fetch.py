"""Pages over HTTP, or from within this process, as Prometheus asks for them."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Final

from engine.foundation.addresses import AddressBook
from engine.foundation.http_client import BodyTooLargeError, HttpClient, HttpError, unpack
from engine.scrape import urls
from engine.scrape.config import ScrapeConfig
from engine.scrape.ports import Fetched, FetchError, PageTooLargeError
from engine.scrape.protocols import accept
from engine.scrape.target import Target

USER_AGENT: Final = "Prometheus/2.42.0"  # some targets serve Prometheus only


class HttpFetcher:
    """Fetches for one job. Relative file names in its client options belong to `base`."""

    def __init__(self, config: ScrapeConfig, addresses: AddressBook, base: Path) -> None:
        self._client = HttpClient(config, addresses, base=base)
        self._limit = int(config.body_size_limit)
        self._headers = {
            "Accept": accept(config.scrape_protocols),
            "Accept-Encoding": "gzip" if config.enable_compression else "identity",
            "User-Agent": USER_AGENT,
        }

    async def fetch(self, target: Target) -> Fetched:
        if (fault := urls.fault(target.url)) is not None:
            raise FetchError(fault)
        headers = {**self._headers, "X-Prometheus-Scrape-Timeout-Seconds": f"{target.timeout / 1000:g}"}
        with _told():
            answer = await self._client.request(
                "GET", target.url, timeout=target.timeout / 1000, headers=headers, limit=self._limit, packed=True
            )
        if answer.status != 200:
            raise FetchError(f"server returned HTTP status {answer.status} {answer.reason}")
        return Fetched(answer.body, answer.headers.get("content-type", ""), self._unpack if answer.packed else None)

    def _unpack(self, body: bytes) -> bytes:
        with _told():
            return unpack(body, self._limit)

    async def close(self) -> None:
        await self._client.close()


@contextmanager
def _told() -> Iterator[None]:
    """What goes wrong, as scraping knows it."""
    try:
        yield
    except BodyTooLargeError as error:
        raise PageTooLargeError(str(error)) from None
    except HttpError as error:
        raise FetchError(str(error)) from None
