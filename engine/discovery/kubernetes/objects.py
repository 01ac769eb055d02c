"""What is read of Kubernetes' objects, as its API tells them in JSON.

Only what labels and addresses are made of is read: objects that are equal here make the same targets. Versions of
objects are therefore no part of them.
"""

from __future__ import annotations

from typing import TypeAlias

import msgspec

Texts: TypeAlias = dict[str, str] | None


class Owner(msgspec.Struct, rename="camel"):
    kind: str = ""
    name: str = ""
    controller: bool | None = None


class Metadata(msgspec.Struct, rename="camel"):
    name: str = ""
    namespace: str = ""
    uid: str = ""
    labels: Texts = None
    annotations: Texts = None
    owner_references: list[Owner] | None = None

    @property
    def key(self) -> str:
        """`NAMESPACE/NAME`, or the name of what belongs to no namespace."""
        return f"{self.namespace}/{self.name}" if self.namespace else self.name


class Thing(msgspec.Struct, rename="camel"):
    """Any object."""

    metadata: Metadata = msgspec.field(default_factory=Metadata)


# --- nodes


class NodeAddress(msgspec.Struct):
    type: str = ""
    address: str = ""


class _Kubelet(msgspec.Struct):
    port: int = msgspec.field(name="Port", default=0)


class _Daemons(msgspec.Struct, rename="camel"):
    kubelet_endpoint: _Kubelet = msgspec.field(default_factory=_Kubelet)


class _NodeStatus(msgspec.Struct, rename="camel"):
    addresses: list[NodeAddress] | None = None
    daemon_endpoints: _Daemons = msgspec.field(default_factory=_Daemons)


class _NodeSpec(msgspec.Struct):
    provider_id: str = msgspec.field(name="providerID", default="")


class Node(Thing, rename="camel"):
    spec: _NodeSpec = msgspec.field(default_factory=_NodeSpec)
    status: _NodeStatus = msgspec.field(default_factory=_NodeStatus)


# --- pods


class ContainerPort(msgspec.Struct, rename="camel"):
    name: str = ""
    container_port: int = 0
    protocol: str = "TCP"


class Container(msgspec.Struct):
    name: str = ""
    image: str = ""
    ports: list[ContainerPort] | None = None


class _ContainerStatus(msgspec.Struct):
    name: str = ""
    container_id: str = msgspec.field(name="containerID", default="")


class _Condition(msgspec.Struct):
    type: str = ""
    status: str = ""


class _PodSpec(msgspec.Struct, rename="camel"):
    node_name: str = ""
    containers: list[Container] | None = None
    init_containers: list[Container] | None = None


class _PodStatus(msgspec.Struct, rename="camel"):
    phase: str = ""
    pod_ip: str = msgspec.field(name="podIP", default="")
    host_ip: str = msgspec.field(name="hostIP", default="")
    conditions: list[_Condition] | None = None
    container_statuses: list[_ContainerStatus] | None = None
    init_container_statuses: list[_ContainerStatus] | None = None


class Pod(Thing, rename="camel"):
    spec: _PodSpec = msgspec.field(default_factory=_PodSpec)
    status: _PodStatus = msgspec.field(default_factory=_PodStatus)


# --- services


class ServicePort(msgspec.Struct):
    name: str = ""
    port: int = 0
    protocol: str = "TCP"


class _ServiceSpec(msgspec.Struct, rename="camel"):
    type: str = ""
    ports: list[ServicePort] | None = None
    cluster_ip: str = msgspec.field(name="clusterIP", default="")
    external_name: str = ""
    load_balancer_ip: str = msgspec.field(name="loadBalancerIP", default="")


class Service(Thing, rename="camel"):
    spec: _ServiceSpec = msgspec.field(default_factory=_ServiceSpec)


# --- endpoints, and slices of them


class Reference(msgspec.Struct):
    kind: str = ""
    namespace: str = ""
    name: str = ""

    @property
    def pod(self) -> str | None:
        """The key of the pod that it names, if it names one."""
        return f"{self.namespace}/{self.name}" if self.kind == "Pod" else None


def _node(reference: Reference | None, name: str | None) -> str | None:
    return reference.name if reference is not None and reference.kind == "Node" else name


class EndpointPort(msgspec.Struct):
    name: str = ""
    port: int = 0
    protocol: str = "TCP"


class EndpointAddress(msgspec.Struct, rename="camel"):
    ip: str = ""
    hostname: str = ""
    node_name: str | None = None
    target_ref: Reference | None = None

    @property
    def node(self) -> str | None:
        """The name of the node that it is, or is on."""
        return _node(self.target_ref, self.node_name)


class Subset(msgspec.Struct, rename="camel"):
    addresses: list[EndpointAddress] | None = None
    not_ready_addresses: list[EndpointAddress] | None = None
    ports: list[EndpointPort] | None = None


class Endpoints(Thing, rename="camel"):
    subsets: list[Subset] | None = None


class Conditions(msgspec.Struct):
    ready: bool | None = None
    serving: bool | None = None
    terminating: bool | None = None


class SlicePort(msgspec.Struct, rename="camel"):
    name: str | None = None
    protocol: str | None = None
    port: int | None = None
    app_protocol: str | None = None


class SliceEndpoint(msgspec.Struct, rename="camel"):
    """`topology` is v1beta1's, `deprecated_topology` what v1 has of it."""

    addresses: list[str] | None = None
    conditions: Conditions = msgspec.field(default_factory=Conditions)
    hostname: str | None = None
    node_name: str | None = None
    target_ref: Reference | None = None
    topology: Texts = None
    deprecated_topology: Texts = None

    @property
    def node(self) -> str | None:
        """The name of the node that it is, or is on."""
        return _node(self.target_ref, self.node_name)


class EndpointSlice(Thing, rename="camel"):
    address_type: str = ""
    endpoints: list[SliceEndpoint] | None = None
    ports: list[SlicePort] | None = None


# --- ingresses


class _Path(msgspec.Struct):
    path: str = ""


class _Http(msgspec.Struct):
    paths: list[_Path] | None = None


class IngressRule(msgspec.Struct):
    host: str = ""
    http: _Http | None = None


class _Tls(msgspec.Struct):
    hosts: list[str] | None = None


class _IngressSpec(msgspec.Struct, rename="camel"):
    ingress_class_name: str | None = None
    rules: list[IngressRule] | None = None
    tls: list[_Tls] | None = None


class Ingress(Thing, rename="camel"):
    spec: _IngressSpec = msgspec.field(default_factory=_IngressSpec)
