"""promtool and amtool work against the engine as against the originals."""

from __future__ import annotations

import json
import subprocess
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.conftest import PROJECT
from tests.end_to_end.processes import ENGINE, fetch, fetch_json, free_port, running, wait_for
from tests.peers.alone import program

pytestmark = pytest.mark.peer

STACK = PROJECT / "examples" / "stack"


class Tools:
    """A running engine and the two tools pointed at it."""

    def __init__(self) -> None:
        self.ports = {name: free_port() for name in ("prometheus", "alertmanager", "node")}

    def url(self, component: str) -> str:
        return f"http://127.0.0.1:{self.ports[component]}"

    def promtool(self, *words: str) -> str:
        return run("promtool", "query", words[0], self.url("prometheus"), *words[1:])

    def amtool(self, *words: str) -> str:
        return run("amtool", f"--alertmanager.url={self.url('alertmanager')}", "--no-version-check", *words)


def run(*command: str) -> str:
    done = subprocess.run(command, capture_output=True, text=True, timeout=30, check=False)
    assert done.returncode == 0, done.stderr
    return done.stdout


@pytest.fixture(scope="module")
def tools(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Tools]:
    for name in ("promtool", "amtool"):
        program(name)
    made = Tools()
    log: Path = tmp_path_factory.mktemp("engine") / "log"
    flags = [f"--listen={name}=127.0.0.1:{port}" for name, port in made.ports.items()]
    config = str(STACK / "prometheus" / "prometheus.yml")
    with running([*ENGINE, "run", "--config", config, "--data-dir", ":memory:", *flags], log):
        wait_for("the engine", lambda: fetch(f"{made.url('prometheus')}/-/ready"))
        yield made


def test_promtool_queries_an_instant(tools: Tools) -> None:
    assert tools.promtool("instant", "vector(1) + 1").startswith("{} => 2 @[")


def test_promtool_queries_a_range(tools: Tools) -> None:
    printed = tools.promtool("range", "--start=100", "--end=130", "--step=15s", "time()")
    assert printed == "{} =>\n100 @[100]\n115 @[115]\n130 @[130]\n"


def test_promtool_lists_series_and_labels(tools: Tools) -> None:
    series = '{__name__="up", instance="node-exporter:9100", job="node"}'
    wait_for("the first scrape", lambda: series in tools.promtool("series", "--match=up"))
    assert "node" in tools.promtool("labels", "job").split()


def test_amtool_adds_and_shows_an_alert(tools: Tools) -> None:
    tools.amtool("alert", "add", "Disk", "severity=warning", "--annotation=summary=full")
    shown = json.loads(tools.amtool("alert", "-o", "json", "alertname=Disk"))
    assert shown[0]["labels"] == {"alertname": "Disk", "severity": "warning"}
    assert shown[0]["annotations"] == {"summary": "full"}


def test_amtool_adds_queries_and_expires_a_silence(tools: Tools) -> None:
    name = tools.amtool("silence", "add", "alertname=Disk", "--comment=known", "--author=me", "--duration=1h").strip()
    listed = json.loads(tools.amtool("silence", "query", "-o", "json"))
    assert [(s["id"], s["comment"], s["status"]["state"]) for s in listed] == [(name, "known", "active")]
    tools.amtool("silence", "expire", name)
    assert json.loads(tools.amtool("silence", "query", "-o", "json")) == []


def test_amtool_shows_the_configuration_and_its_routes(tools: Tools) -> None:
    assert "team" in tools.amtool("config", "show")
    assert "receiver: team" in tools.amtool("config", "routes", "show")


def test_the_tools_own_metrics_pages_parse(tools: Tools) -> None:
    for component in tools.ports:
        page = fetch(f"{tools.url(component)}/metrics")
        done = subprocess.run(
            ["promtool", "check", "metrics"], input=page, capture_output=True, timeout=30, check=False
        )
        assert b"error while linting" not in done.stderr, done.stderr.decode()
    assert fetch_json(f"{tools.url('prometheus')}/api/v1/status/buildinfo")["status"] == "success"
