"""One server that is read from: a query goes there, series come back.

Samples are asked for, since whole series are read several times faster here than chunks; chunks of those who know
nothing else, or for whom these are too many samples.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Final

from msgspec import Struct, field

from engine.foundation.addresses import AddressBook
from engine.foundation.clock import Clock
from engine.foundation.errors import RemoteError
from engine.foundation.http_client import HttpClient, HttpError, Response
from engine.foundation.protobuf import WireError
from engine.foundation.workers import Workers
from engine.remote.config import RemoteReadConfig
from engine.remote.packing import inflated, packed
from engine.remote.reading import SAMPLES, STREAMED_CHUNKS, ReadQuery, Row, encode_read
from engine.remote.reads.answers import TooManyError, sampled, streamed
from exporters.histogram import Histogram

_HEADERS: Final = {
    "Content-Encoding": "snappy",
    "Accept-Encoding": "snappy",
    "Content-Type": "application/x-protobuf",
    "User-Agent": "Prometheus/2.42.0",
    "X-Prometheus-Remote-Read-Version": "0.1.0",
}
_STREAM: Final = "application/x-streamed-protobuf"
_TOO_MANY: Final = "exceeded sample limit"
_LARGEST: Final = 1 << 30
"""Bytes of an answer."""
_BUCKETS: Final = (0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1.0, 2.5, 5.0, 10.0, 25.0, 60.0)


class ReadingError(RemoteError):
    """The other server's samples can't be had; in Prometheus's words."""


class ReadCounts(Struct):
    """What was asked of a server: answers by status, those under way, and how long they took."""

    current: int = 0
    by_code: dict[int, int] = field(default_factory=dict)
    seconds: Histogram = field(default_factory=lambda: Histogram(_BUCKETS))


class ReadClient:
    """Asks the server of a configuration. `close` it."""

    def __init__(
        self,
        config: RemoteReadConfig,
        addresses: AddressBook,
        base: Path,
        around: tuple[Clock, Workers],
        *,
        most_samples: int,
    ) -> None:
        """`most_samples` is what one answer may have."""
        self.config = config
        self.name = ""
        """For metrics; given by whoever knows the others."""
        self.counts = ReadCounts()
        self._clock, self._workers = around
        self._most = most_samples
        self._http = HttpClient(config, addresses, base=base)
        self._headers: Mapping[str, str] = {**config.headers, **_HEADERS}

    async def close(self) -> None:
        await self._http.close()

    async def read(self, query: ReadQuery, func: str = "") -> list[Row]:
        """The series that match, with their samples. Raises ReadingError."""
        self.counts.current += 1
        try:
            answer = await self._asked(query, (SAMPLES, STREAMED_CHUNKS), func)
            if answer.status == 400 and _TOO_MANY in answer.body.decode("utf-8", "replace"):
                answer = await self._asked(query, (STREAMED_CHUNKS,), func)
            if answer.status // 100 != 2:
                raise ReadingError(self._refusal(answer))
            return await self._workers.run(_rows, answer, self._most)
        except HttpError as error:
            told = str(error).replace(self.config.url.reveal(), str(self.config.url))
            raise ReadingError(f"error sending request: {told}") from None
        except (WireError, TooManyError) as error:
            raise ReadingError(f"error reading response: {error}") from None
        finally:
            self.counts.current -= 1

    async def _asked(self, query: ReadQuery, accepted: Sequence[int], func: str) -> Response:
        began = self._clock.monotonic()
        answer = await self._http.request(
            "POST",
            self.config.url.reveal(),
            timeout=self.config.remote_timeout / 1000,
            headers=self._headers,
            body=packed(encode_read(query, accepted, func)),
            limit=_LARGEST,
        )
        self.counts.seconds.observe(self._clock.monotonic() - began)
        self.counts.by_code[answer.status] = self.counts.by_code.get(answer.status, 0) + 1
        return answer

    def _refusal(self, answer: Response) -> str:
        text = answer.body[:1024].decode("utf-8", "replace").strip()
        return f"remote server {self.config.url} returned HTTP status {answer.status} {answer.reason}: {text}"


def _rows(answer: Response, most: int) -> list[Row]:
    if answer.headers.get("content-type", "").startswith(_STREAM):
        return streamed(answer.body, most)
    return sampled(inflated(answer.body, _LARGEST), most)
