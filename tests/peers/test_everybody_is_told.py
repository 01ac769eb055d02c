"""Several Alertmanagers each hear of every alert, and several Lokis each get every line."""

from __future__ import annotations

import time
from contextlib import ExitStack
from pathlib import Path
from typing import Final

import pytest

from tests.end_to_end.processes import ENGINE, fetch, fetch_json, free_port, running, wait_for
from tests.peers.alone import engine, program

pytestmark = pytest.mark.peer
ROUTES: Final = "route: {receiver: nobody}\nreceivers: [{name: nobody}]\n"
CONFIG: Final = """
rule_files: [{rules}]
alerting: {{alertmanagers: [{{static_configs: [{{targets: ["127.0.0.1:{one}", "127.0.0.1:{two}"]}}]}}]}}
"""
RULES: Final = (
    'groups: [{name: g, interval: 1s, rules: [{alert: A, expr: vector(1)}, {alert: B, expr: "label_replace(vector(2),'
    " 'x', 'y', '', '')\"}]}]"
)
PROMTAIL: Final = """
positions: {{filename: {folder}/positions.yml}}
clients:
  - {{url: "http://127.0.0.1:{one}/loki/api/v1/push", batchwait: 100ms}}
  - {{url: "http://127.0.0.1:{two}/loki/api/v1/push", batchwait: 100ms, external_labels: {{to: two}}}}
scrape_configs:
  - job_name: app
    static_configs: [{{targets: [localhost], labels: {{job: app, __path__: {folder}/app.log}}}}]
"""
LOKI: Final = """
auth_enabled: false
server: {{http_listen_port: {port}}}
schema_config: {{configs: [{{from: 2020-10-24, store: boltdb-shipper, object_store: filesystem, schema: v11, index: {{prefix: i_, period: 24h}}}}]}}
"""


def test_each_of_two_alertmanagers_hears_of_every_alert(tmp_path: Path) -> None:
    (tmp_path / "am.yml").write_text(ROUTES)
    (tmp_path / "rules.yml").write_text(RULES)
    ports = free_port(), free_port()
    with ExitStack() as stack:
        for port in ports:
            command = [
                program("prometheus-alertmanager"), f"--config.file={tmp_path / 'am.yml'}", "--cluster.listen-address=",
                f"--storage.path={tmp_path / str(port)}", f"--web.listen-address=127.0.0.1:{port}",
            ]  # fmt: skip
            stack.enter_context(running(command, tmp_path / f"{port}.log"))
            wait_for("an Alertmanager", lambda port=port: fetch(f"http://127.0.0.1:{port}/-/ready"))
        config = CONFIG.format(rules=tmp_path / "rules.yml", one=ports[0], two=ports[1])
        stack.enter_context(engine(tmp_path, "--no-translate", "--listen=node=off", config=config))
        for port in ports:
            wait_for("both alerts", lambda port=port: _alerts(port) == {"A", "B"})


def test_each_of_two_lokis_gets_every_line(tmp_path: Path) -> None:
    ports, own = (free_port(), free_port()), free_port()
    lines = [f"line {number}" for number in range(500)]
    with ExitStack() as stack:
        for port in ports:
            (tmp_path / f"loki-{port}.yml").write_text(LOKI.format(port=port))
            command = [*ENGINE, "run", f"--loki-config={tmp_path / f'loki-{port}.yml'}", f"--data-dir={tmp_path / str(port)}", f"--listen=loki=127.0.0.1:{port}", "--listen=prometheus=off"]  # fmt: skip
            stack.enter_context(running(command, tmp_path / f"{port}.log", cwd=tmp_path))
            wait_for("a Loki", lambda port=port: fetch(f"http://127.0.0.1:{port}/ready"))
        (tmp_path / "promtail.yml").write_text(PROMTAIL.format(folder=tmp_path, one=ports[0], two=ports[1]))
        command = [*ENGINE, "run", f"--promtail-config={tmp_path / 'promtail.yml'}", f"--data-dir={tmp_path / 'tail'}", f"--listen=promtail=127.0.0.1:{own}", "--listen=prometheus=off"]  # fmt: skip
        (tmp_path / "app.log").write_text("".join(f"{line}\n" for line in lines[:250]))
        stack.enter_context(running(command, tmp_path / "tail.log", cwd=tmp_path))
        with (tmp_path / "app.log").open("a") as file:
            file.writelines(f"{line}\n" for line in lines[250:])
        for port, selector in zip(ports, ('{job="app"}', '{job="app",to="two"}'), strict=True):
            wait_for("all lines", lambda port=port, selector=selector: _lines(port, selector) == sorted(lines))


def _alerts(port: int) -> set[str]:
    return {one["labels"]["alertname"] for one in fetch_json(f"http://127.0.0.1:{port}/api/v2/alerts")}


def _lines(port: int, selector: str) -> list[str]:
    start = str(int(time.time() - 3600) * 1_000_000_000)
    found = fetch_json(
        f"http://127.0.0.1:{port}/loki/api/v1/query_range", query=selector, start=start, limit="5000"
    )["data"]["result"]  # fmt: skip
    return sorted(line for stream in found for _, line in stream["values"])
