"""The guide's compose file, without Docker: its components, its files, its paths."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from tests.end_to_end.processes import ANYWHERE, ENGINE, fetch, fetch_json, running, wait_for

COMPONENTS = ("prometheus", "alertmanager", "node", "cadvisor", "blackbox", "loki", "promtail")


def test_what_the_guides_compose_file_describes_runs_in_one_process(guide: Path, tmp_path: Path) -> None:
    compose, ready = guide / "monorepo" / "docker-compose.monitoring.yml", tmp_path / "ready"
    command = [*ENGINE, "run", "--compose", str(compose), "--data-dir", str(tmp_path / "data"), "--ready-file", str(ready), *ANYWHERE]  # fmt: skip
    with running(command, tmp_path / "log"):
        ports = wait_for("the engine", lambda: json.loads(ready.read_text()) if ready.exists() else None)
        assert set(ports) >= set(COMPONENTS)
        groups = fetch_json(f"http://{ports['prometheus']}/api/v1/rules")["data"]["groups"]
        assert sum(len(group["rules"]) for group in groups) == 4
        assert b"ready" in wait_for("Loki", lambda: fetch(f"http://{ports['loki']}/ready"))
        assert b"node_filesystem_size_bytes" in fetch(f"http://{ports['node']}/metrics")
        assert fetch_json(f"http://{ports['alertmanager']}/api/v2/status")["versionInfo"]
        log = (tmp_path / "log").read_text()
        assert "no volume holds /etc/prometheus/rules/*.yml" in log
        assert "/etc/alertmanager/config.yml is taken for it" in log


@pytest.mark.parametrize(
    ("text", "words"),
    [("services: {db: {image: postgres}}", "none of its services"), ("services: {p: {image: prom/prometheus}}", "is not mounted")],
)  # fmt: skip
def test_a_compose_file_that_is_of_no_use_is_one_line(tmp_path: Path, text: str, words: str) -> None:
    (tmp_path / "compose.yml").write_text(text)
    with running([*ENGINE, "run", "--compose", "compose.yml"], tmp_path / "log", cwd=tmp_path) as process:
        assert process.wait(30) == 2
    log = (tmp_path / "log").read_text()
    assert words in log
    assert "Traceback" not in log
