"""Prometheus's side of an Alertmanager: a bounded queue, batches, every Alertmanager told of every batch.

`send` never waits. What does not fit pushes out the oldest; what nobody took is dropped and counted, since rules
tell again of everything that lasts.
"""

from __future__ import annotations

import asyncio
import logging
from collections import deque
from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace  # noqa: TID251 - an alert is a data class
from typing import Final, TypeAlias

from msgspec import Struct, field

from engine.alerting.alert import Alert
from engine.foundation.clock import Clock
from engine.foundation.errors import RemoteError
from engine.foundation.supervise import Supervisor
from engine.rules.alertmanagers import Alertmanager
from promql.model.labels import Labels

QUEUE_CAPACITY: Final = 10_000
BATCH: Final = 64

Relabel: TypeAlias = Callable[[Labels], Labels | None]
"""Alert relabelling: the changed labels, or None for an alert that is to be dropped."""

log = logging.getLogger(__name__)


class PeerCounts(Struct):
    """What one Alertmanager was told. `sent` counts alerts, delivered or not, as Prometheus does; `errors` posts."""

    sent: int = 0
    withheld: int = 0
    errors: int = 0
    posts: int = 0
    seconds: float = 0.0


class NotifierCounts(Struct):
    """`dropped` are alerts that nobody took, or for which there was no room; `peers` are by URL."""

    dropped: int = 0
    peers: dict[str, PeerCounts] = field(default_factory=dict)


class Notifier:
    """The only owner of the queue."""

    def __init__(self, clock: Clock, *, capacity: int = QUEUE_CAPACITY) -> None:
        self.counts = NotifierCounts()
        self.capacity = capacity
        self._clock = clock
        self._external: Mapping[str, str] = {}
        self._relabel: Relabel = lambda labels: labels
        self._alertmanagers: tuple[Alertmanager, ...] = ()
        self._queue: deque[Alert] = deque()
        self._watchers: list[Callable[[Sequence[Alert]], None]] = []
        self._more = asyncio.Event()

    @property
    def queue_length(self) -> int:
        return len(self._queue)

    @property
    def alertmanagers(self) -> tuple[Alertmanager, ...]:
        return self._alertmanagers

    def apply(self, external_labels: Mapping[str, str], relabel: Relabel) -> None:
        """Take over a configuration; it holds for alerts from now on."""
        self._external = external_labels
        self._relabel = relabel

    def discovered(self, alertmanagers: Sequence[Alertmanager]) -> None:
        """These are to be told from now on, and no others."""
        self._alertmanagers = tuple(alertmanagers)
        before = self.counts.peers
        self.counts.peers = {one.url: before.get(one.url) or PeerCounts() for one in alertmanagers}

    def watch(self, watcher: Callable[[Sequence[Alert]], None]) -> None:
        """Hears of all that is queued, as it will be sent, whether or not there is an Alertmanager."""
        self._watchers.append(watcher)

    def start(self, supervisor: Supervisor) -> asyncio.Task[None]:
        return supervisor.start("notifier", self._run)

    def send(self, alerts: Sequence[Alert]) -> None:
        """Queue them, with external labels where they have none of their own, and relabelled."""
        relabelled = ((alert, self._relabel(alert.labels.overlay(self._missing(alert.labels)))) for alert in alerts)
        told = [replace(alert, labels=labels) for alert, labels in relabelled if labels]
        self._queue += told
        for watcher in self._watchers:
            watcher(told)
        excess = len(self._queue) - self.capacity
        if excess > 0:
            for _ in range(excess):
                self._queue.popleft()
            self.counts.dropped += excess
            log.warning("the queue of notifications is full: the oldest %d alerts are dropped", excess)
        if self._queue:
            self._more.set()

    async def drain(self) -> None:
        """Send what is queued."""
        while self._queue:
            batch = [self._queue.popleft() for _ in range(min(BATCH, len(self._queue)))]
            took = await asyncio.gather(*(self._post(one, batch) for one in self._alertmanagers))
            if not any(took):
                self.counts.dropped += len(batch)

    async def _run(self) -> None:
        while True:
            self._more.clear()
            await self.drain()
            await self._more.wait()

    async def _post(self, alertmanager: Alertmanager, batch: Sequence[Alert]) -> bool:
        """Whether the batch is taken care of."""
        counts = self.counts.peers.setdefault(alertmanager.url, PeerCounts())
        began = self._clock.monotonic()
        counts.posts += 1
        counts.sent += len(batch)
        try:
            if not await alertmanager.post(batch):
                counts.sent -= len(batch)
                counts.withheld += len(batch)
        except RemoteError as error:
            counts.errors += 1
            log.warning("sending %d alerts to %s failed: %s", len(batch), alertmanager.url, error)
            return False
        finally:
            counts.seconds += self._clock.monotonic() - began
        return True

    def _missing(self, labels: Labels) -> dict[str, str]:
        return {name: value for name, value in self._external.items() if name not in labels}
