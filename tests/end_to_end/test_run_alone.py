"""`engine run` in a folder without any configuration, with files that are followed, and alerts that are seen."""

from __future__ import annotations

import json
from pathlib import Path

from tests.end_to_end.processes import ANYWHERE, ENGINE, fetch_json, running, wait_for

RULES = """
groups:
- name: g
  interval: 1s
  rules:
  - alert: Always
    expr: vector(1)
    annotations: {summary: it is so}
"""


def ports_of(ready: Path) -> dict[str, str]:
    return wait_for("the engine", lambda: json.loads(ready.read_text()) if ready.exists() else None)


def test_an_empty_folder_gives_the_machine_and_the_files_that_are_named(tmp_path: Path) -> None:
    (tmp_path / "logs").mkdir()
    (tmp_path / "app.log").write_text("first\n")
    (tmp_path / "logs" / "worker.log").write_text("second\n")
    command = [*ENGINE, "run", "app.log", "logs/*.log", "later.log", "--ready-file", "ready", *ANYWHERE]
    with running(command, tmp_path / "log.txt", cwd=tmp_path):
        ports = ports_of(tmp_path / "ready")
        (tmp_path / "later.log").write_text("third\n")

        def lines() -> dict[str, str] | None:
            found = fetch_json(f"http://{ports['loki']}/loki/api/v1/query_range", query='{job=~".+"}')["data"]["result"]
            told = {one["stream"]["job"]: one["values"][0][1] for one in found}
            return told if len(told) == 3 else None

        assert wait_for("the lines", lines) == {"app": "first", "logs": "second", "later": "third"}
        targets = fetch_json(f"http://{ports['prometheus']}/api/v1/targets")["data"]["activeTargets"]
        assert {one["labels"]["job"] for one in targets} == {"prometheus", "node"}
    told = (tmp_path / "log.txt").read_text()
    assert "this engine and this machine are watched" in told
    assert "later.log once it is there" in told


def test_an_alert_is_seen_in_the_terminal_without_any_alertmanager(tmp_path: Path) -> None:
    (tmp_path / "prometheus.yml").write_text("rule_files: [rules.yml]\n")
    (tmp_path / "rules.yml").write_text(RULES)
    log = tmp_path / "log.txt"
    with running([*ENGINE, "run", "--data-dir", ":memory:", *ANYWHERE], log, cwd=tmp_path):
        wait_for("the alert", lambda: "firing: Always: it is so" in log.read_text())
    assert "prometheus.yml of this folder" in log.read_text()
