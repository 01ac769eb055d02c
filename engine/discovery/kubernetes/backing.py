"""The pods behind the addresses of a service: what is told of them, and their ports that no address names."""

from __future__ import annotations

from collections.abc import Iterator, Mapping

from engine.discovery.kubernetes.labels import pod_labels, port_labels, ports
from engine.discovery.kubernetes.objects import Pod, Reference
from engine.discovery.naming import address
from engine.discovery.static import ADDRESS
from promql.model.labels import Labels


class Backing:
    """Of one group of targets."""

    def __init__(self, pods: Mapping[str, Pod]) -> None:
        self._pods = pods
        self._named: dict[str, set[int | None]] = {}

    def of(self, reference: Reference | None, port: int | None, protocol: str | None = None) -> dict[str, str]:
        """The labels of the pod, and of its port if it has that one; nothing where it is none or not known.

        The port's protocol is the pod's own word where none is given.
        """
        key = None if reference is None else reference.pod
        pod = None if key is None else self._pods.get(key)
        if key is None or pod is None:
            return {}
        self._named.setdefault(key, set()).add(port)
        found = pod_labels(pod)
        taken = None
        for container, name, number, own in ports(pod):
            if number == port and container is not taken:  # of one container the first, of several the last
                found |= port_labels(container, name, number, protocol or own)
                taken = container
        return found

    def rest(self) -> Iterator[Labels]:
        """A target for each port that no address named, of the pods that were asked for and have an address."""
        for key, named in self._named.items():
            pod = self._pods[key]
            for container, name, number, protocol in ports(pod):
                if pod.status.pod_ip and number not in named:
                    yield Labels.of(
                        {
                            ADDRESS: address(pod.status.pod_ip, number),
                            **port_labels(container, name, number, protocol),
                            **pod_labels(pod),
                        }
                    )
