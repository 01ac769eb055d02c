"""What each role makes of objects: targets and their labels, as Prometheus 2.42 makes them."""

from __future__ import annotations

from typing import Any

import msgspec

from engine.discovery.groups import TargetGroup
from engine.discovery.kubernetes.labels import Known
from engine.discovery.kubernetes.objects import Node, Pod, Service
from engine.discovery.kubernetes.roles import ROLES
from tests.discovery import kubernetes_objects as shop


def read(thing: dict[str, Any], kind: type[Any]) -> Any:
    return msgspec.json.decode(msgspec.json.encode(thing), type=kind)


def group(role: str, thing: dict[str, Any], *, nodes: bool = False) -> TargetGroup:
    known = Known(
        services={"shop/web": read(shop.service(), Service)},
        pods={"shop/web-1": read(shop.pod(app="web"), Pod)},
        nodes={"n1": read(shop.node(zone="z"), Node)} if nodes else None,
    )
    made = ROLES[role].build(read(thing, ROLES[role].resource.kind), known)
    assert made is not None
    return made


def texts(labels: Any) -> dict[str, str]:
    return {name.removeprefix("__meta_kubernetes_"): value for name, value in labels.pairs}


POD = {
    "pod_controller_kind": "ReplicaSet",
    "pod_controller_name": "web",
    "pod_host_ip": "192.168.0.1",
    "pod_ip": "10.0.0.1",
    "pod_label_app": "web",
    "pod_labelpresent_app": "true",
    "pod_name": "web-1",
    "pod_node_name": "n1",
    "pod_phase": "Running",
    "pod_ready": "true",
    "pod_uid": "uid-of-web-1",
}
SERVICE = {
    "namespace": "shop",
    "service_annotation_prometheus_io_scrape": "true",
    "service_annotationpresent_prometheus_io_scrape": "true",
    "service_label_tier": "front",
    "service_labelpresent_tier": "true",
    "service_name": "web",
}


def test_a_node_is_at_its_internal_address_and_kubelet_port() -> None:
    made = group("node", shop.node(zone="z"))
    assert made.source == "node/n1"
    assert texts(made.labels) == {
        "node_annotation_a_b_c": "d",
        "node_annotationpresent_a_b_c": "true",
        "node_label_zone": "z",
        "node_labelpresent_zone": "true",
        "node_name": "n1",
        "node_provider_id": "cloud://n1",
    }
    assert [texts(target) for target in made.targets] == [
        {
            "__address__": "192.168.0.1:10250",
            "instance": "n1",
            "node_address_Hostname": "n1",
            "node_address_InternalIP": "192.168.0.1",
        }
    ]


def test_a_node_without_an_address_is_no_target() -> None:
    thing = shop.node()
    thing["status"]["addresses"] = []
    assert ROLES["node"].build(read(thing, Node), Known()) is None


def test_a_pod_is_a_target_for_each_port_and_each_container_without_ports() -> None:
    made = group("pod", shop.pod(app="web"), nodes=True)
    assert made.source == "pod/shop/web-1"
    node = {"node_name": "n1", "node_label_zone": "z", "node_labelpresent_zone": "true"}
    assert texts(made.labels) == {**POD, **node, "namespace": "shop"}
    app = {
        "pod_container_id": "docker://1",
        "pod_container_image": "app:1",
        "pod_container_init": "false",
        "pod_container_name": "app",
        "pod_container_port_protocol": "TCP",
    }
    assert [texts(target) for target in made.targets] == [
        {"__address__": "10.0.0.1:8080", **app, "pod_container_port_name": "http", "pod_container_port_number": "8080"},
        {
            "__address__": "10.0.0.1:9000",
            **app,
            "pod_container_port_name": "admin",
            "pod_container_port_number": "9000",
        },
        {
            "__address__": "10.0.0.1",
            "pod_container_image": "side:1",
            "pod_container_init": "false",
            "pod_container_name": "side",
        },
        {
            "__address__": "10.0.0.1",
            "pod_container_image": "init:1",
            "pod_container_init": "true",
            "pod_container_name": "init",
        },
    ]


def test_a_pod_without_an_address_has_no_targets() -> None:
    assert group("pod", shop.pod(ip="")) == TargetGroup("pod/shop/web-1", ())


def test_a_service_is_at_its_name_in_the_cluster() -> None:
    made = group("service", shop.service())
    assert made.source == "svc/shop/web"
    assert texts(made.labels) == SERVICE
    assert [texts(target) for target in made.targets] == [
        {
            "__address__": "web.shop.svc:80",
            "service_cluster_ip": "10.1.0.1",
            "service_port_name": "http",
            "service_port_number": "80",
            "service_port_protocol": "TCP",
            "service_type": "ClusterIP",
        }
    ]


def test_the_type_of_a_service_decides_which_address_is_told() -> None:
    (outside,) = group("service", shop.service(type="ExternalName", externalName="x.org")).targets
    assert "service_cluster_ip" not in texts(outside)
    assert texts(outside)["service_external_name"] == "x.org"
    (balanced,) = group("service", shop.service(type="LoadBalancer", loadBalancerIP="1.2.3.4")).targets
    assert texts(balanced)["service_loadbalancer_ip"] == "1.2.3.4"


def test_endpoints_are_told_of_with_their_service_pod_and_node_and_with_the_pods_other_ports() -> None:
    made = group("endpoints", shop.endpoints("web-1"), nodes=True)
    assert made.source == "endpoints/shop/web"
    assert texts(made.labels) == {
        **SERVICE, "endpoints_label_of": "web", "endpoints_labelpresent_of": "true", "endpoints_name": "web",
    }  # fmt: skip
    app = {"pod_container_image": "app:1", "pod_container_name": "app", "pod_container_port_protocol": "TCP"}
    assert [texts(target) for target in made.targets] == [
        {
            "__address__": "10.0.0.1:8080",
            **POD,
            **app,
            "endpoint_address_target_kind": "Pod",
            "endpoint_address_target_name": "web-1",
            "endpoint_node_name": "n1",
            "endpoint_port_name": "http",
            "endpoint_port_protocol": "TCP",
            "endpoint_ready": "true",
            "node_label_zone": "z",
            "node_labelpresent_zone": "true",
            "node_name": "n1",
            "pod_container_port_name": "http",
            "pod_container_port_number": "8080",
        },
        {
            "__address__": "10.0.0.99:8080",
            "endpoint_hostname": "late",
            "endpoint_port_name": "http",
            "endpoint_port_protocol": "TCP",
            "endpoint_ready": "false",
        },
        {
            "__address__": "10.0.0.1:9000",
            **POD,
            **app,
            "pod_container_port_name": "admin",
            "pod_container_port_number": "9000",
        },
    ]


def test_a_slice_is_told_of_as_endpoints_are() -> None:
    made = group("endpointslice", shop.endpointslice("web-1"))
    assert made.source == "endpointslice/shop/web-abc"
    assert texts(made.labels) == {
        **SERVICE, "endpointslice_address_type": "IPv4", "endpointslice_name": "web-abc",
    }  # fmt: skip
    first, second = (texts(target) for target in made.targets)
    assert first == {
        "__address__": "10.0.0.1:8080",
        **POD,
        "endpointslice_address_target_kind": "Pod",
        "endpointslice_address_target_name": "web-1",
        "endpointslice_endpoint_conditions_ready": "true",
        "endpointslice_endpoint_conditions_serving": "true",
        "endpointslice_endpoint_conditions_terminating": "false",
        "endpointslice_endpoint_hostname": "h",
        "endpointslice_endpoint_topology_present_topology_kubernetes_io_zone": "true",
        "endpointslice_endpoint_topology_topology_kubernetes_io_zone": "z1",
        "endpointslice_port": "8080",
        "endpointslice_port_app_protocol": "h2c",
        "endpointslice_port_name": "http",
        "endpointslice_port_protocol": "TCP",
        "pod_container_image": "app:1",
        "pod_container_name": "app",
        "pod_container_port_name": "http",
        "pod_container_port_number": "8080",
        "pod_container_port_protocol": "TCP",
    }
    assert second["__address__"] == "10.0.0.1:9000"


def test_an_endpoint_that_is_a_node_is_told_of_with_that_node() -> None:
    endpoints, cut = shop.endpoints("web-1"), shop.endpointslice("web-1")
    of_node = {"kind": "Node", "name": "n1"}
    endpoints["subsets"][0]["addresses"] = [{"ip": "10.0.0.7", "targetRef": of_node}]
    cut["endpoints"] = [{"addresses": ["10.0.0.7"], "targetRef": of_node}]
    for role, thing in (("endpoints", endpoints), ("endpointslice", cut)):
        target = texts(group(role, thing, nodes=True).targets[0])
        assert (target["node_name"], target["node_label_zone"]) == ("n1", "z")
        assert ("node", "n1") in list(ROLES[role].links(read(thing, ROLES[role].resource.kind)))


def test_other_ports_of_a_pod_without_an_address_are_no_targets() -> None:
    pod = shop.pod(app="web")
    pod["status"]["podIP"] = ""
    known = Known(pods={"shop/web-1": read(pod, Pod)})
    made = ROLES["endpoints"].build(read(shop.endpoints("web-1"), ROLES["endpoints"].resource.kind), known)
    assert made is not None
    assert [target.get("__address__") for target in made.targets] == ["10.0.0.1:8080", "10.0.0.99:8080"]


def test_an_ingress_is_a_target_for_each_path_of_each_rule() -> None:
    made = group("ingress", shop.ingress())
    assert made.source == "ingress/shop/web"
    assert texts(made.labels) == {
        "ingress_class_name": "nginx", "ingress_label_tier": "edge", "ingress_labelpresent_tier": "true",
        "ingress_name": "web", "namespace": "shop",
    }  # fmt: skip
    assert [tuple(texts(target).values()) for target in made.targets] == [
        ("shop.example.org", "shop.example.org", "/cart", "https"),
        ("shop.example.org", "shop.example.org", "/", "https"),
        ("plain.test", "plain.test", "/", "http"),
    ]
