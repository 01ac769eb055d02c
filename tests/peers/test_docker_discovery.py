"""A Docker daemon and a swarm, followed by Prometheus and by the engine to the same targets."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any, Final

import pytest

from tests.discovery.docker_daemon import Daemon, serving
from tests.end_to_end.processes import fetch_json, wait_for
from tests.peers.alone import both

pytestmark = pytest.mark.peer
JOB: Final = "- job_name: {name}\n  {kind}_sd_configs: [{{host: '{host}', refresh_interval: 1s, {more}}}]\n"


def read(folder: Path, *paths: str) -> dict[str, list[Any]]:
    return {f"/{path}": json.loads((folder / f"{path}.json").read_text()) for path in paths}


def jobs(docker: str, socket: str, swarm: str) -> str:
    wanted = [
        JOB.format(name="docker", kind="docker", host=docker, more="port: 9100"),
        JOB.format(
            name="socket", kind="docker", host=socket, more="filters: [{name: label, values: ['maintainer=x']}]"
        ),
        *(
            JOB.format(name=role, kind="dockerswarm", host=swarm, more=f"role: {role}")
            for role in ("services", "tasks", "nodes")
        ),
    ]
    return "global: {scrape_interval: 1h}\nscrape_configs:\n" + "".join(wanted)


def targets(port: int) -> list[Any]:
    data = fetch_json(f"http://127.0.0.1:{port}/api/v1/targets")["data"]
    return sorted(((one["scrapePool"], one["discoveredLabels"]) for one in data["activeTargets"]), key=str)


def test_both_find_the_same_targets_of_daemons_and_swarms(tmp_path: Path, conformance: Path) -> None:
    folder = conformance / "prometheus" / "moby"
    containers = json.loads((folder / "dockerprom" / "containers" / "json_limit_0.json").read_text())
    docker = Daemon({"/containers/json": containers, **read(folder / "dockerprom", "networks")})
    swarm = Daemon(read(folder / "swarmprom", "networks", "nodes", "services", "tasks"))
    socket = tmp_path / "docker.sock"
    with serving(docker) as at, serving(docker, socket) as on_socket, serving(swarm) as of_swarm:
        config = jobs(at, on_socket, of_swarm.replace("tcp:", "http:"))
        with both(tmp_path, config) as (real, ours):

            def agreed() -> list[Any] | None:
                theirs = targets(real)
                pools = {pool for pool, _ in theirs}
                return theirs if {"docker", "services", "tasks", "nodes"} <= pools and targets(ours) == theirs else None

            try:
                found = wait_for("the same targets", agreed)
            except AssertionError:
                assert targets(ours) == targets(real)
                raise
    assert len(found) > 20
