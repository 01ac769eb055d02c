"""What is read of a swarm's services, tasks and nodes, as a Docker daemon lists them."""

from __future__ import annotations

from typing import Any, TypeAlias

import msgspec

_Labels: TypeAlias = dict[str, str] | None


class Port(msgspec.Struct):
    name: str = msgspec.field(name="Name", default="")
    protocol: str = msgspec.field(name="Protocol", default="")
    published: int = msgspec.field(name="PublishedPort", default=0)
    mode: str = msgspec.field(name="PublishMode", default="")


class _Container(msgspec.Struct):
    image: str = msgspec.field(name="Image", default="")
    hostname: str = msgspec.field(name="Hostname", default="")
    labels: _Labels = msgspec.field(name="Labels", default=None)


class _TaskSpec(msgspec.Struct):
    container: _Container | None = msgspec.field(name="ContainerSpec", default=None)


class _Mode(msgspec.Struct):
    every: dict[str, Any] | None = msgspec.field(name="Global", default=None)
    replicated: dict[str, Any] | None = msgspec.field(name="Replicated", default=None)

    @property
    def name(self) -> str:
        if self.every is not None:
            return "global"
        return "" if self.replicated is None else "replicated"


class _ServiceSpec(msgspec.Struct):
    name: str = msgspec.field(name="Name", default="")
    labels: _Labels = msgspec.field(name="Labels", default=None)
    task: _TaskSpec = msgspec.field(name="TaskTemplate", default_factory=_TaskSpec)
    mode: _Mode = msgspec.field(name="Mode", default_factory=_Mode)


class _VirtualAddress(msgspec.Struct):
    network: str = msgspec.field(name="NetworkID", default="")
    address: str = msgspec.field(name="Addr", default="")


class _Endpoint(msgspec.Struct):
    ports: list[Port] | None = msgspec.field(name="Ports", default=None)
    virtual: list[_VirtualAddress] | None = msgspec.field(name="VirtualIPs", default=None)


class _Update(msgspec.Struct):
    state: str = msgspec.field(name="State", default="")


class Service(msgspec.Struct):
    id: str = msgspec.field(name="ID", default="")
    spec: _ServiceSpec = msgspec.field(name="Spec", default_factory=_ServiceSpec)
    endpoint: _Endpoint = msgspec.field(name="Endpoint", default_factory=_Endpoint)
    update: _Update | None = msgspec.field(name="UpdateStatus", default=None)


class _ContainerStatus(msgspec.Struct):
    id: str = msgspec.field(name="ContainerID", default="")


class _PortStatus(msgspec.Struct):
    ports: list[Port] | None = msgspec.field(name="Ports", default=None)


class _TaskStatus(msgspec.Struct):
    state: str = msgspec.field(name="State", default="")
    container: _ContainerStatus | None = msgspec.field(name="ContainerStatus", default=None)
    ports: _PortStatus = msgspec.field(name="PortStatus", default_factory=_PortStatus)


class _Network(msgspec.Struct):
    id: str = msgspec.field(name="ID", default="")


class Attachment(msgspec.Struct):
    network: _Network = msgspec.field(name="Network", default_factory=_Network)
    addresses: list[str] | None = msgspec.field(name="Addresses", default=None)


class Task(msgspec.Struct):
    id: str = msgspec.field(name="ID", default="")
    service: str = msgspec.field(name="ServiceID", default="")
    node: str = msgspec.field(name="NodeID", default="")
    slot: int = msgspec.field(name="Slot", default=0)
    desired: str = msgspec.field(name="DesiredState", default="")
    spec: _TaskSpec = msgspec.field(name="Spec", default_factory=_TaskSpec)
    status: _TaskStatus = msgspec.field(name="Status", default_factory=_TaskStatus)
    attachments: list[Attachment] | None = msgspec.field(name="NetworksAttachments", default=None)


class _NodeSpec(msgspec.Struct):
    role: str = msgspec.field(name="Role", default="")
    availability: str = msgspec.field(name="Availability", default="")
    labels: _Labels = msgspec.field(name="Labels", default=None)


class _Platform(msgspec.Struct):
    architecture: str = msgspec.field(name="Architecture", default="")
    os: str = msgspec.field(name="OS", default="")


class _Engine(msgspec.Struct):
    version: str = msgspec.field(name="EngineVersion", default="")


class _Description(msgspec.Struct):
    hostname: str = msgspec.field(name="Hostname", default="")
    platform: _Platform = msgspec.field(name="Platform", default_factory=_Platform)
    engine: _Engine = msgspec.field(name="Engine", default_factory=_Engine)


class _NodeStatus(msgspec.Struct):
    state: str = msgspec.field(name="State", default="")
    address: str = msgspec.field(name="Addr", default="")


class _Manager(msgspec.Struct):
    leader: bool = msgspec.field(name="Leader", default=False)
    reachability: str = msgspec.field(name="Reachability", default="")
    address: str = msgspec.field(name="Addr", default="")


class Node(msgspec.Struct):
    id: str = msgspec.field(name="ID", default="")
    spec: _NodeSpec = msgspec.field(name="Spec", default_factory=_NodeSpec)
    description: _Description = msgspec.field(name="Description", default_factory=_Description)
    status: _NodeStatus = msgspec.field(name="Status", default_factory=_NodeStatus)
    manager: _Manager | None = msgspec.field(name="ManagerStatus", default=None)
