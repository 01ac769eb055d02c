"""Targets of a Docker swarm: `dockerswarm_sd_configs`, by role.

The role says what is listed: services (a target for each virtual address and TCP port), tasks (for each port of the
task on its node, and for each of its own addresses and each port of its service) or nodes.
"""

from __future__ import annotations

import ipaddress
from collections.abc import Awaitable, Callable, Iterator, Mapping, Sequence
from functools import partial
from types import MappingProxyType
from typing import Final, TypeAlias

from engine.discovery.config import DockerFilter, DockerSwarmSDConfig
from engine.discovery.docker_api import DockerApi, docker_api, filter_query
from engine.discovery.dockerswarm_objects import Attachment, Node, Port, Service, Task
from engine.discovery.groups import Publish, TargetGroup
from engine.discovery.naming import address, named, truth
from engine.discovery.ports import DiscoveryError, DiscoveryParts
from engine.discovery.refresh import Asked, keep_asking
from engine.discovery.static import ADDRESS
from promql.model.labels import Labels

_META: Final = "__meta_dockerswarm_"
_SOURCE: Final = "DockerSwarm"
_Texts: TypeAlias = Mapping[str, str]


class DockerSwarmDiscovery:
    """One entry of `dockerswarm_sd_configs`."""

    def __init__(self, config: DockerSwarmSDConfig, parts: DiscoveryParts) -> None:
        self._config = config
        self._parts = parts

    async def run(self, publish: Publish) -> None:
        config, parts = self._config, self._parts
        async with docker_api(config, parts) as api:
            asked = Asked("dockerswarm", f"{config.role} of {config.host}", config.refresh_interval.seconds)
            await keep_asking(partial(self._ask, api), asked, parts, publish)

    async def _ask(self, api: DockerApi) -> list[TargetGroup]:
        targets = await _ROLES[self._config.role](api, self._config)
        return [TargetGroup(_SOURCE, tuple(map(Labels.of, targets)))]


async def _services(api: DockerApi, config: DockerSwarmSDConfig) -> Iterator[_Texts]:
    services = await _list_services(api, config.filters)
    networks = await api.networks(_META)
    return (target for one in services for target in _of_service(one, networks, config.port))


def _of_service(service: Service, networks: Mapping[str, _Texts], fallback: int) -> Iterator[_Texts]:
    container, update = service.spec.task.container, service.update
    common = _service_labels(service)
    if container is not None:
        common |= {
            f"{_META}service_task_container_hostname": container.hostname,
            f"{_META}service_task_container_image": container.image,
        }
    if update is not None:
        common[f"{_META}service_updating_status"] = update.state
    ports = [port for port in service.endpoint.ports or () if port.protocol == "tcp"]
    for virtual in service.endpoint.virtual or ():
        shared, ip = {**common, **networks.get(virtual.network, {})}, _without_mask(virtual.address)
        for port in ports:
            yield {
                **shared,
                f"{_META}service_endpoint_port_name": port.name,
                f"{_META}service_endpoint_port_publish_mode": port.mode,
                ADDRESS: address(ip, port.published),
            }
        if not ports:
            yield {**shared, ADDRESS: address(ip, fallback)}


async def _tasks(api: DockerApi, config: DockerSwarmSDConfig) -> Iterator[_Texts]:
    tasks = await api.list("tasks", "/tasks", Task, filter_query(config.filters))
    services = {one.id: one for one in await _list_services(api)}
    nodes = {one.id: _node_labels(one) for one in await _list_nodes(api)}
    networks = await api.networks(_META)

    def all_targets() -> Iterator[_Texts]:
        for task in tasks:
            service = services.get(task.service)
            common = {
                **_task_labels(task),
                **({} if service is None else _service_labels(service)),
                **nodes.get(task.node, {}),
            }
            ports = [] if service is None else service.endpoint.ports or []
            yield from _of_node_ports(task, common)
            for attachment in task.attachments or ():
                yield from _of_attachment(
                    attachment, ports, {**common, **networks.get(attachment.network.id, {})}, config.port
                )

    return all_targets()


def _of_node_ports(task: Task, common: _Texts) -> Iterator[_Texts]:
    """Ports that the task has on its node."""
    for port in task.status.ports.ports or ():
        if port.protocol == "tcp":
            at = address(common.get(f"{_META}node_address", ""), port.published)
            yield {**common, f"{_META}task_port_publish_mode": port.mode, ADDRESS: at}


def _of_attachment(attachment: Attachment, ports: Sequence[Port], shared: _Texts, fallback: int) -> Iterator[_Texts]:
    """The task's own addresses in a network, with the ports of its service."""
    for cidr in attachment.addresses or ():
        ip, found = _without_mask(cidr), [port for port in ports if port.protocol == "tcp"]
        for port in found:
            yield {**shared, f"{_META}task_port_publish_mode": port.mode, ADDRESS: address(ip, port.published)}
        if not found:
            yield {**shared, ADDRESS: address(ip, fallback)}


async def _nodes(api: DockerApi, config: DockerSwarmSDConfig) -> Iterator[_Texts]:
    nodes = await _list_nodes(api, config.filters)
    return (
        {**_node_labels(one), **_more_of_node(one), ADDRESS: address(one.status.address, config.port)} for one in nodes
    )


async def _list_services(api: DockerApi, filters: Sequence[DockerFilter] = ()) -> list[Service]:
    return await api.list("services", "/services", Service, filter_query(filters))


async def _list_nodes(api: DockerApi, filters: Sequence[DockerFilter] = ()) -> list[Node]:
    return await api.list("nodes", "/nodes", Node, filter_query(filters))


def _service_labels(service: Service) -> dict[str, str]:
    return {
        f"{_META}service_id": service.id,
        f"{_META}service_name": service.spec.name,
        f"{_META}service_mode": service.spec.mode.name,
        **named(f"{_META}service_label_", service.spec.labels),
    }


def _task_labels(task: Task) -> dict[str, str]:
    own = {
        f"{_META}task_id": task.id,
        f"{_META}task_desired_state": task.desired,
        f"{_META}task_state": task.status.state,
        f"{_META}task_slot": str(task.slot),
    }
    if task.status.container is not None:
        own[f"{_META}task_container_id"] = task.status.container.id
    container = task.spec.container
    return {**own, **named(f"{_META}container_label_", None if container is None else container.labels)}


def _node_labels(node: Node) -> dict[str, str]:
    """What is told of a node, and of a task that runs there."""
    return {
        f"{_META}node_id": node.id,
        f"{_META}node_role": node.spec.role,
        f"{_META}node_availability": node.spec.availability,
        f"{_META}node_hostname": node.description.hostname,
        f"{_META}node_platform_architecture": node.description.platform.architecture,
        f"{_META}node_platform_os": node.description.platform.os,
        f"{_META}node_status": node.status.state,
        f"{_META}node_address": node.status.address,
        **named(f"{_META}node_label_", node.spec.labels),
    }


def _more_of_node(node: Node) -> dict[str, str]:
    more = {f"{_META}node_engine_version": node.description.engine.version}
    manager = node.manager
    if manager is not None:
        more |= {
            f"{_META}node_manager_leader": truth(manager.leader),
            f"{_META}node_manager_reachability": manager.reachability,
            f"{_META}node_manager_address": manager.address,
        }
    return more


def _without_mask(cidr: str) -> str:
    """`10.0.1.3/24` without its end. Raises DiscoveryError."""
    try:
        return str(ipaddress.ip_interface(cidr).ip)
    except ValueError:
        raise DiscoveryError(f"error while parsing address {cidr}: invalid CIDR address: {cidr}") from None


_Role: TypeAlias = Callable[[DockerApi, DockerSwarmSDConfig], Awaitable[Iterator[_Texts]]]
_ROLES: Final[Mapping[str, _Role]] = MappingProxyType({"services": _services, "tasks": _tasks, "nodes": _nodes})
