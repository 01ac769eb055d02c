"""The same files and services of targets, followed by Prometheus and by the engine."""

from __future__ import annotations

import json
from http.server import BaseHTTPRequestHandler
from pathlib import Path
from typing import Any, Final

import pytest

from tests.end_to_end.processes import fetch_json, serving, wait_for
from tests.peers.alone import both

pytestmark = pytest.mark.peer
CONFIG: Final = """
global: {scrape_interval: 1h}
scrape_configs:
- job_name: files
  file_sd_configs: [{files: ['PLACE/*.json', 'PLACE/groups.yml']}]
  relabel_configs: [{source_labels: [zone], regex: far, action: drop}]
- job_name: service
  http_sd_configs: [{url: 'URL', refresh_interval: 1s}]
"""


class Service(BaseHTTPRequestHandler):
    body: bytes = b"[]"

    def do_GET(self) -> None:
        self.send_response(200)
        self.send_header("Content-Type", "application/json")
        self.end_headers()
        self.wfile.write(type(self).body)

    def log_message(self, *args: Any) -> None:
        """Quiet."""


def groups(*named: tuple[str, str]) -> str:
    return json.dumps([{"targets": [address], "labels": {"zone": zone}} for address, zone in named])


def targets(port: int) -> tuple[list[Any], list[Any]]:
    """What discovery found: by job and URL, and what relabelling dropped."""
    data = fetch_json(f"http://127.0.0.1:{port}/api/v1/targets")["data"]
    active = [(one["scrapePool"], one["scrapeUrl"], one["discoveredLabels"]) for one in data["activeTargets"]]
    return sorted(active, key=str), sorted((one["discoveredLabels"] for one in data["droppedTargets"]), key=str)


def test_both_follow_files_and_services_to_the_same_targets(tmp_path: Path) -> None:
    (tmp_path / "a.json").write_text(groups(("a:1", "near"), ("b:1", "far")))
    (tmp_path / "groups.yml").write_text("- targets: ['c:1', 'd:1']\n  labels: {zone: near}\n- targets: ['e:1']\n")
    Service.body = groups(("f:1", "near")).encode()
    with serving(Service) as address:
        config = CONFIG.replace("PLACE", str(tmp_path)).replace("URL", f"http://{address}/targets")
        with both(tmp_path, config) as (real, ours):

            def agreed(active: int, dropped: int) -> bool:
                theirs = targets(real)
                return (len(theirs[0]), len(theirs[1])) == (active, dropped) and targets(ours) == theirs

            wait_for("five targets and one dropped", lambda: agreed(5, 1))
            (tmp_path / "a.json").write_text(groups(("a:2", "near"), ("b:2", "near")))
            (tmp_path / "groups.yml").unlink()
            (tmp_path / "b.json").write_text("[{")  # never right: no targets, and no harm to the others
            Service.body = groups(("f:2", "near"), ("g:1", "near")).encode()
            wait_for("the news of files and service", lambda: agreed(4, 0))
