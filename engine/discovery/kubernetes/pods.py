"""The role `pod`: each port of each container is a target; a container without ports is one, at the bare address."""

from __future__ import annotations

from collections.abc import Iterator

from engine.discovery.groups import TargetGroup
from engine.discovery.kubernetes.labels import META, NAMESPACE, Known, node_labels, pod_labels
from engine.discovery.kubernetes.objects import Pod
from engine.discovery.naming import address, truth
from engine.discovery.static import ADDRESS
from promql.model.labels import Labels


def pod_group(pod: Pod, known: Known) -> TargetGroup:
    """Without targets while the pod has no address."""
    source = f"pod/{pod.metadata.key}"
    if not pod.status.pod_ip:
        return TargetGroup(source, ())
    shared = {**pod_labels(pod), NAMESPACE: pod.metadata.namespace, **node_labels(pod.spec.node_name, known.nodes)}
    return TargetGroup(source, tuple(_targets(pod)), Labels.of(shared))


def _targets(pod: Pod) -> Iterator[Labels]:
    spec, status = pod.spec, pod.status
    for containers, statuses, first in (
        (spec.containers, status.container_statuses, False),
        (spec.init_containers, status.init_container_statuses, True),
    ):
        ids: dict[str, str] = {}
        for one in statuses or ():
            ids.setdefault(one.name, one.container_id)
        for container in containers or ():
            own = {
                ADDRESS: status.pod_ip,
                f"{META}pod_container_name": container.name,
                f"{META}pod_container_id": ids.get(container.name, ""),
                f"{META}pod_container_image": container.image,
                f"{META}pod_container_init": truth(first),
            }
            for port in container.ports or ():
                yield Labels.of(
                    own,
                    **{
                        ADDRESS: address(status.pod_ip, port.container_port),
                        f"{META}pod_container_port_number": str(port.container_port),
                        f"{META}pod_container_port_name": port.name,
                        f"{META}pod_container_port_protocol": port.protocol,
                    },
                )
            if not container.ports:
                yield Labels.of(own)
