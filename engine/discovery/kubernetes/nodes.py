"""The role `node`: each node is a target, at the port of its kubelet."""

from __future__ import annotations

from typing import Final

from engine.discovery.groups import TargetGroup
from engine.discovery.kubernetes.labels import META, Known, described
from engine.discovery.kubernetes.objects import Node
from engine.discovery.naming import address, meta_name
from engine.discovery.static import ADDRESS
from promql.model.labels import Labels

_PREFERRED: Final = ("InternalIP", "InternalDNS", "ExternalIP", "ExternalDNS", "LegacyHostIP", "Hostname")


def node_group(node: Node, _: Known) -> TargetGroup | None:
    """None where nobody knows its address."""
    places: dict[str, str] = {}
    for one in node.status.addresses or ():
        places.setdefault(one.type, one.address)
    host = next((places[kind] for kind in _PREFERRED if kind in places), None)
    if host is None:
        return None
    name = node.metadata.name
    target = {
        ADDRESS: address(host, node.status.daemon_endpoints.kubelet_endpoint.port),
        "instance": name,
        **{meta_name(f"{META}node_address_", kind): place for kind, place in places.items()},
    }
    shared = {
        f"{META}node_name": name,
        f"{META}node_provider_id": node.spec.provider_id,
        **described(f"{META}node_", node.metadata),
    }
    return TargetGroup(f"node/{name}", (Labels.of(target),), Labels.of(shared))
