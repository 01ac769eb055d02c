"""Which sources of targets a section has."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from types import MappingProxyType
from typing import Final, TypeAlias

from msgspec import Struct

from engine.discovery.config import TargetSources
from engine.discovery.file import FileDiscovery
from engine.discovery.groups import Discovery, Publish, TargetGroup
from engine.discovery.http import HttpDiscovery
from engine.discovery.ports import DiscoveryParts
from engine.discovery.static import StaticDiscovery

_Make: TypeAlias = Callable[[TargetSources, DiscoveryParts], Iterator[Discovery]]


def _static(config: TargetSources, _: DiscoveryParts) -> Iterator[Discovery]:
    if config.static_configs:
        yield StaticDiscovery(config.static_configs)


def _file(config: TargetSources, parts: DiscoveryParts) -> Iterator[Discovery]:
    return (FileDiscovery(one, parts) for one in config.file_sd_configs)


def _http(config: TargetSources, parts: DiscoveryParts) -> Iterator[Discovery]:
    return (HttpDiscovery(one, parts) for one in config.http_sd_configs)


def _dns(config: TargetSources, parts: DiscoveryParts) -> Iterator[Discovery]:
    if config.dns_sd_configs:
        from engine.discovery.dns import DnsDiscovery  # noqa: PLC0415 - it needs an extra

        yield from (DnsDiscovery(one, parts) for one in config.dns_sd_configs)


def _docker(config: TargetSources, parts: DiscoveryParts) -> Iterator[Discovery]:
    if config.docker_sd_configs:
        from engine.discovery.docker import DockerDiscovery  # noqa: PLC0415 - few need it

        yield from (DockerDiscovery(one, parts) for one in config.docker_sd_configs)


def _dockerswarm(config: TargetSources, parts: DiscoveryParts) -> Iterator[Discovery]:
    if config.dockerswarm_sd_configs:
        from engine.discovery.dockerswarm import DockerSwarmDiscovery  # noqa: PLC0415 - few need it

        yield from (DockerSwarmDiscovery(one, parts) for one in config.dockerswarm_sd_configs)


def _consul(config: TargetSources, parts: DiscoveryParts) -> Iterator[Discovery]:
    if config.consul_sd_configs:
        from engine.discovery.consul import ConsulDiscovery  # noqa: PLC0415 - few need it

        yield from (ConsulDiscovery(one, parts) for one in config.consul_sd_configs)


def _kubernetes(config: TargetSources, parts: DiscoveryParts) -> Iterator[Discovery]:
    if config.kubernetes_sd_configs:
        from engine.discovery.kubernetes.discovery import KubernetesDiscovery  # noqa: PLC0415 - few need it

        yield from (KubernetesDiscovery(one, parts) for one in config.kubernetes_sd_configs)


SOURCES: Final[Mapping[str, _Make]] = MappingProxyType(
    {
        "static_configs": _static,
        "file_sd_configs": _file,
        "http_sd_configs": _http,
        "dns_sd_configs": _dns,
        "docker_sd_configs": _docker,
        "dockerswarm_sd_configs": _dockerswarm,
        "consul_sd_configs": _consul,
        "kubernetes_sd_configs": _kubernetes,
    }
)
"""By key of the configuration; each gives no source, one, or one for each entry."""


def discoveries(config: TargetSources, parts: DiscoveryParts) -> dict[str, Discovery]:
    """The section's sources, each under a name of its own: `static_configs/0`."""
    return {
        f"{key}/{place}": _Counted(source, parts)
        for key, make in SOURCES.items()
        for place, source in enumerate(make(config, parts))
    }


class _Counted(Struct, frozen=True):
    """A source whose news are counted."""

    source: Discovery
    parts: DiscoveryParts

    async def run(self, publish: Publish) -> None:
        def counted(groups: Sequence[TargetGroup]) -> None:
            self.parts.counts.received[self.parts.purpose] += 1
            publish(groups)

        await self.source.run(counted)
