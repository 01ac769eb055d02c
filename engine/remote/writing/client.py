"""One request to one server, tried until it is taken or can't be. What may mend itself is tried again without end."""

from __future__ import annotations

import logging
from collections.abc import Callable, Mapping
from datetime import UTC
from email.utils import parsedate_to_datetime
from pathlib import Path
from typing import Final

from msgspec import Struct

from engine.foundation.addresses import AddressBook
from engine.foundation.aws import AwsError, credentials, region
from engine.foundation.clock import SECOND, Clock
from engine.foundation.delivery import masked_url
from engine.foundation.http_client import HttpClient, HttpError
from engine.foundation.sigv4 import Scope, signed
from engine.remote.config import V1, V2, RemoteWriteConfig
from engine.remote.writing.counts import Counts

_COMMON: Final = {"Content-Encoding": "snappy", "User-Agent": "Prometheus/2.42.0"}
_HEADERS: Final[Mapping[str, Mapping[str, str]]] = {
    V1: {"Content-Type": "application/x-protobuf", "X-Prometheus-Remote-Write-Version": "0.1.0"},
    V2: {"Content-Type": f"application/x-protobuf;proto={V2}", "X-Prometheus-Remote-Write-Version": "2.0.0"},
}
_WRITTEN: Final = "x-prometheus-remote-write-samples-written"
_UNKNOWN_TYPE: Final = 415
_TOO_MANY: Final = 429
_LONG_WAIT_SECONDS: Final = 300.0
_SERVICE: Final = "aps"
"""Amazon's name for its Prometheus."""
_OF_CONTENT: Final = frozenset({400, 409, 413, 422})

log = logging.getLogger(__name__)


class Refusal(Struct, frozen=True):
    """Why a request was not taken. `wait` are the least seconds before it may be tried again, None for never;
    `of_content` says that a part of it may be taken, where nobody may write, or so often, no part is.
    """

    text: str
    wait: float | None = None
    of_content: bool = False


_NOT_KNOWN: Final = Refusal(f"the server does not know {V2}: from now on it is sent {V1}")


class RemoteClient:
    """Posts to the server of a configuration. `close` it."""

    def __init__(self, config: RemoteWriteConfig, addresses: AddressBook, base: Path, clock: Clock) -> None:
        self.message = str(config.protobuf_message)
        """What requests are made of now: that of 2.0 is given up where a server does not know it."""
        self._config = config
        self._clock = clock
        self._http = HttpClient(config, addresses, base=base)
        self._url = config.url.reveal()
        self._problem = ""

    async def close(self) -> None:
        await self._http.close()

    async def post(self, request: Callable[[str], bytes], samples: int, counts: Counts) -> Refusal | None:
        """Why the server refused it for good; None once it has taken it. `counts` learns of each attempt.

        `request` makes the body, given what it is to be made of.
        """
        backoff, message = self._config.queue_config.min_backoff / 1000, self.message
        body = request(message)
        while True:
            began = self._clock.monotonic()
            refusal = await self._once(message, body)
            counts.attempt(self._clock.monotonic() - began, len(body))
            if refusal is None:
                self._problem = ""
                return None
            if refusal is _NOT_KNOWN:
                log.warning("remote write: %s: %s", self._config.url, refusal.text)
                self.message = message = V1
                body = request(message)
                continue
            if refusal.wait is None:
                return refusal
            counts.retried += samples
            if refusal.text != self._problem:
                log.warning("remote write: %s: it is tried again", refusal.text)
                self._problem = refusal.text
            await self._clock.sleep(max(refusal.wait, backoff))
            backoff = min(backoff * 2, self._config.queue_config.max_backoff / 1000)

    async def _once(self, message: str, body: bytes) -> Refusal | None:
        seconds = self._config.remote_timeout / 1000
        try:
            headers = {**self._config.headers, **_COMMON, **_HEADERS[message]}
            headers = self._signed(headers, body)
            answer = await self._http.request("POST", self._url, timeout=seconds, headers=headers, body=body)
        except (HttpError, AwsError) as error:
            return Refusal(str(error).replace(self._url, masked_url(self._url)), wait=0.0)
        if answer.status // 100 == 2:
            # One that knows 1.0 alone finds nothing in a request of 2.0, and says that all is well.
            return None if message == V1 or _WRITTEN in answer.headers else _NOT_KNOWN
        if answer.status == _UNKNOWN_TYPE and message == V2:
            return _NOT_KNOWN
        told = answer.body[:1024].decode("utf-8", "replace").splitlines()
        problem = f"server returned HTTP status {answer.status} {answer.reason}: {told[0] if told else ''}"
        if answer.status // 100 == 5 or (answer.status == _TOO_MANY and self._config.queue_config.retry_on_http_429):
            return Refusal(problem, wait=self._wait(answer.headers.get("retry-after", "")))
        return Refusal(problem, of_content=answer.status in _OF_CONTENT)

    def _signed(self, headers: dict[str, str], body: bytes) -> dict[str, str]:
        """With AWS' signature, where that is configured. Raises AwsError."""
        config = self._config.sigv4
        if config is None:
            return headers
        keys = credentials(config.access_key, config.secret_key.reveal(), config.profile)
        scope = Scope(region(config.region, config.profile), _SERVICE, self._clock.now_ns() // SECOND)
        return {**headers, **signed("POST", self._url, keys, scope, headers={}, body=body)}

    def _wait(self, header: str) -> float:
        """Seconds that a server asks for, by number or by date."""
        if header.isascii() and header.isdigit():
            return min(float(header), _LONG_WAIT_SECONDS)
        try:
            at = parsedate_to_datetime(header).replace(tzinfo=UTC).timestamp()
        except ValueError:
            return 0.0
        return min(max(at - self._clock.now_ns() / SECOND, 0.0), _LONG_WAIT_SECONDS)
