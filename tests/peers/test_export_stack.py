"""What `engine export stack` writes is taken by the originals' own tools, and by our check of whole stacks."""

from __future__ import annotations

import json
import subprocess
from pathlib import Path
from typing import Any, Final

import pytest
import yaml

from engine.config.stack.check import check_stack
from engine.foundation.source import Severity
from tests.end_to_end.processes import ENGINE, fetch_json
from tests.peers.alone import engine, program, prometheus
from tests.remote.client import labels, series, write

pytestmark = pytest.mark.peer
OWN: Final = """
# the team's own words
storage:
  tsdb:
    path: /somewhere
    retention.time: 3d
    out_of_order_time_window: 5m
rule_files: [rules/*.yml, /srv/more.yml]
scrape_config_files: [more/*.yml]
alerting:
  alertmanagers: [{static_configs: [{targets: ["localhost:9093"]}]}]
scrape_configs:
  - job_name: me
    static_configs: [{targets: ["localhost:9090"]}]
  - job_name: machine
    static_configs: [{targets: ["127.0.0.1:9100", "localhost:7777", "api:8000"]}]
  - job_name: secret
    authorization: {credentials_file: token}
    static_configs: [{targets: ["node-exporter:9100", "far.example.com:443"]}]
"""
ROUTES: Final = """
route: {receiver: team}
receivers:
  - name: team
    webhook_configs:
      - url: http://hooks:5001/
        http_config:
          idle_conn_timeout: 30s
          follow_redirects: false
"""
RULES: Final = "groups: [{name: g, rules: [{alert: Down, expr: up == 0}]}]\n"


def exported(to: Path, *words: str) -> tuple[str, dict[str, Any]]:
    done = subprocess.run(
        [*ENGINE, "export", "stack", *words, str(to)], capture_output=True, text=True, check=False, timeout=120
    )
    assert done.returncode == 0, done.stderr
    return done.stdout, yaml.safe_load((to / "docker-compose.yml").read_text())


def accepted(*words: str) -> None:
    done = subprocess.run([program(words[0]), *words[1:]], capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stdout + done.stderr


def nothing_is_found(to: Path) -> None:
    assert [str(found) for found in check_stack(to).findings if found.fatal or found.severity is Severity.LINT] == []


@pytest.mark.parametrize("how", ["--config", "--compose"])
def test_the_guides_stack_is_taken_by_the_originals_with_all_findings_solved(
    how: str, guide: Path, tmp_path: Path
) -> None:
    file = guide / "monorepo" / ("prometheus/prometheus.yml" if how == "--config" else "docker-compose.monitoring.yml")
    to = tmp_path / "out"
    told, compose = exported(to, how, str(file))
    accepted("promtool", "check", "config", str(to / "prometheus/prometheus.yml"))
    accepted("promtool", "check", "rules", *map(str, (to / "prometheus/rules").iterdir()))
    accepted("amtool", "check-config", str(to / "alertmanager/alertmanager.yml"))
    nothing_is_found(to)
    assert "./prometheus/rules:/etc/prometheus/rules:ro" in compose["services"]["prometheus"]["volumes"]
    assert compose["services"]["prometheus"]["extra_hosts"] == ["backend-api:host-gateway"]
    assert "backend-api leads to the machine" in told
    assert "backend-api leads to the machine" in (to / "README.md").read_text()
    if how == "--compose":
        assert "solved: rule_files[0]" in told
        assert "--web.enable-lifecycle" in compose["services"]["prometheus"]["command"]
        assert "/var/run/docker.sock is mounted (promtail)" in told
        assert "--path.rootfs=/rootfs (node-exporter) is added" in told


def test_what_works_here_alone_is_put_right_and_told(tmp_path: Path) -> None:
    here, to = tmp_path / "here", tmp_path / "out"
    for name, text in (
        ("prometheus.yml", OWN.replace("/srv", str(here))), ("rules/a.yml", RULES), ("more.yml", RULES.replace("g,", "h,").replace("Down", "Gone")),
        ("token", "secret"), ("more/jobs.yml", "scrape_configs: []\n"), ("alertmanager.yml", ROUTES),
    ):  # fmt: skip
        (here / name).parent.mkdir(parents=True, exist_ok=True)
        (here / name).write_text(text)
    told, compose = exported(to, "--config", str(here / "prometheus.yml"))
    text = (to / "prometheus/prometheus.yml").read_text()
    assert "# the team's own words" in text
    assert "out_of_order_time_window: 5m" in text
    assert "/somewhere" not in text
    assert '["localhost:9090"]' in text
    assert '["node-exporter:9100", "host.docker.internal:7777", "api:8000"]' in text
    assert '["alertmanager:9093"]' in text
    services = compose["services"]
    assert services["prometheus"]["image"] == "prom/prometheus:v2.43.0"  # which is the first with scrape_config_files
    assert "--storage.tsdb.retention.time=3d" in services["prometheus"]["command"]
    assert services["prometheus"]["extra_hosts"] == ["api:host-gateway", "host.docker.internal:host-gateway"]
    assert (to / "prometheus/token").read_text() == "secret"
    assert any(volume.endswith(f":{here}/more.yml:ro") for volume in services["prometheus"]["volumes"])
    assert set(services) == {"prometheus", "alertmanager", "node-exporter"}
    for word in ("storage.tsdb.path", "idle_conn_timeout", "localhost:7777 is host.docker.internal:7777"):
        assert word in told
    older = to / "prometheus/older.yml"
    older.write_text(text.replace("scrape_config_files: [more/*.yml]\n", ""))
    accepted("promtool", "check", "config", "--syntax-only", str(older))
    accepted("amtool", "check-config", str(to / "alertmanager/alertmanager.yml"))
    assert "nothing that a check of the files can see" in (to / "README.md").read_text()


def test_history_is_taken_along_as_blocks_that_the_original_opens(tmp_path: Path) -> None:
    (tmp_path / "p.yml").write_text("")
    start = 1_700_000_000_000
    with engine(tmp_path, "--web.enable-remote-write-receiver") as port:
        samples = [(start + at * 15_000, float(at)) for at in range(500)]
        assert write(port, [series(labels({"__name__": "m", "a": "1"}), *samples)]).status == 204
    to = tmp_path / "out"
    _, compose = exported(to, "--config", str(tmp_path / "p.yml"), "--data-dir", str(tmp_path / "ours"))
    assert "./prometheus-data:/prometheus" in compose["services"]["prometheus"]["volumes"]
    blocks = [path for path in (to / "prometheus-data").iterdir() if (path / "meta.json").is_file()]
    assert sum(json.loads((path / "meta.json").read_text())["stats"]["numSamples"] for path in blocks) == 500
    folder = tmp_path / "real-one"
    folder.mkdir()
    (to / "prometheus-data").rename(folder / "real")
    with prometheus(folder, "", "--storage.tsdb.retention.time=20y") as real:
        found = fetch_json(
            f"http://127.0.0.1:{real}/api/v1/query", query="m[3h]", time=str((start + 500 * 15_000) / 1000)
        )
        assert len(found["data"]["result"][0]["values"]) == 500


def test_a_folder_with_something_in_it_is_not_touched(tmp_path: Path) -> None:
    (tmp_path / "p.yml").write_text("")
    done = subprocess.run(
        [*ENGINE, "export", "stack", "--config", str(tmp_path / "p.yml"), str(tmp_path)],
        capture_output=True, text=True, check=False,
    )  # fmt: skip
    assert done.returncode == 2
    assert "is not empty" in done.stderr
    assert [path.name for path in tmp_path.iterdir()] == ["p.yml"]


@pytest.mark.parametrize("there", [True, False])
def test_what_goes_wrong_leaves_nothing_behind_and_is_told(there: bool, tmp_path: Path) -> None:
    (tmp_path / "p.yml").write_text("rule_files: [r.yml]")
    (tmp_path / "r.yml").write_text(RULES)
    (tmp_path / "file").write_text("")
    to = tmp_path / "out"
    if there:
        to.mkdir()
    for words, told in (
        (["--data-dir", str(tmp_path / "none"), str(to)], "none: there is no store here"),
        ([str(tmp_path / "file" / "out")], "file/out: Not a directory"),
    ):
        done = subprocess.run(
            [*ENGINE, "export", "stack", "--config", str(tmp_path / "p.yml"), *words],
            capture_output=True, text=True, check=False,
        )  # fmt: skip
        assert (done.returncode, "Traceback" in done.stderr) == (2, False)
        assert told in done.stderr
    assert list(to.iterdir()) == [] if there else not to.exists()
