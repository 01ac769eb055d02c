"""Labels that several roles make of the same objects.

Law: pure. A label and an annotation of an object each give two labels: what it says, and that it is there.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Final

from msgspec import Struct, field

from engine.discovery.kubernetes.objects import Container, Metadata, Node, Pod, Service, Texts
from engine.discovery.naming import meta_name

META: Final = "__meta_kubernetes_"
NAMESPACE: Final = f"{META}namespace"
_PRESENT: Final = "true"


class Known(Struct, frozen=True):
    """Objects that targets are told of with, by key. Without `nodes` nothing is told of them."""

    services: Mapping[str, Service] = field(default_factory=dict)
    pods: Mapping[str, Pod] = field(default_factory=dict)
    nodes: Mapping[str, Node] | None = None


def described(prefix: str, metadata: Metadata) -> dict[str, str]:
    """The labels and annotations of an object, as labels that begin so."""
    return {
        **labelled(f"{prefix}label", metadata.labels),
        **labelled(f"{prefix}annotation", metadata.annotations),
    }


def labelled(prefix: str, texts: Texts) -> dict[str, str]:
    """`PREFIX_x` with the text, and `PREFIXpresent_x`."""
    found = {}
    for name, value in (texts or {}).items():
        found[meta_name(f"{prefix}_", name)] = value
        found[meta_name(f"{prefix}present_", name)] = _PRESENT
    return found


def service_labels(service: Service) -> dict[str, str]:
    return {
        f"{META}service_name": service.metadata.name,
        NAMESPACE: service.metadata.namespace,
        **described(f"{META}service_", service.metadata),
    }


def node_labels(name: str | None, nodes: Mapping[str, Node] | None) -> dict[str, str]:
    """What is told of the node of a target; nothing where it is unknown."""
    node = None if nodes is None or name is None else nodes.get(name)
    if node is None:
        return {}
    return {f"{META}node_name": node.metadata.name, **labelled(f"{META}node_label", node.metadata.labels)}


def pod_labels(pod: Pod) -> dict[str, str]:
    metadata, status = pod.metadata, pod.status
    ready = next((one.status for one in status.conditions or () if one.type == "Ready"), "Unknown")
    controller = next((owner for owner in metadata.owner_references or () if owner.controller), None)
    found = {
        f"{META}pod_name": metadata.name,
        f"{META}pod_ip": status.pod_ip,
        f"{META}pod_ready": ready.lower(),
        f"{META}pod_phase": status.phase,
        f"{META}pod_node_name": pod.spec.node_name,
        f"{META}pod_host_ip": status.host_ip,
        f"{META}pod_uid": metadata.uid,
        **described(f"{META}pod_", metadata),
    }
    if controller is not None:
        found |= {f"{META}pod_controller_kind": controller.kind, f"{META}pod_controller_name": controller.name}
    return found


def port_labels(container: Container, name: str, port: int, protocol: str) -> dict[str, str]:
    """Of a port of a pod's container."""
    return {
        f"{META}pod_container_name": container.name,
        f"{META}pod_container_image": container.image,
        f"{META}pod_container_port_name": name,
        f"{META}pod_container_port_number": str(port),
        f"{META}pod_container_port_protocol": protocol,
    }


def ports(pod: Pod) -> Iterator[tuple[Container, str, int, str]]:
    """The ports of a pod, with the container of each: its name, its number, its protocol."""
    for container in pod.spec.containers or ():
        for port in container.ports or ():
            yield container, port.name, port.container_port, port.protocol
