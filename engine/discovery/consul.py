"""Targets that are registered with Consul: `consul_sd_configs`.

The catalogue is watched for services, and each service that is wanted for its places; without a wish for tags, services
that are named are watched at once. Each watch asks at most once in a refresh interval.
"""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Collection
from typing import Final, TypeVar

from msgspec import Struct, field

from engine.discovery.config import ConsulSDConfig
from engine.discovery.consul_api import Answered, ConsulApi, Entry, consul_api
from engine.discovery.groups import Publish, TargetGroup
from engine.discovery.naming import address, named
from engine.discovery.ports import DiscoveryError, DiscoveryParts
from engine.discovery.refresh import Faults
from engine.discovery.static import ADDRESS
from engine.foundation.http_client import HttpError
from promql.model.labels import Labels

RETRY_SECONDS: Final = 15.0
_META: Final = "__meta_consul_"
T = TypeVar("T")


class ConsulDiscovery:
    """One entry of `consul_sd_configs`."""

    def __init__(self, config: ConsulSDConfig, parts: DiscoveryParts) -> None:
        self._config = config
        self._parts = parts

    async def run(self, publish: Publish) -> None:
        config = self._config
        async with consul_api(config, self._parts) as api, asyncio.TaskGroup() as group:
            watched = _Watched(group, config, self._parts, api, publish)
            watched.datacenter = await self._datacenter(api)
            if config.services and not config.tags and not config.filter:
                for name in config.services:
                    watched.begin(name)
            else:
                await watched.follow_catalogue()

    async def _datacenter(self, api: ConsulApi) -> str:
        with Faults("consul_sd_configs", self._config.server, self._parts) as faults:
            while True:
                try:
                    return await api.datacenter()
                except (HttpError, DiscoveryError) as error:
                    faults.fault(f"error retrieving datacenter name: {error}")
                await self._parts.clock.sleep(RETRY_SECONDS)


class _Watched(Struct):
    """The watches of one entry."""

    group: asyncio.TaskGroup
    config: ConsulSDConfig
    parts: DiscoveryParts
    api: ConsulApi
    publish: Publish
    datacenter: str = ""
    services: dict[str, asyncio.Task[None]] = field(default_factory=dict)

    def begin(self, name: str) -> None:
        """Watch a service."""
        self.services[name] = self.group.create_task(self._follow_service(name))

    async def follow_catalogue(self) -> None:
        await self._keep_watching(self.config.server, self.api.services, self._take_catalogue)

    async def _follow_service(self, name: str) -> None:
        async def ask(index: int) -> Answered[list[Entry]]:
            return await self.api.places(name, index)

        def take(entries: list[Entry]) -> None:
            self.publish([service_group(name, entries, self.datacenter, self.config.tag_separator)])

        await self._keep_watching(f"{name} at {self.config.server}", ask, take)

    def _take_catalogue(self, told: dict[str, list[str]]) -> None:
        gone = self.services.keys() - told.keys()
        for name, tags in told.items():
            if name not in self.services and self._wants(name, tags):
                self.begin(name)
        for name in gone:
            self.services.pop(name).cancel()
        if gone or not self.services:
            self.publish([TargetGroup(name, ()) for name in gone])

    def _wants(self, name: str, tags: Collection[str]) -> bool:
        return (not self.config.services or name in self.config.services) and set(self.config.tags) <= set(tags)

    async def _keep_watching(
        self, source: str, ask: Callable[[int], Awaitable[Answered[T]]], take: Callable[[T], None]
    ) -> None:
        index, clock = 0, self.parts.clock
        with Faults("consul_sd_configs", source, self.parts) as faults:
            while True:
                begun = clock.monotonic()
                try:
                    answered = await ask(index)
                except (HttpError, DiscoveryError) as error:
                    faults.fault(str(error))
                    await clock.sleep(RETRY_SECONDS)
                else:
                    faults.well()
                    if answered.index != index or not index:
                        take(answered.value)
                    index = answered.index if answered.index >= index else 0
                await clock.sleep(begun + self.config.refresh_interval.seconds - clock.monotonic())


def service_group(name: str, entries: Collection[Entry], datacenter: str, separator: str) -> TargetGroup:
    """The places of a service. Tags stand between separators, so that a pattern need not know their order."""
    shared = Labels.of({f"{_META}service": name, f"{_META}dc": datacenter})
    return TargetGroup(name, tuple(_target(entry, separator) for entry in entries), shared)


def _target(entry: Entry, separator: str) -> Labels:
    node, service = entry.node, entry.service
    return Labels.of(
        {
            ADDRESS: address(service.address or node.address, service.port),
            f"{_META}address": node.address,
            f"{_META}node": node.name,
            f"{_META}namespace": service.namespace,
            f"{_META}partition": service.partition,
            f"{_META}tags": separator + separator.join(service.tags or ()) + separator,
            f"{_META}service_address": service.address,
            f"{_META}service_port": str(service.port),
            f"{_META}service_id": service.id,
            f"{_META}health": entry.health,
            **named(f"{_META}metadata_", node.meta),
            **named(f"{_META}service_metadata_", service.meta),
            **named(f"{_META}tagged_address_", node.tagged),
        }
    )
