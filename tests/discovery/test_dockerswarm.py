from __future__ import annotations

from typing import Any

import pytest

from engine.discovery.config import DockerSwarmSDConfig, SwarmRole
from engine.discovery.dockerswarm import DockerSwarmDiscovery
from engine.discovery.ports import DiscoveryCounts
from engine.foundation.values import Url
from engine.testing.manual_clock import ManualClock
from tests.discovery.docker_daemon import Daemon, serving
from tests.discovery.listening import Told, listening, parts

SERVICE = {
    "ID": "s1",
    "Spec": {
        "Name": "web",
        "Labels": {"stack": "shop"},
        "TaskTemplate": {"ContainerSpec": {"Image": "web:1", "Hostname": "h"}},
        "Mode": {"Replicated": {"Replicas": 2}},
    },
    "Endpoint": {
        "Ports": [
            {"Name": "http", "Protocol": "tcp", "PublishedPort": 8080, "PublishMode": "ingress"},
            {"Protocol": "udp", "PublishedPort": 53},
        ],
        "VirtualIPs": [{"NetworkID": "n1", "Addr": "10.0.0.5/24"}],
    },
    "UpdateStatus": {"State": "completed"},
}
PORTLESS = {
    "ID": "s2",
    "Spec": {"Name": "agent", "Mode": {"Global": {}}},
    "Endpoint": {"VirtualIPs": [{"NetworkID": "n1", "Addr": "10.0.0.9/24"}]},
}
TASK = {
    "ID": "t1",
    "ServiceID": "s1",
    "NodeID": "m1",
    "Slot": 3,
    "DesiredState": "running",
    "Spec": {"ContainerSpec": {"Labels": {"a-b": "c"}}},
    "Status": {
        "State": "running",
        "ContainerStatus": {"ContainerID": "c1"},
        "PortStatus": {"Ports": [{"Protocol": "tcp", "PublishedPort": 9001, "PublishMode": "host"}]},
    },
    "NetworksAttachments": [{"Network": {"ID": "n1"}, "Addresses": ["10.0.0.7/24"]}],
}
NODE = {
    "ID": "m1",
    "Spec": {"Role": "manager", "Availability": "active", "Labels": {"rack": "r1"}},
    "Description": {
        "Hostname": "host1",
        "Platform": {"Architecture": "x86_64", "OS": "linux"},
        "Engine": {"EngineVersion": "24.0"},
    },
    "Status": {"State": "ready", "Addr": "192.168.0.1"},
    "ManagerStatus": {"Leader": True, "Reachability": "reachable", "Addr": "192.168.0.1:2377"},
}
NETWORK = {"Id": "n1", "Name": "mesh", "Scope": "swarm", "Ingress": True, "Labels": None}


def swarm() -> Daemon:
    return Daemon({"/services": [SERVICE, PORTLESS], "/tasks": [TASK], "/nodes": [NODE], "/networks": [NETWORK]})


async def found(role: str, clock: ManualClock) -> Told:
    with serving(swarm()) as host:
        config = DockerSwarmSDConfig(host=Url(host), role=SwarmRole(role), port=9100)
        async with listening(DockerSwarmDiscovery(config, parts(clock)), clock) as told:
            await told.more()
    return told


def labels(told: Told, number: int = 0) -> dict[str, Any]:
    """Of one target, without what all labels here begin with."""
    pairs = told.groups["DockerSwarm"].targets[number].pairs
    return {name.removeprefix("__meta_dockerswarm_"): value for name, value in pairs}


async def test_a_service_is_at_its_virtual_addresses(manual_clock: ManualClock) -> None:
    told = await found("services", manual_clock)
    assert told.addresses == ["10.0.0.5:8080", "10.0.0.9:9100"]
    assert labels(told) == {
        "__address__": "10.0.0.5:8080",
        "network_id": "n1",
        "network_ingress": "true",
        "network_internal": "false",
        "network_name": "mesh",
        "network_scope": "swarm",
        "service_endpoint_port_name": "http",
        "service_endpoint_port_publish_mode": "ingress",
        "service_id": "s1",
        "service_label_stack": "shop",
        "service_mode": "replicated",
        "service_name": "web",
        "service_task_container_hostname": "h",
        "service_task_container_image": "web:1",
        "service_updating_status": "completed",
    }
    assert labels(told, 1)["service_mode"] == "global"


async def test_a_task_is_at_its_nodes_ports_and_at_its_own_addresses(manual_clock: ManualClock) -> None:
    told = await found("tasks", manual_clock)
    assert told.addresses == ["192.168.0.1:9001", "10.0.0.7:8080"]
    assert labels(told)["task_port_publish_mode"] == "host"
    assert labels(told, 1) == {
        "__address__": "10.0.0.7:8080",
        "container_label_a_b": "c",
        "network_id": "n1",
        "network_ingress": "true",
        "network_internal": "false",
        "network_name": "mesh",
        "network_scope": "swarm",
        "node_address": "192.168.0.1",
        "node_availability": "active",
        "node_hostname": "host1",
        "node_id": "m1",
        "node_label_rack": "r1",
        "node_platform_architecture": "x86_64",
        "node_platform_os": "linux",
        "node_role": "manager",
        "node_status": "ready",
        "service_id": "s1",
        "service_label_stack": "shop",
        "service_mode": "replicated",
        "service_name": "web",
        "task_container_id": "c1",
        "task_desired_state": "running",
        "task_id": "t1",
        "task_port_publish_mode": "ingress",
        "task_slot": "3",
        "task_state": "running",
    }


async def test_a_node_is_at_the_configured_port(manual_clock: ManualClock) -> None:
    told = await found("nodes", manual_clock)
    assert told.addresses == ["192.168.0.1:9100"]
    assert {name for name in labels(told) if name.startswith("node_manager")} == {
        "node_manager_address", "node_manager_leader", "node_manager_reachability",
    }  # fmt: skip
    assert labels(told)["node_engine_version"] == "24.0"


@pytest.mark.parametrize("broken", [[{"ID": 1}], [{"Endpoint": {"VirtualIPs": [{"Addr": "nowhere"}]}}]])
async def test_an_answer_that_makes_no_sense_is_a_fault_of_the_source(broken: Any, manual_clock: ManualClock) -> None:
    counts, known = DiscoveryCounts(), swarm()
    known.lists["/services"] = broken
    with serving(known) as host:
        config = DockerSwarmSDConfig(host=Url(host), role=SwarmRole("services"))
        async with listening(DockerSwarmDiscovery(config, parts(manual_clock, counts=counts)), manual_clock) as told:
            while not counts.refresh_failures["dockerswarm"]:
                await manual_clock.settle()
            assert list(counts.faults) == [f"dockerswarm_sd_configs: services of {host}"]
            assert told.news == []
