"""The role `endpointslice`: as `endpoints`, from the slices into which larger services are cut."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Final

from engine.discovery.groups import TargetGroup
from engine.discovery.kubernetes.backing import Backing
from engine.discovery.kubernetes.labels import META, NAMESPACE, Known, node_labels, service_labels
from engine.discovery.kubernetes.objects import EndpointSlice, SliceEndpoint, SlicePort
from engine.discovery.naming import address, meta_name, truth
from engine.discovery.static import ADDRESS
from promql.model.labels import Labels

_OF_SERVICE: Final = "kubernetes.io/service-name"
_SLICE: Final = f"{META}endpointslice_"


def slice_group(one: EndpointSlice, known: Known) -> TargetGroup:
    metadata = one.metadata
    service = known.services.get(slice_service(one) or "")
    shared = {
        NAMESPACE: metadata.namespace,
        f"{_SLICE}name": metadata.name,
        f"{_SLICE}address_type": one.address_type,
        **({} if service is None else service_labels(service)),
    }
    return TargetGroup(f"endpointslice/{metadata.key}", tuple(_targets(one, known)), Labels.of(shared))


def slice_service(one: EndpointSlice) -> str | None:
    """The key of the service that it belongs to."""
    name = (one.metadata.labels or {}).get(_OF_SERVICE)
    return None if name is None else f"{one.metadata.namespace}/{name}"


def slice_pods(one: EndpointSlice) -> set[str]:
    """The keys of the pods behind it."""
    return {pod for end in one.endpoints or () if end.target_ref is not None and (pod := end.target_ref.pod)}


def slice_nodes(one: EndpointSlice) -> set[str]:
    """The nodes that it names."""
    return {end.node for end in one.endpoints or () if end.node is not None}


def _targets(one: EndpointSlice, known: Known) -> Iterator[Labels]:
    backing = Backing(known.pods)
    for end in one.endpoints or ():
        about = {**_of_endpoint(end), **node_labels(end.node, known.nodes)}
        for port in one.ports or ():
            for place in end.addresses or ():
                yield Labels.of(
                    {
                        ADDRESS: address(place, port.port),
                        **_of_port(port),
                        **about,
                        **backing.of(end.target_ref, port.port),
                    }
                )
    yield from backing.rest()


def _of_port(port: SlicePort) -> dict[str, str]:
    return {
        f"{_SLICE}port_name": port.name or "",
        f"{_SLICE}port_protocol": port.protocol or "",
        f"{_SLICE}port": "" if port.port is None else str(port.port),
        f"{_SLICE}port_app_protocol": port.app_protocol or "",
    }


def _of_endpoint(end: SliceEndpoint) -> dict[str, str]:
    found = {f"{_SLICE}endpoint_hostname": end.hostname or ""}
    for name in ("ready", "serving", "terminating"):
        value = getattr(end.conditions, name)
        if value is not None:
            found[f"{_SLICE}endpoint_conditions_{name}"] = truth(value)
    if end.target_ref is not None:
        found[f"{_SLICE}address_target_kind"] = end.target_ref.kind
        found[f"{_SLICE}address_target_name"] = end.target_ref.name
    for name, value in (end.topology or end.deprecated_topology or {}).items():
        found[meta_name(f"{_SLICE}endpoint_topology_", name)] = value
        found[meta_name(f"{_SLICE}endpoint_topology_present_", name)] = "true"
    return found
