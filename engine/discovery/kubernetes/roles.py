"""The roles of `kubernetes_sd_configs`: one table of what is listed, and of what makes targets of it."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from types import MappingProxyType
from typing import Any, Final

from msgspec import Struct

from engine.discovery.groups import TargetGroup
from engine.discovery.kubernetes.endpoints import endpoints_group, endpoints_nodes, endpoints_pods
from engine.discovery.kubernetes.ingresses import ingress_group
from engine.discovery.kubernetes.labels import Known
from engine.discovery.kubernetes.links import Link
from engine.discovery.kubernetes.nodes import node_group
from engine.discovery.kubernetes.objects import Endpoints, EndpointSlice, Ingress, Node, Pod, Service
from engine.discovery.kubernetes.pods import pod_group
from engine.discovery.kubernetes.services import service_group
from engine.discovery.kubernetes.slices import slice_group, slice_nodes, slice_pods, slice_service

_CORE: Final = "/api/v1"


class Resource(Struct, frozen=True, kw_only=True):
    """Where objects of a kind are. `since` is the release from which on the group's `v1` is served, not `v1beta1`."""

    kind: type[Any]
    name: str
    group: str = ""
    since: tuple[int, int] = (0, 0)
    namespaced: bool = True

    def path(self, namespace: str, release: tuple[int, int]) -> str:
        """`namespace` is empty for all of them."""
        version = "v1" if release >= self.since else "v1beta1"
        within = f"/namespaces/{namespace}" if namespace and self.namespaced else ""
        return f"{f'/apis/{self.group}/{version}' if self.group else _CORE}{within}/{self.name}"


class Role(Struct, frozen=True, kw_only=True):
    """`source` is what groups' names begin with; `links` are what an object's targets are told of with."""

    resource: Resource
    source: str
    build: Callable[[Any, Known], TargetGroup | None]
    links: Callable[[Any], Iterator[Link]] = lambda _: iter(())
    backed: bool = False


NODES: Final = Resource(kind=Node, name="nodes", namespaced=False)
PODS: Final = Resource(kind=Pod, name="pods")
SERVICES: Final = Resource(kind=Service, name="services")


def _pod_links(pod: Pod) -> Iterator[Link]:
    yield "node", pod.spec.node_name


def _endpoints_links(endpoints: Endpoints) -> Iterator[Link]:
    yield "service", endpoints.metadata.key
    yield from (("pod", key) for key in endpoints_pods(endpoints))
    yield from (("node", name) for name in endpoints_nodes(endpoints))


def _slice_links(one: EndpointSlice) -> Iterator[Link]:
    if (service := slice_service(one)) is not None:
        yield "service", service
    yield from (("pod", key) for key in slice_pods(one))
    yield from (("node", name) for name in slice_nodes(one))


ROLES: Final[Mapping[str, Role]] = MappingProxyType(
    {
        "node": Role(resource=NODES, source="node", build=node_group),
        "pod": Role(resource=PODS, source="pod", build=pod_group, links=_pod_links),
        "service": Role(resource=SERVICES, source="svc", build=service_group),
        "endpoints": Role(
            resource=Resource(kind=Endpoints, name="endpoints"),
            source="endpoints",
            build=endpoints_group,
            links=_endpoints_links,
            backed=True,
        ),
        "endpointslice": Role(
            resource=Resource(kind=EndpointSlice, name="endpointslices", group="discovery.k8s.io", since=(1, 21)),
            source="endpointslice",
            build=slice_group,
            links=_slice_links,
            backed=True,
        ),
        "ingress": Role(
            resource=Resource(kind=Ingress, name="ingresses", group="networking.k8s.io", since=(1, 19)),
            source="ingress",
            build=ingress_group,
        ),
    }
)
