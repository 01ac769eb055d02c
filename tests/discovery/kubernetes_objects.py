"""Objects of a small shop in a cluster."""

from __future__ import annotations

from typing import Any

NODES = "/api/v1/nodes"
PODS = "/api/v1/pods"
SERVICES = "/api/v1/services"
ENDPOINTS = "/api/v1/endpoints"
SLICES = "/apis/discovery.k8s.io/v1/endpointslices"
INGRESSES = "/apis/networking.k8s.io/v1/ingresses"


def node(name: str = "n1", **labels: str) -> dict[str, Any]:
    return {
        "metadata": {"name": name, "labels": labels, "annotations": {"a.b/c": "d"}},
        "spec": {"providerID": f"cloud://{name}"},
        "status": {
            "addresses": [
                {"type": "Hostname", "address": name},
                {"type": "InternalIP", "address": "192.168.0.1"},
                {"type": "InternalIP", "address": "fd00::1"},
            ],
            "daemonEndpoints": {"kubeletEndpoint": {"Port": 10250}},
        },
    }


def pod(name: str = "web-1", ip: str = "10.0.0.1", namespace: str = "shop", **labels: str) -> dict[str, Any]:
    return {
        "metadata": {
            "name": name, "namespace": namespace, "uid": f"uid-of-{name}", "labels": labels,
            "ownerReferences": [
                {"kind": "Other", "name": "x"}, {"kind": "ReplicaSet", "name": "web", "controller": True},
            ],
        },
        "spec": {
            "nodeName": "n1",
            "containers": [
                {
                    "name": "app", "image": "app:1",
                    "ports": [
                        {"name": "http", "containerPort": 8080, "protocol": "TCP"},
                        {"name": "admin", "containerPort": 9000, "protocol": "TCP"},
                    ],
                },
                {"name": "side", "image": "side:1"},
            ],
            "initContainers": [{"name": "init", "image": "init:1"}],
        },
        "status": {
            "phase": "Running", "podIP": ip, "hostIP": "192.168.0.1",
            "conditions": [{"type": "Ready", "status": "True"}],
            "containerStatuses": [{"name": "app", "containerID": "docker://1"}],
        },
    }  # fmt: skip


def service(name: str = "web", namespace: str = "shop", **spec: Any) -> dict[str, Any]:
    return {
        "metadata": {
            "name": name, "namespace": namespace, "labels": {"tier": "front"},
            "annotations": {"prometheus.io/scrape": "true"},
        },
        "spec": {
            "type": "ClusterIP", "clusterIP": "10.1.0.1",
            "ports": [{"name": "http", "port": 80, "protocol": "TCP"}], **spec,
        },
    }  # fmt: skip


def endpoints(*pods: str, name: str = "web", ip: str = "10.0.0.1") -> dict[str, Any]:
    return {
        "metadata": {"name": name, "namespace": "shop", "labels": {"of": "web"}},
        "subsets": [
            {
                "addresses": [
                    {
                        "ip": ip, "nodeName": "n1",
                        "targetRef": {"kind": "Pod", "namespace": "shop", "name": pod},
                    }
                    for pod in pods
                ],
                "notReadyAddresses": [{"ip": "10.0.0.99", "hostname": "late"}],
                "ports": [{"name": "http", "port": 8080, "protocol": "TCP"}],
            }
        ],
    }  # fmt: skip


def endpointslice(*pods: str, name: str = "web-abc") -> dict[str, Any]:
    return {
        "metadata": {"name": name, "namespace": "shop", "labels": {"kubernetes.io/service-name": "web"}},
        "addressType": "IPv4",
        "endpoints": [
            {
                "addresses": ["10.0.0.1"], "nodeName": "n1", "hostname": "h",
                "conditions": {"ready": True, "serving": True, "terminating": False},
                "targetRef": {"kind": "Pod", "namespace": "shop", "name": pod},
                "deprecatedTopology": {"topology.kubernetes.io/zone": "z1"},
            }
            for pod in pods
        ],
        "ports": [{"name": "http", "port": 8080, "protocol": "TCP", "appProtocol": "h2c"}],
    }  # fmt: skip


def ingress(name: str = "web") -> dict[str, Any]:
    return {
        "metadata": {"name": name, "namespace": "shop", "labels": {"tier": "edge"}},
        "spec": {
            "ingressClassName": "nginx",
            "tls": [{"hosts": ["*.example.org"]}],
            "rules": [
                {"host": "shop.example.org", "http": {"paths": [{"path": "/cart"}, {}]}},
                {"host": "plain.test"},
            ],
        },
    }
