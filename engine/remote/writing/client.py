"""One request to one server, tried until it is taken or can't be. What may mend itself is tried again without end."""

from __future__ import annotations

import logging
from collections.abc import Mapping
from datetime import UTC
from email.utils import parsedate_to_datetime
from pathlib import Path
from typing import Final

from engine.foundation.addresses import AddressBook
from engine.foundation.clock import SECOND, Clock
from engine.foundation.delivery import masked_url
from engine.foundation.http_client import HttpClient, HttpError
from engine.remote.config import RemoteWriteConfig
from engine.remote.writing.counts import Counts

_HEADERS: Final = {
    "Content-Encoding": "snappy",
    "Content-Type": "application/x-protobuf",
    "User-Agent": "Prometheus/2.42.0",
    "X-Prometheus-Remote-Write-Version": "0.1.0",
}
_TOO_MANY: Final = 429
_LONG_WAIT_SECONDS: Final = 300.0

log = logging.getLogger(__name__)


class RemoteClient:
    """Posts to the server of a configuration. `close` it."""

    def __init__(self, config: RemoteWriteConfig, addresses: AddressBook, base: Path, clock: Clock) -> None:
        self._config = config
        self._clock = clock
        self._http = HttpClient(config, addresses, base=base)
        self._url = config.url.reveal()
        self._problem = ""
        self._headers: Mapping[str, str] = {**config.headers, **_HEADERS}

    async def close(self) -> None:
        await self._http.close()

    async def post(self, body: bytes, samples: int, counts: Counts) -> str:
        """Why the server refused it for good; empty once it has taken it. `counts` learns of each attempt."""
        backoff = self._config.queue_config.min_backoff / 1000
        while True:
            began = self._clock.monotonic()
            problem, again = await self._once(body)
            counts.attempt(self._clock.monotonic() - began, len(body))
            if not problem:
                self._problem = ""
                return ""
            if again is None:
                return problem
            counts.retried += samples
            if problem != self._problem:
                log.warning("remote write: %s: it is tried again", problem)
                self._problem = problem
            await self._clock.sleep(max(again, backoff))
            backoff = min(backoff * 2, self._config.queue_config.max_backoff / 1000)

    async def _once(self, body: bytes) -> tuple[str, float | None]:
        """What went wrong, if something did, and the least wait before it may be tried again, None for never."""
        seconds = self._config.remote_timeout / 1000
        try:
            answer = await self._http.request("POST", self._url, timeout=seconds, headers=self._headers, body=body)
        except HttpError as error:
            return str(error).replace(self._url, masked_url(self._url)), 0.0
        if answer.status // 100 == 2:
            return "", None
        told = answer.body[:1024].decode("utf-8", "replace").splitlines()
        problem = f"server returned HTTP status {answer.status} {answer.reason}: {told[0] if told else ''}"
        if answer.status // 100 == 5 or (answer.status == _TOO_MANY and self._config.queue_config.retry_on_http_429):
            return problem, self._wait(answer.headers.get("retry-after", ""))
        return problem, None

    def _wait(self, header: str) -> float:
        """Seconds that a server asks for, by number or by date."""
        if header.isascii() and header.isdigit():
            return min(float(header), _LONG_WAIT_SECONDS)
        try:
            at = parsedate_to_datetime(header).replace(tzinfo=UTC).timestamp()
        except ValueError:
            return 0.0
        return min(max(at - self._clock.now_ns() / SECOND, 0.0), _LONG_WAIT_SECONDS)
