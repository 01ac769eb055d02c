"""The role `endpoints`: each address of a service is a target for each port, told of with its service, pod and node.

A pod's ports that no endpoint names are targets too, once for each pod.
"""

from __future__ import annotations

from collections.abc import Iterator

from engine.discovery.groups import TargetGroup
from engine.discovery.kubernetes.backing import Backing
from engine.discovery.kubernetes.labels import META, NAMESPACE, Known, labelled, node_labels, service_labels
from engine.discovery.kubernetes.objects import EndpointAddress, EndpointPort, Endpoints
from engine.discovery.naming import address, truth
from engine.discovery.static import ADDRESS
from promql.model.labels import Labels


def endpoints_group(endpoints: Endpoints, known: Known) -> TargetGroup:
    metadata = endpoints.metadata
    service = known.services.get(metadata.key)
    shared = {
        NAMESPACE: metadata.namespace,
        f"{META}endpoints_name": metadata.name,
        **({} if service is None else service_labels(service)),
        **labelled(f"{META}endpoints_label", metadata.labels),
    }
    return TargetGroup(f"endpoints/{metadata.key}", tuple(_targets(endpoints, known)), Labels.of(shared))


def endpoints_pods(endpoints: Endpoints) -> set[str]:
    """The keys of the pods behind it."""
    return {pod for _, at, _ in _addresses(endpoints) if at.target_ref is not None and (pod := at.target_ref.pod)}


def endpoints_nodes(endpoints: Endpoints) -> set[str]:
    """The nodes that it names."""
    return {at.node for _, at, _ in _addresses(endpoints) if at.node is not None}


def _addresses(endpoints: Endpoints) -> Iterator[tuple[EndpointPort, EndpointAddress, bool]]:
    for subset in endpoints.subsets or ():
        for port in subset.ports or ():
            for at in subset.addresses or ():
                yield port, at, True
            for at in subset.not_ready_addresses or ():
                yield port, at, False


def _targets(endpoints: Endpoints, known: Known) -> Iterator[Labels]:
    backing = Backing(known.pods)
    for port, at, ready in _addresses(endpoints):
        found = {
            ADDRESS: address(at.ip, port.port),
            f"{META}endpoint_port_name": port.name,
            f"{META}endpoint_port_protocol": port.protocol,
            f"{META}endpoint_ready": truth(ready),
            f"{META}endpoint_node_name": at.node_name or "",
            f"{META}endpoint_hostname": at.hostname,
            **node_labels(at.node, known.nodes),
        }
        if at.target_ref is not None:
            found[f"{META}endpoint_address_target_kind"] = at.target_ref.kind
            found[f"{META}endpoint_address_target_name"] = at.target_ref.name
        yield Labels.of({**found, **backing.of(at.target_ref, port.port, port.protocol)})
    yield from backing.rest()
