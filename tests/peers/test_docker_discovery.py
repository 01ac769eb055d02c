"""A Docker daemon and a swarm, followed by Prometheus and by the engine to the same targets."""

from __future__ import annotations

import json
import shutil
from pathlib import Path
from typing import Any, Final

import pytest

from tests.discovery.docker_daemon import Daemon, serving
from tests.end_to_end.processes import ENGINE, fetch_json, free_port, running, wait_for

PROMETHEUS: Final = shutil.which("prometheus")
pytestmark = [
    pytest.mark.peer,
    pytest.mark.skipif(PROMETHEUS is None, reason="prometheus is not installed"),
]
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
    real, ours = free_port(), free_port()
    socket = tmp_path / "docker.sock"
    with serving(docker) as at, serving(docker, socket) as on_socket, serving(swarm) as of_swarm:
        config = tmp_path / "prometheus.yml"
        config.write_text(jobs(at, on_socket, of_swarm.replace("tcp:", "http:")))
        original = [
            str(PROMETHEUS), f"--web.listen-address=127.0.0.1:{real}", "--config.file=prometheus.yml",
            "--storage.tsdb.path=data", "--log.level=error",
        ]  # fmt: skip
        engine = [
            *ENGINE, "run", "--config", str(config), "--data-dir", ":memory:", "--no-translate",
            f"--listen=prometheus=127.0.0.1:{ours}", "--listen=node=off",
        ]  # fmt: skip
        with running(original, tmp_path / "p.log", tmp_path), running(engine, tmp_path / "e.log"):

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
