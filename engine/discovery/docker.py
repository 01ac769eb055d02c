"""Targets that a Docker daemon runs: `docker_sd_configs`.

Each network of a container gives a target for each of its TCP ports, or one at the configured port where it has none.
One that uses the host's network is at `host_networking_host`.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from functools import partial
from typing import Final

import msgspec

from engine.discovery.config import DockerSDConfig
from engine.discovery.docker_api import DockerApi, docker_api, filter_query
from engine.discovery.groups import Publish, TargetGroup
from engine.discovery.naming import address, named
from engine.discovery.ports import DiscoveryParts
from engine.discovery.refresh import Asked, keep_asking
from engine.discovery.static import ADDRESS
from promql.model.labels import Labels

_META: Final = "__meta_docker_"
_SOURCE: Final = "Docker"


class _Port(msgspec.Struct):
    ip: str = msgspec.field(name="IP", default="")
    private: int = msgspec.field(name="PrivatePort", default=0)
    public: int = msgspec.field(name="PublicPort", default=0)
    type: str = msgspec.field(name="Type", default="")


class _Endpoint(msgspec.Struct):
    network: str = msgspec.field(name="NetworkID", default="")
    ip: str = msgspec.field(name="IPAddress", default="")


class _Networks(msgspec.Struct):
    networks: dict[str, _Endpoint | None] | None = msgspec.field(name="Networks", default=None)


class _HostConfig(msgspec.Struct):
    mode: str = msgspec.field(name="NetworkMode", default="")


class Container(msgspec.Struct):
    """What is read of one, as the daemon lists it."""

    id: str = msgspec.field(name="Id", default="")
    names: list[str] | None = msgspec.field(name="Names", default=None)
    labels: dict[str, str] | None = msgspec.field(name="Labels", default=None)
    ports: list[_Port] | None = msgspec.field(name="Ports", default=None)
    host: _HostConfig = msgspec.field(name="HostConfig", default_factory=_HostConfig)
    settings: _Networks | None = msgspec.field(name="NetworkSettings", default=None)


class DockerDiscovery:
    """One entry of `docker_sd_configs`."""

    def __init__(self, config: DockerSDConfig, parts: DiscoveryParts) -> None:
        self._config = config
        self._parts = parts

    async def run(self, publish: Publish) -> None:
        config, parts = self._config, self._parts
        async with docker_api(config, parts) as api:
            asked = Asked("docker", str(config.host), config.refresh_interval.seconds)
            await keep_asking(partial(self._ask, api), asked, parts, publish)

    async def _ask(self, api: DockerApi) -> list[TargetGroup]:
        query = {"limit": "0", **filter_query(self._config.filters)}
        containers = await api.list("containers", "/containers/json", Container, query)
        networks = await api.networks(_META)
        return [TargetGroup(_SOURCE, tuple(_targets(containers, networks, self._config)))]


def _targets(
    containers: Iterable[Container], networks: Mapping[str, Mapping[str, str]], config: DockerSDConfig
) -> Iterator[Labels]:
    for container in containers:
        if not container.names:
            continue
        common = {
            f"{_META}container_id": container.id,
            f"{_META}container_name": container.names[0],
            f"{_META}container_network_mode": container.host.mode,
            **named(f"{_META}container_label_", container.labels),
        }
        for endpoint in _endpoints(container)[: 1 if config.match_first_network else None]:
            shared = {**common, **networks.get(endpoint.network, {}), f"{_META}network_ip": endpoint.ip}
            yield from _of_endpoint(container, endpoint, shared, config)


def _endpoints(container: Container) -> list[_Endpoint]:
    """In the networks of a container, by the name of the network."""
    networks = (container.settings and container.settings.networks) or {}
    return [endpoint for _, endpoint in sorted(networks.items()) if endpoint is not None]


def _of_endpoint(
    container: Container, endpoint: _Endpoint, shared: Mapping[str, str], config: DockerSDConfig
) -> Iterator[Labels]:
    ports = [port for port in container.ports or () if port.type == "tcp"]
    for port in ports:
        own = {f"{_META}port_private": str(port.private), ADDRESS: address(endpoint.ip, port.private)}
        if port.public:
            own |= {f"{_META}port_public": str(port.public), f"{_META}port_public_ip": port.ip}
        yield Labels.of({**shared, **own})
    if not ports:
        on_host = container.host.mode == "host"
        place = config.host_networking_host if on_host else address(endpoint.ip, config.port)
        yield Labels.of({**shared, ADDRESS: place})
