"""The role `service`: each port of a service is a target, at the name by which the cluster knows it."""

from __future__ import annotations

from engine.discovery.groups import TargetGroup
from engine.discovery.kubernetes.labels import META, Known, service_labels
from engine.discovery.kubernetes.objects import Service, ServicePort
from engine.discovery.naming import address
from engine.discovery.static import ADDRESS
from promql.model.labels import Labels


def service_group(service: Service, _: Known) -> TargetGroup:
    targets = tuple(_target(service, port) for port in service.spec.ports or ())
    return TargetGroup(f"svc/{service.metadata.key}", targets, Labels.of(service_labels(service)))


def _target(service: Service, port: ServicePort) -> Labels:
    metadata, spec = service.metadata, service.spec
    found = {
        ADDRESS: address(f"{metadata.name}.{metadata.namespace}.svc", port.port),
        f"{META}service_port_name": port.name,
        f"{META}service_port_number": str(port.port),
        f"{META}service_port_protocol": port.protocol,
        f"{META}service_type": spec.type,
    }
    if spec.type == "ExternalName":
        found[f"{META}service_external_name"] = spec.external_name
    else:
        found[f"{META}service_cluster_ip"] = spec.cluster_ip
    if spec.type == "LoadBalancer":
        found[f"{META}service_loadbalancer_ip"] = spec.load_balancer_ip
    return Labels.of(found)
