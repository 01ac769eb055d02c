from __future__ import annotations

import logging
from pathlib import Path
from typing import Any

import pytest

from engine.discovery.config import DockerFilter, DockerSDConfig
from engine.discovery.docker import DockerDiscovery
from engine.discovery.ports import DiscoveryCounts
from engine.foundation.values import Url
from engine.testing.manual_clock import ManualClock
from promql.model.durations import Duration
from tests.discovery.docker_daemon import Daemon, serving
from tests.discovery.listening import listening, parts

NETWORKS = [{"Id": "n1", "Name": "front", "Scope": "local", "Internal": False, "Labels": {"tier.of": "web"}}]


def container(name: str, ports: list[dict[str, Any]] | None = None, mode: str = "front", ip: str = "10.0.0.2") -> Any:
    return {
        "Id": f"id-of-{name}",
        "Names": [f"/{name}"],
        "Labels": {"com.docker.compose.service": name},
        "Ports": ports or [],
        "HostConfig": {"NetworkMode": mode},
        "NetworkSettings": {"Networks": {mode: {"NetworkID": "n1", "IPAddress": ip}}},
    }


def daemon(*containers: Any) -> Daemon:
    return Daemon({"/containers/json": list(containers), "/networks": NETWORKS})


WEB = container("web", [{"PrivatePort": 80, "PublicPort": 8080, "IP": "0.0.0.0", "Type": "tcp"}])


async def test_a_published_port_is_a_target_with_all_that_is_told_of_it(
    tmp_path: Path, manual_clock: ManualClock
) -> None:
    with serving(daemon(WEB), tmp_path / "docker.sock") as host:
        source = DockerDiscovery(DockerSDConfig(host=Url(host)), parts(manual_clock))
        async with listening(source, manual_clock) as told:
            await told.more()
    assert [dict(labels.pairs) for labels in told.groups["Docker"].targets] == [
        {
            "__address__": "10.0.0.2:80",
            "__meta_docker_container_id": "id-of-web",
            "__meta_docker_container_label_com_docker_compose_service": "web",
            "__meta_docker_container_name": "/web",
            "__meta_docker_container_network_mode": "front",
            "__meta_docker_network_id": "n1",
            "__meta_docker_network_ingress": "false",
            "__meta_docker_network_internal": "false",
            "__meta_docker_network_ip": "10.0.0.2",
            "__meta_docker_network_label_tier_of": "web",
            "__meta_docker_network_name": "front",
            "__meta_docker_network_scope": "local",
            "__meta_docker_port_private": "80",
            "__meta_docker_port_public": "8080",
            "__meta_docker_port_public_ip": "0.0.0.0",
        }
    ]


async def test_without_tcp_ports_the_configured_one_is_taken_and_on_the_hosts_network_the_named_host(
    manual_clock: ManualClock,
) -> None:
    udp = container("dns", [{"PrivatePort": 53, "Type": "udp"}])
    six = container("six", ip="fd00::2")
    with serving(daemon(udp, six, container("node", mode="host", ip=""))) as host:
        config = DockerSDConfig(host=Url(host), port=9100, host_networking_host="machine")
        async with listening(DockerDiscovery(config, parts(manual_clock)), manual_clock) as told:
            await told.more()
    assert told.addresses == ["10.0.0.2:9100", "[fd00::2]:9100", "machine"]


async def test_filters_are_sent_as_the_daemon_reads_them(manual_clock: ManualClock) -> None:
    known = daemon(WEB, container("other"))
    filters = (DockerFilter(name="label", values=("com.docker.compose.service=web", "x=y")),)
    with serving(known) as host:
        config = DockerSDConfig(host=Url(host), filters=filters)
        async with listening(DockerDiscovery(config, parts(manual_clock)), manual_clock) as told:
            await told.more()
    assert told.addresses == ["10.0.0.2:80"]


@pytest.mark.parametrize("version", ["1.24", "1.52"])
async def test_whatever_version_the_daemon_speaks_is_spoken(version: str, manual_clock: ManualClock) -> None:
    known = daemon(WEB)
    known.version = version
    with serving(known) as host:
        config = DockerSDConfig(host=Url(host.replace("tcp:", "http:")))
        async with listening(DockerDiscovery(config, parts(manual_clock)), manual_clock) as told:
            await told.more()
    assert told.addresses == ["10.0.0.2:80"]
    assert f"/v{version}/networks" in known.asked


async def test_a_daemon_that_fails_keeps_its_targets_and_its_error_is_shown_until_it_answers(
    manual_clock: ManualClock, caplog: pytest.LogCaptureFixture
) -> None:
    known, counts = daemon(WEB), DiscoveryCounts()
    with serving(known) as host:
        config = DockerSDConfig(host=Url(host), refresh_interval=Duration(60_000))
        async with listening(DockerDiscovery(config, parts(manual_clock, counts=counts)), manual_clock) as told:
            await told.more()
            known.complaint = "out of luck"
            with caplog.at_level(logging.ERROR):
                for failures in (1, 2):
                    await manual_clock.advance(60_000)
                    while counts.refresh_failures["docker"] < failures:
                        await manual_clock.settle()
            assert told.addresses == ["10.0.0.2:80"]
            assert counts.faults == {
                f"docker_sd_configs: {host}": "error while listing containers: Error response from daemon: out of luck"
            }
            assert len(caplog.records) == 1

            known.complaint, known.lists["/containers/json"] = "", []
            await manual_clock.advance(60_000)
            await told.more()
            assert told.addresses == []
            assert counts.faults == {}


async def test_a_socket_that_is_not_there_is_told_with_its_path(tmp_path: Path, manual_clock: ManualClock) -> None:
    counts, socket = DiscoveryCounts(), tmp_path / "none.sock"
    config = DockerSDConfig(host=Url(f"unix://{socket}"))
    async with listening(DockerDiscovery(config, parts(manual_clock, counts=counts)), manual_clock):
        while not counts.refresh_failures["docker"]:
            await manual_clock.settle()
        (fault,) = counts.faults.values()
    assert fault.endswith(f"dial unix {socket}: connect: no such file or directory")
    assert counts.faults == {}  # whoever is no longer asked has no fault


async def test_only_the_first_network_may_be_wanted(manual_clock: ManualClock) -> None:
    twice = container("web")
    twice["NetworkSettings"]["Networks"] = {
        "b": {"NetworkID": "n1", "IPAddress": "10.0.0.2"}, "a": {"IPAddress": "10.1.0.2"}, "0": None,
    }  # fmt: skip
    for first, addresses in ((False, ["10.1.0.2:80", "10.0.0.2:80"]), (True, ["10.1.0.2:80"])):
        with serving(daemon(twice)) as host:
            config = DockerSDConfig(host=Url(host), match_first_network=first)
            async with listening(DockerDiscovery(config, parts(manual_clock)), manual_clock) as told:
                await told.more()
        assert told.addresses == addresses
