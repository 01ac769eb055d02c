"""Exporters that run alone, scraped by the real Prometheus."""

from __future__ import annotations

import sys
from collections.abc import Iterator
from contextlib import ExitStack
from pathlib import Path

import pytest

from tests.end_to_end.processes import ENGINE, fetch, fetch_json, free_port, running, wait_for
from tests.peers.alone import prometheus

pytestmark = [
    pytest.mark.peer,
    pytest.mark.skipif(not sys.platform.startswith("linux"), reason="cAdvisor and process exporter read Linux's files"),
]
FLAGS = {
    "node": ("--collector.textfile.directory=", "--no-collector.hwmon", "--web.telemetry-path=/telemetry"),
    "cadvisor": ("--housekeeping_interval=10s", "--docker_only"),
    "process": ("--match", "engine exporter node"),
}
PATHS = {"node": "/telemetry"}


@pytest.fixture(scope="module")
def real(tmp_path_factory: pytest.TempPathFactory) -> Iterator[int]:
    """The port of a Prometheus that scrapes all three."""
    folder = tmp_path_factory.mktemp("alone")
    with ExitStack() as stack:
        jobs = []
        for name, flags in FLAGS.items():
            port = free_port()
            command = [*ENGINE, "exporter", name, "--listen", f"127.0.0.1:{port}", *flags]
            stack.enter_context(running(command, folder / f"{name}.log"))
            path = PATHS.get(name, "/metrics")
            wait_for(name, lambda port=port, path=path: fetch(f"http://127.0.0.1:{port}{path}"))
            jobs.append(
                f"{{job_name: {name}, metrics_path: {path}, static_configs: [{{targets: ['127.0.0.1:{port}']}}]}}"
            )
        config = f"{{global: {{scrape_interval: 500ms}}, scrape_configs: [{', '.join(jobs)}]}}"
        yield stack.enter_context(prometheus(folder, config))


def asked(port: int, query: str) -> list[dict[str, object]]:
    found: list[dict[str, object]] = fetch_json(f"http://127.0.0.1:{port}/api/v1/query", query=query)["data"]["result"]
    return found


def series(port: int, query: str) -> int:
    """How many there are, once there is one."""
    return wait_for(query, lambda: len(asked(port, query)))


@pytest.mark.parametrize("name", sorted(FLAGS))
def test_it_is_scraped(real: int, name: str, tmp_path: Path) -> None:
    assert series(real, f'up{{job="{name}"}} == 1') == 1


@pytest.mark.parametrize(
    "query",
    [
        'node_memory_MemTotal_bytes{job="node"}',
        'rate(node_cpu_seconds_total{job="node", mode="idle"}[1m])',
        'node_scrape_collector_success{collector="stat"} == 1',
        'process_resident_memory_bytes{job="node"}',
        'container_memory_working_set_bytes{id="/"}',
        "machine_memory_bytes > 0",
        'namedprocess_namegroup_num_procs{groupname="engine exporter node"} == 1',
        'namedprocess_namegroup_memory_bytes{memtype="resident"} > 0',
    ],
)
def test_what_it_tells_can_be_asked_for(real: int, query: str) -> None:
    assert series(real, query) > 0


def test_what_was_switched_off_is_not_told(real: int) -> None:
    assert series(real, "node_scrape_collector_success") > 10
    assert asked(real, 'node_scrape_collector_success{collector="hwmon"}') == []
    assert asked(real, 'container_last_seen{id!="/", name=""}') == []


def test_the_targets_say_what_the_families_are(real: int) -> None:
    wanted = {
        "node_cpu_seconds_total": "counter",
        "container_memory_rss": "gauge",
        "namedprocess_namegroup_states": "gauge",
    }
    for metric, kind in wanted.items():
        found = wait_for(
            metric, lambda metric=metric: fetch_json(f"http://127.0.0.1:{real}/api/v1/metadata", metric=metric)["data"]
        )
        assert found[metric][0]["type"] == kind
