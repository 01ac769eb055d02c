"""The pieces of configuration that the guide shows beside its files, put where they belong, all running together."""

from __future__ import annotations

import shutil
from pathlib import Path
from subprocess import run
from typing import Any, Final

import yaml

from tests.end_to_end.processes import ENGINE, fetch, fetch_json, free_port, running, wait_for

PARTS: Final = {
    "storage-optimised.prometheus.yml": "prometheus/prometheus.yml",
    "service-discovery-kubernetes.prometheus.yml": "prometheus/prometheus.yml",
    "slack-receiver.alertmanager.yml": "alertmanager/config.yml",
    "pagerduty-receiver.alertmanager.yml": "alertmanager/config.yml",
    "throughput.alertmanager.yml": "alertmanager/config.yml",
    "limits.loki.yml": "loki/local-config.yaml",
    "limits.promtail.yml": "promtail/config.yml",
}
COMPONENTS: Final = ("prometheus", "alertmanager", "loki", "promtail", "grafana", "node", "cadvisor", "blackbox")


def merged(one: Any, other: Any) -> Any:
    """Lists put together, mappings key by key; else what is new."""
    if isinstance(one, dict) and isinstance(other, dict):
        return {**one, **{key: merged(one.get(key), value) for key, value in other.items()}}
    return [*one, *other] if isinstance(one, list) and isinstance(other, list) and one != other else other


def test_every_piece_of_the_guide_runs_in_its_place(guide: Path, tmp_path: Path) -> None:
    home = tmp_path / "monorepo"
    shutil.copytree(guide / "monorepo", home)
    assert {path.name for path in (guide / "snippets").glob("*.yml")} == set(PARTS)
    for name, place in PARTS.items():
        whole = merged(
            yaml.safe_load((home / place).read_text()), yaml.safe_load((guide / "snippets" / name).read_text())
        )
        (home / place).write_text(yaml.safe_dump(whole))
    shutil.copy(guide / "snippets" / "grafana.ini", home / "grafana" / "grafana.ini")
    checked = run([*ENGINE, "check", *sorted(set(PARTS.values()))], cwd=home, capture_output=True, text=True, timeout=60, check=False)  # fmt: skip
    assert "refused" not in checked.stdout, checked.stdout

    ports = {name: free_port() for name in COMPONENTS}
    listen = [word for name, port in ports.items() for word in ("--listen", f"{name}=127.0.0.1:{port}")]
    command = [*ENGINE, "run", "--config", "prometheus/prometheus.yml", "--ready-file", "ready", *listen]

    def told(component: str, path: str) -> Any:
        return fetch_json(f"http://127.0.0.1:{ports[component]}{path}")

    with running(command, tmp_path / "log", cwd=home):
        wait_for("the engine", (home / "ready").exists)
        prometheus = told("prometheus", "/api/v1/status/runtimeinfo")["data"]
        assert prometheus["storageRetention"] == "15d or 50GiB"
        assert "kubernetes-pods" in told("prometheus", "/api/v1/status/config")["data"]["yaml"]
        alertmanager = told("alertmanager", "/api/v2/status")["config"]["original"]
        assert all(f"name: {name}" in alertmanager for name in ("slack-alerts", "pagerduty", "team-pager"))
        loki = fetch(f"http://127.0.0.1:{ports['loki']}/config").decode()
        assert all(f"{key}\n" in loki for key in ("ingestion_rate_mb: 10.0", "max_entries_limit_per_query: 10000", "max_concurrent_tail_requests: 20"))  # fmt: skip
        promtail = fetch(f"http://127.0.0.1:{ports['promtail']}/config").decode()
        assert all(f"{key}\n" in promtail for key in ("max_batch_size: 1048576", "max_batch_wait: 1s", "max_label_value_length: 2048"))  # fmt: skip
        assert told("grafana", "/api/health")["database"] == "ok"
