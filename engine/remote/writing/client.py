"""One request to one server, tried until it is taken or can't be. What may mend itself is tried again without end."""

from __future__ import annotations

import logging
from collections.abc import Callable, Mapping
from datetime import UTC
from email.utils import parsedate_to_datetime
from pathlib import Path
from typing import TYPE_CHECKING, Final

from msgspec import Struct

from engine.foundation.addresses import AddressBook
from engine.foundation.aws import AwsError, credentials, region
from engine.foundation.clock import SECOND, Clock
from engine.foundation.delivery import masked_url
from engine.foundation.http_client import HttpClient, HttpError, Response
from engine.foundation.sigv4 import Scope, signed
from engine.remote.config import V1, V2, RemoteWriteConfig
from engine.remote.writing.counts import Counts, Tally

if TYPE_CHECKING:
    from engine.foundation.sts import Role

_COMMON: Final = {"Content-Encoding": "snappy", "User-Agent": "Prometheus/2.42.0"}
_HEADERS: Final[Mapping[str, Mapping[str, str]]] = {
    V1: {"Content-Type": "application/x-protobuf", "X-Prometheus-Remote-Write-Version": "0.1.0"},
    V2: {"Content-Type": f"application/x-protobuf;proto={V2}", "X-Prometheus-Remote-Write-Version": "2.0.0"},
}
_WRITTEN: Final = "x-prometheus-remote-write-{}-written"
_UNKNOWN_TYPE: Final = 415
_TOO_MANY: Final = 429
_LONG_WAIT_SECONDS: Final = 300.0
_SERVICE: Final = "aps"
"""Amazon's name for its Prometheus."""
_OF_CONTENT: Final = frozenset({400, 409, 413, 422})

log = logging.getLogger(__name__)


class Refusal(Struct, frozen=True):
    """Why a request was not taken. `wait` are the least seconds before it may be tried again, None for never;
    `of_content` says that a part of it may be taken, where nobody may write, or so often, no part is; `written` is how
    much of it was taken all the same, as servers of 2.0 tell.
    """

    text: str
    wait: float | None = None
    of_content: bool = False
    written: int = 0


class Sent(Struct, frozen=True):
    """A request: `body` makes it, given the message that it is to be; in it are `count` of a `kind`, as headers of 2.0
    call these.
    """

    body: Callable[[str], bytes]
    count: int
    kind: str
    tally: Tally


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
        self._role = _role(config, addresses, clock)
        self.problem = ""
        """Why the last attempt failed in a way that may mend itself; empty after one that did not."""

    async def close(self) -> None:
        await self._http.close()
        if self._role is not None:
            await self._role.close()

    async def post(self, sent: Sent, counts: Counts) -> Refusal | None:
        """Why the server refused it for good, or a part of it; None once it has taken all. `counts` learns of each
        attempt, and of nothing else.
        """
        backoff, message = self._config.queue_config.min_backoff / 1000, self.message
        body = sent.body(message)
        while True:
            began = self._clock.monotonic()
            refusal = await self._once(message, body, sent)
            counts.seconds.observe(self._clock.monotonic() - began)
            sent.tally.bytes += len(body)
            if refusal is _NOT_KNOWN:
                log.warning("remote write: %s: %s", self._config.url, refusal.text)
                self.message = message = V1
                body = sent.body(message)
                continue
            if refusal is None or refusal.wait is None:
                self.problem = ""
                return refusal
            sent.tally.retried += sent.count
            if refusal.text != self.problem:
                log.warning("remote write: %s: it is tried again", refusal.text)
                self.problem = refusal.text
            await self._clock.sleep(max(refusal.wait, backoff))
            backoff = min(backoff * 2, self._config.queue_config.max_backoff / 1000)

    async def _once(self, message: str, body: bytes, sent: Sent) -> Refusal | None:
        seconds = self._config.remote_timeout / 1000
        try:
            headers = {**self._config.headers, **_COMMON, **_HEADERS[message]}
            headers = await self._signed(headers, body)
            answer = await self._http.request("POST", self._url, timeout=seconds, headers=headers, body=body)
        except (HttpError, AwsError) as error:
            return Refusal(str(error).replace(self._url, masked_url(self._url)), wait=0.0)
        return self._understood(answer, message, sent)

    def _understood(self, answer: Response, message: str, sent: Sent) -> Refusal | None:
        if answer.status == _UNKNOWN_TYPE and message == V2:
            return _NOT_KNOWN
        written = _written(answer, sent) if message == V2 else sent.count
        if answer.status // 100 == 2:
            if message == V2 and _WRITTEN.format("samples") not in answer.headers:
                # One that knows 1.0 alone finds nothing in a request of 2.0, and says that all is well.
                return _NOT_KNOWN
            return None if written == sent.count else Refusal(f"the server wrote {written} of them", written=written)
        lines = answer.body[:1024].decode("utf-8", "replace").splitlines()
        problem = f"server returned HTTP status {answer.status} {answer.reason}: {lines[0] if lines else ''}"
        if answer.status // 100 == 5 or (answer.status == _TOO_MANY and self._config.queue_config.retry_on_http_429):
            return Refusal(problem, wait=self._wait(answer.headers.get("retry-after", "")))
        if message == V1 or not written:
            return Refusal(problem, of_content=answer.status in _OF_CONTENT)
        return Refusal(problem, written=written)

    async def _signed(self, headers: dict[str, str], body: bytes) -> dict[str, str]:
        """With AWS' signature, where that is configured. Raises AwsError."""
        config = self._config.sigv4
        if config is None:
            return headers
        keys = credentials(config.access_key, config.secret_key.reveal(), config.profile)
        where = region(config.region, config.profile)
        if self._role is not None:
            keys = await self._role.credentials(keys, where)
        scope = Scope(where, _SERVICE, self._clock.now_ns() // SECOND)
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


def _role(config: RemoteWriteConfig, addresses: AddressBook, clock: Clock) -> Role | None:
    if config.sigv4 is None or not config.sigv4.role_arn:
        return None
    from engine.foundation.sts import Role  # noqa: PLC0415 - few have one

    return Role(config.sigv4.role_arn, addresses, clock)


def _written(answer: Response, sent: Sent) -> int:
    """How much was written, as an answer of 2.0 tells; nothing is none."""
    told = answer.headers.get(_WRITTEN.format(sent.kind), "")
    return min(int(told), sent.count) if told.isascii() and told.isdigit() else 0
