"""Lines of a file, rules over them, and who hears of it: a real Alertmanager of alerts, a real Prometheus of samples."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from tests.end_to_end.processes import ENGINE, fetch, fetch_json, free_port, running, wait_for
from tests.peers.alone import program

pytestmark = pytest.mark.peer

LOKI = """
auth_enabled: false
ruler:
  alertmanager_url: http://127.0.0.1:%d
  evaluation_interval: 1s
  storage: {type: local, local: {directory: rules}}
  remote_write:
    enabled: true
    clients: {main: {url: "http://127.0.0.1:%d/api/v1/write", queue_config: {batch_send_deadline: 200ms}}}
"""
RULES = """
groups:
- name: g
  rules:
  - alert: Lines
    expr: sum by (job) (count_over_time({job="app"}[30m])) == 3
    annotations: {said: '{{ $value }} lines'}
  - {record: app:lines, expr: 'sum by (job) (count_over_time({job="app"}[30m]))'}
"""
PROMTAIL = """
clients: [{url: 'http://loki:3100/loki/api/v1/push'}]
scrape_configs:
- job_name: app
  static_configs: [{targets: [localhost], labels: {job: app, __path__: '%s'}}]
"""
PORTS = [word for name in ("prometheus", "loki", "promtail") for word in ("--listen", f"{name}=127.0.0.1:0")]


def test_a_real_alertmanager_and_a_real_prometheus_hear_of_rules_over_lines(tmp_path: Path) -> None:
    telling, keeping = free_port(), free_port()
    (tmp_path / "rules" / "fake").mkdir(parents=True)
    (tmp_path / "rules" / "fake" / "app.yml").write_text(RULES)
    (tmp_path / "loki.yaml").write_text(LOKI % (telling, keeping))
    (tmp_path / "promtail.yml").write_text(PROMTAIL % (tmp_path / "app.log"))
    (tmp_path / "app.log").write_text("one\ntwo\nthree\n")
    (tmp_path / "empty.yml").write_text("")
    (tmp_path / "am.yml").write_text("{route: {receiver: a}, receivers: [{name: a}]}")
    alertmanager = [
        program("prometheus-alertmanager"), f"--config.file={tmp_path / 'am.yml'}", "--cluster.listen-address=",
        f"--storage.path={tmp_path / 'am'}", f"--web.listen-address=127.0.0.1:{telling}",
    ]  # fmt: skip
    prometheus = [
        program("prometheus"), f"--config.file={tmp_path / 'empty.yml'}", f"--storage.tsdb.path={tmp_path / 'real'}",
        f"--web.listen-address=127.0.0.1:{keeping}", "--web.enable-remote-write-receiver",
    ]  # fmt: skip
    engine = [
        *ENGINE, "run", "--loki-config", "loki.yaml", "--promtail-config", "promtail.yml", "--data-dir", "data",
        "--ready-file", "ready", *PORTS,
    ]  # fmt: skip
    with running(alertmanager, tmp_path / "am.log"), running(prometheus, tmp_path / "real.log"):
        wait_for("Prometheus", lambda: fetch(f"http://127.0.0.1:{keeping}/-/ready"))
        wait_for("Alertmanager", lambda: fetch(f"http://127.0.0.1:{telling}/-/ready"))
        with running(engine, tmp_path / "ours.log", cwd=tmp_path):
            (alert,) = wait_for("the alert", lambda: fetch_json(f"http://127.0.0.1:{telling}/api/v2/alerts"))
            assert (alert["labels"], alert["annotations"]) == (
                {"alertname": "Lines", "job": "app"},
                {"said": "3 lines"},
            )
            query = 'app:lines{job="app"} == 3'
            wait_for(
                "the sample",
                lambda: fetch_json(f"http://127.0.0.1:{keeping}/api/v1/query", query=query)["data"]["result"],
            )
            loki = wait_for("the engine", lambda: json.loads((tmp_path / "ready").read_text()))["loki"]
            (known,) = fetch_json(f"http://{loki}/prometheus/api/v1/alerts")["data"]["alerts"]
            assert (known["state"], known["labels"]) == ("firing", alert["labels"])
