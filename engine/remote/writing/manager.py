"""All queues: made, kept and ended as configurations come. What must not leave this machine has none, and is told."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Collection, Sequence
from functools import partial
from pathlib import Path
from typing import Final

from msgspec import Struct, field

from engine.foundation.addresses import AddressBook
from engine.foundation.clock import Clock
from engine.foundation.delivery import DeliveryPolicy, masked_url, on_this_machine
from engine.foundation.supervise import Supervisor
from engine.foundation.workers import Workers
from engine.remote.config import RemoteWriteConfig, distinct_names
from engine.remote.writing.client import RemoteClient
from engine.remote.writing.position import identities, kept_position
from engine.remote.writing.queue import Metadata, Queue
from engine.remote.writing.series import OutgoingSeries
from engine.tsdb.store import Store
from promql.model.labels import Labels

RECEIVER: Final = "remote_write"
"""What --deliver calls a server that has no name."""
_FINISH_SECONDS: Final = 5.0
"""How long the last round of a queue that ends may take."""


class Parts(Struct, frozen=True, kw_only=True):
    """`folder` keeps positions, None keeps none; `base` is where relative file names of configurations begin."""

    store: Store
    addresses: AddressBook
    clock: Clock
    workers: Workers
    supervisor: Supervisor
    policy: DeliveryPolicy
    metadata: Metadata
    folder: Path | None
    base: Callable[[], Path]


_Key = tuple[RemoteWriteConfig, str, Labels]
"""What a queue is made of: configuration, name, external labels."""


class _Running(Struct):
    queue: Queue
    key: _Key
    tasks: list[asyncio.Task[None]] = field(default_factory=list)


class RemoteWrites:
    """`apply` configurations, `stop` at the end."""

    def __init__(self, parts: Parts) -> None:
        self._parts = parts
        self._running: dict[str, _Running] = {}
        self.withheld: list[str] = []
        """Addresses to which nothing is sent, since they lead beyond this machine."""

    @property
    def queues(self) -> list[Queue]:
        return [one.queue for one in self._running.values()]

    async def apply(self, configs: Sequence[RemoteWriteConfig], external: Labels) -> None:
        """Queues whose configuration is equal go on; others end, or go on from where they were with another one."""
        names = distinct_names((config.name, config.url.host) for config in configs)
        wanted = dict(zip(identities(configs), zip(configs, names, strict=True), strict=True))
        self.withheld = []
        for gone in [one for one in self._running if one not in wanted]:
            await self._end(self._running.pop(gone))
        for identity, (config, name) in wanted.items():
            key = (config, name, external)
            running = self._running.get(identity)
            if running is not None and running.key == key:
                continue
            if running is not None:
                await self._end(self._running.pop(identity))
            if await self._may_leave(config):
                self._running[identity] = self._start(identity, key, wanted)
            else:
                self.withheld.append(masked_url(config.url.reveal()))

    async def stop(self) -> None:
        await asyncio.gather(*map(self._end, self._running.values()))
        self._running.clear()

    async def _may_leave(self, config: RemoteWriteConfig) -> bool:
        parts = config.url.parts
        here = await on_this_machine(parts.hostname or "", parts.port or 0, self._parts.addresses)
        return self._parts.policy.permits(config.name or RECEIVER, on_this_machine=here)

    def _start(self, identity: str, key: _Key, all_: Collection[str]) -> _Running:
        parts, (config, name, external) = self._parts, key
        kept = kept_position(parts.folder, identity, config, all_)
        limits = config.queue_config
        feed = parts.store.follow(kept.read(), limits.capacity * max(limits.max_shards, 1))
        kept.write(feed.position)  # where it begins, so that a kill before the first round loses nothing
        queue = Queue(
            name=name,
            config=config,
            feed=feed,
            series=OutgoingSeries(parts.store.labels_of, config.write_relabel_configs, external),
            client=RemoteClient(config, parts.addresses, parts.base(), parts.clock),
            kept=kept,
            clock=parts.clock,
            workers=parts.workers,
            exemplars=parts.store.exemplars if config.send_exemplars else None,
        )
        running = _Running(queue, key)
        running.tasks.append(parts.supervisor.start(f"remote write to {queue.name}", queue.run))
        if config.metadata_config.send:
            tell = partial(queue.tell, parts.metadata)
            running.tasks.append(parts.supervisor.start(f"metadata for {queue.name}", tell))
        return running

    async def _end(self, running: _Running) -> None:
        await running.queue.finish(_FINISH_SECONDS)
        await self._parts.supervisor.stop(*running.tasks)
        self._parts.store.unfollow(running.queue.feed)
        await running.queue.close()
