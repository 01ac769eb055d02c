"""Another Loki: batches over HTTP, tried again until they are taken, refused, or given up.

What was given to `send` and is not sent yet is kept in memory up to a limit; beyond it `send` waits, and so does
whoever reads. A Loki beyond this machine is not contacted unless the user allowed it; what it would have got is
counted, and shown now and then.
"""

from __future__ import annotations

import asyncio
import logging
from collections import deque
from collections.abc import Callable, Mapping, Sequence
from contextlib import suppress
from pathlib import Path
from typing import Final

import cramjam
from msgspec import Struct

from engine.foundation.addresses import AddressBook
from engine.foundation.clock import Clock
from engine.foundation.delivery import Delivery, Withheld, masked, masked_url, on_this_machine
from engine.foundation.http_client import HttpClient, HttpError
from engine.foundation.supervise import Supervisor
from engine.logql.lines import StreamLines
from engine.promtail.batch import Batch
from engine.promtail.clients.pending import Acknowledged, Request
from engine.promtail.clients.wire import push_request
from engine.promtail.config_clients import ClientConfig
from engine.promtail.counts import SentCounts
from promql.model.labels import Labels

USER_AGENT: Final = "promtail/2.7.4"
_ROOM: Final = 16 * 1024 * 1024
_LONGEST_WAIT: Final = 0.1
_FAREWELL_SECONDS: Final = 5.0
_SHOWN: Final = 300
_RATE_LIMITED: Final = 429
_TOLD_EVERY_SECONDS: Final = 60.0

log = logging.getLogger(__name__)


class RemoteParts(Struct, frozen=True, kw_only=True):
    """What a client needs of the rest. `keep` takes positions that hold now."""

    clock: Clock
    supervisor: Supervisor
    addresses: AddressBook
    delivery: Delivery
    base: Path
    keep: Callable[[Mapping[str, str]], None]


class RemoteClient:
    """One entry of `clients`."""

    def __init__(self, config: ClientConfig, parts: RemoteParts) -> None:
        self.counts = SentCounts(config.url.host)
        self.name = config.known_as
        self.hurried = False
        """Whether there is room for whatever comes: set while somebody waits for sources to let go."""
        self.failing = ""
        """Why nothing is taken now, if so."""
        self._config = config
        self._parts = parts
        self._http = HttpClient(config, parts.addresses, base=parts.base)
        self._external = Labels.of(config.external_labels)
        self._pending: dict[str, Request] = {}
        self._ready: deque[Request] = deque()
        self._size = 0
        self._acknowledged = Acknowledged()
        self._room = asyncio.Event()
        self._closing = False
        self._withheld_told = float("-inf")
        self._loop = parts.supervisor.start(f"send to {self.place}", self._run)

    @property
    def place(self) -> str:
        return masked_url(self._config.url.reveal())

    async def send(self, batch: Batch) -> None:
        while self._size > _ROOM and not self.hurried:
            self._room.clear()
            await self._room.wait()
        number = self._acknowledged.begin(batch.positions)
        for tenant, lines in batch.streams:
            self._take(tenant or self._config.tenant_id, lines, number)
        self._done(number)

    def hurry(self, *, on: bool) -> None:
        """Let `send` wait for no room, or wait again."""
        self.hurried = on
        self._room.set()

    async def close(self) -> None:
        """What waits is sent, if that takes no longer than some seconds; positions say what was not."""
        self._closing = True
        with suppress(TimeoutError):
            async with asyncio.timeout(_FAREWELL_SECONDS):
                while self._pending or self._ready or self._size:
                    await self._parts.clock.sleep(0.02)
        await self._parts.supervisor.stop(self._loop)
        await self._http.close()

    # --- batching

    def _take(self, tenant: str, lines: StreamLines, number: int) -> None:
        labels = self._external.overlay(lines.labels) if self._external else lines.labels
        for place, (time, line) in enumerate(zip(lines.times, lines.lines, strict=True)):
            request = self._pending.get(tenant)
            if request is not None and request.size + len(line) > self._config.batchsize:
                self._ready.append(self._pending.pop(tenant))
                request = None
            if request is None:
                request = self._pending[tenant] = Request(tenant, self._parts.clock.monotonic())
            request.add(labels, time, line, lines.metadata.get(place))
            self._size += len(line)
            if number not in request.batches:
                request.batches.add(number)
                self._acknowledged.bear(number)

    def _done(self, number: int) -> None:
        if positions := self._acknowledged.done(number):
            self._parts.keep(positions)

    async def _run(self) -> None:
        wait = self._config.batchwait / 1000
        while True:
            now = self._parts.clock.monotonic()
            for tenant, request in list(self._pending.items()):
                if self._closing or now - request.since >= wait:
                    self._ready.append(self._pending.pop(tenant))
            while self._ready:
                await self._deliver(self._ready[0])
                request = self._ready.popleft()
                self._size -= request.size
                self._room.set()
                for number in request.batches:
                    self._done(number)
            await self._parts.clock.sleep(min(max(wait / 10, 0.01), _LONGEST_WAIT))

    # --- sending

    async def _deliver(self, request: Request) -> None:
        if not await self.may_send():
            self._withhold(request)
            return
        body = bytes(cramjam.snappy.compress_raw(push_request(request.lines())))
        backoff = self._config.backoff_config
        pause = float(backoff.min_period)
        for attempt in range(max(backoff.max_retries, 1)):
            if attempt:
                self.counts.retries += 1
                await self._parts.clock.sleep(pause / 1000)
                pause = min(pause * 2, backoff.max_period)
            self.counts.encoded_bytes += len(body)
            status, why = await self._post(request.tenant, body)
            if 200 <= status < 300:
                self.failing = ""
                self.counts.sent_bytes += len(body)
                self.counts.sent_entries += request.count
                return
            self._tell(why)
            again = status <= 0 or status == _RATE_LIMITED or status >= 500
            if not again or (status == _RATE_LIMITED and self._config.drop_rate_limited_batches):
                break
        reason = "rate_limited" if status == _RATE_LIMITED else "ingester_error"
        self.counts.dropped_bytes[reason] += len(body)
        self.counts.dropped_entries[reason] += request.count
        log.error("promtail: %d lines for %s were given up: %s", request.count, self.place, why)

    async def _post(self, tenant: str, body: bytes) -> tuple[int, str]:
        """The status, -1 where no answer came, and what is wrong."""
        headers = {"Content-Type": "application/x-protobuf", "User-Agent": USER_AGENT}
        headers |= {name: secret.reveal() for name, secret in self._config.headers.items()}
        if tenant:
            headers["X-Scope-OrgID"] = tenant
        begun, clock = self._parts.clock.monotonic(), self._parts.clock
        try:
            answer = await self._http.request(
                "POST", self._config.url.reveal(), timeout=self._config.timeout / 1000, headers=headers, body=body,
                limit=1 << 20,
            )  # fmt: skip
            status, why = answer.status, answer.body[:1024].decode(errors="replace").strip()
            why = f"server returned HTTP status {status} {answer.reason}: {why.splitlines()[0] if why else ''}"
        except HttpError as error:
            status, why = -1, str(error).replace(self._config.url.reveal(), self.place)
        self.counts.requests[str(status)] += 1
        self.counts.seconds[str(status)] = self.counts.seconds.get(str(status), 0.0) + clock.monotonic() - begun
        return status, masked(why, self._http.secrets())

    def _tell(self, why: str) -> None:
        if not self.failing:
            log.warning("promtail: %s does not take lines: %s", self.place, why)
        self.failing = why

    async def may_send(self) -> bool:
        """Whether it leads to this machine, or the user allowed it to leave."""
        if self._parts.delivery.policy.permits(self.name, on_this_machine=False):
            return True
        host, _, port = self._config.url.host.rpartition(":")
        if not port.isdecimal():
            host, port = self._config.url.host, "443" if self._config.url.scheme == "https" else "80"
        return await on_this_machine(host.strip("[]"), int(port), self._parts.addresses)

    def _withhold(self, request: Request) -> None:
        self.counts.withheld_entries += request.count
        now = self._parts.clock.monotonic()
        if now - self._withheld_told < _TOLD_EVERY_SECONDS:
            return
        self._withheld_told = now
        streams = request.lines()
        self._parts.delivery.outbox.keep(
            Withheld(self._parts.clock.now_ns(), self.name, "loki", self.place, _described(streams, request.count))
        )


def _described(streams: Sequence[StreamLines], count: int) -> str:
    first = streams[0]
    line = first.lines[0].decode(errors="replace")
    shown = line if len(line) <= _SHOWN else line[: _SHOWN - 1] + "…"
    return f"{count} lines of {len(streams)} streams, the first one of {first.labels}: {shown}"
