"""The demo's back end beside the engine, from an empty folder: everything that is asked of it has an answer."""

from __future__ import annotations

import json
import os
import shutil
import signal
import subprocess
import sys
from collections.abc import Iterator
from contextlib import ExitStack
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest
import yaml

from promql.syntax.ast import Binary, NumberLiteral
from promql.syntax.parser import parse
from promql.syntax.printer import print_expr
from tests.end_to_end.guide_stack import rewrite
from tests.end_to_end.processes import ANYWHERE, ENGINE, fetch, fetch_json, free_port, running, wait_for

DEMO = Path(__file__).resolve().parents[2] / "examples" / "demo"
BOARDS = [file.stem for file in sorted((DEMO / "grafana" / "dashboards").glob("*.json"))]
FULL = ("series", "values", "columns", "counts", "slices", "rows", "lines")
"""Where a drawn panel of each kind has its data."""
COMPARISONS = {"==", "!=", ">", "<", ">=", "<="}


@dataclass
class Stack:
    """Where the engine and the back end answer."""

    engine: str
    backend: str

    def result(self, query: str) -> list[Any]:
        return list(fetch_json(f"{self.engine}/api/v1/query", query=query)["data"]["result"])


@pytest.fixture(scope="module")
def stack(guide: Path, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Stack]:
    """The guide's files, with the demo's recording rules beside, scraped each half second."""
    data = tmp_path_factory.mktemp("demo")
    files, port, ready = data / "monorepo", free_port(), data / "ready.json"
    shutil.copytree(guide / "monorepo", files)
    shutil.copy(DEMO / "prometheus" / "rules" / "business.yml", files / "prometheus" / "rules")
    rewrite(
        files / "prometheus" / "prometheus.yml",
        (r"_interval: 15s", "_interval: 500ms"),
        (r"scrape_timeout: 10s", "scrape_timeout: 500ms"),
        (r"backend-api:9999", f"backend-api:{port}"),
    )
    backend = [sys.executable, "-m", "backend", "--port", str(port), "--data", str(data), "--requests", "40"]
    config = str(files / "prometheus" / "prometheus.yml")
    engine = [*ENGINE, "run", "--config", config, "--data-dir", str(data / "engine"), "--ready-file", str(ready)]
    with ExitStack() as parts:
        parts.enter_context(running(backend, data / "backend.out", cwd=DEMO))
        parts.enter_context(running([*engine, *ANYWHERE], data / "engine.out"))
        wait_for("the engine", ready.exists)
        made = Stack(f"http://{json.loads(ready.read_text())['prometheus']}", f"http://127.0.0.1:{port}")
        wait_for("the back end", lambda: fetch(f"{made.backend}/health"))
        yield made


def compared(text: str) -> str:
    """What an alert's expression compares with a number; an alert that does not hold has no samples itself."""
    tree = parse(text)
    compares = isinstance(tree, Binary) and tree.op in COMPARISONS and isinstance(tree.right, NumberLiteral)
    return print_expr(tree.left) if isinstance(tree, Binary) and compares else text


def panels(file: Path) -> dict[str, str]:
    """The queries of a dashboard, by the panel and its letter."""
    shown = json.loads(file.read_text())["panels"]
    return {f"{panel['title']} {target['refId']}": target["expr"] for panel in shown for target in panel["targets"]}


def wait_for_all(stack: Stack, asked: dict[str, str]) -> None:
    for name, query in asked.items():
        wait_for(f"samples for {name}: {query}", lambda query=query: stack.result(query))  # type: ignore[misc]


def test_every_rule_and_every_panel_of_the_guide_has_data(stack: Stack, guide: Path) -> None:
    rules = yaml.safe_load((guide / "monorepo" / "prometheus" / "rules" / "alerts.yml").read_text())
    asked = {rule["alert"]: compared(rule["expr"]) for group in rules["groups"] for rule in group["rules"]}
    assert set(asked) == {"HighCpuUsage", "HighMemoryUsage", "ServiceDown", "HighApiErrorRate"}
    for file in (guide / "monorepo" / "grafana" / "dashboards").glob("*.json"):
        asked |= panels(file)
    wait_for_all(stack, asked)


@pytest.mark.parametrize("name", ["system", "application", "business"])
def test_every_panel_of_the_demos_own_dashboards_has_data(stack: Stack, name: str) -> None:
    wait_for_all(stack, panels(DEMO / "grafana" / "dashboards" / f"{name}.json"))


@pytest.mark.parametrize(
    "metric",
    [
        "http_requests_total", "http_request_duration_seconds_bucket", "http_request_exceptions_total", "page_load_time",
        "page_load_time_bucket", "db_connections", "db_query_duration_seconds_bucket", "active_users",
        "maintenance_records_created", "maintenance_completion_time_days_bucket", "pending_maintenance_tasks",
        "api_error_rate", "login_success_rate", "app_info_info", "web_vitals_lcp_seconds_bucket",
    ],
)  # fmt: skip
def test_every_metric_that_the_guide_names_has_samples(stack: Stack, metric: str) -> None:
    wait_for(f"samples of {metric}", lambda: stack.result(metric))


def test_the_button_for_errors_makes_the_error_rate_rise(stack: Stack) -> None:
    fetch(f"{stack.backend}/demo/errors?value=1", method="POST")
    wait_for("exceptions", lambda: stack.result("sum(increase(http_request_exceptions_total[5s])) > 0"))
    wait_for("an error rate", lambda: stack.result("api_error_rate > 0"))
    fetch(f"{stack.backend}/demo/errors?value=0", method="POST")


def test_the_page_is_served_and_what_it_posts_is_taken(stack: Stack) -> None:
    assert b"sendBeacon" in fetch(f"{stack.backend}/")
    fetch(f"{stack.backend}/api/metrics/page-load", data=b'{"page": "/here", "loadTime": 12}', method="POST")
    wait_for("the page", lambda: stack.result('page_load_time_count{page="/here"} == 1'))


def wait_for_the_panels(stack: Stack, uid: str) -> None:
    """Until the page would draw each panel of a dashboard from data."""
    board = fetch_json(f"{stack.engine}/api/engine/dashboards/{uid}")
    asked = {"dashboard": uid, "from": "now-5m", "to": "now", "width": 600}
    variables = {one["name"]: one["value"] for one in board["variables"]}

    def drawn(panel: int) -> bool:
        body = json.dumps(asked | {"panel": panel, "variables": variables}).encode()
        found = json.loads(fetch(f"{stack.engine}/api/engine/panel", data=body, method="POST"))
        assert found["problem"] == ""
        return any(found.get(kind) for kind in FULL)

    for one in board["panels"]:
        wait_for(f"data of {one['title']!r} on {uid}", lambda one=one: drawn(one["id"]))  # type: ignore[misc]


def test_the_demo_starts_with_one_command_and_leaves_nothing_behind(tmp_path: Path) -> None:
    """From a copy, whose pace alone is another."""
    ready, port, demo = tmp_path / "ready.json", str(free_port()), tmp_path / "demo"
    shutil.copytree(DEMO, demo)
    rewrite(demo / "prometheus" / "prometheus.yml", (r"_interval: 5s", "_interval: 2s"))
    given = {**os.environ, "DEMO_DATA": str(tmp_path / "data"), "DEMO_PORT": port}
    command = [sys.executable, str(demo), *ANYWHERE, "--ready-file", str(ready)]
    with subprocess.Popen(command, env=given, stderr=subprocess.PIPE, start_new_session=True) as process:
        try:
            wait_for("the engine", ready.exists)
            stack = Stack(f"http://{json.loads(ready.read_text())['prometheus']}", f"http://127.0.0.1:{port}")
            wait_for("a scrape of the back end", lambda: stack.result('up{job="backend-api"} == 1'))
            wait_for("a good probe", lambda: stack.result("probe_success == 1"))
            loki = f"http://{json.loads(ready.read_text())['loki']}/loki/api/v1/query_range"
            query = '{job="backend-api"} | json | message = "record created"'
            wait_for("its log lines", lambda: fetch_json(loki, query=query)["data"]["result"])
            for name in BOARDS:
                wait_for_the_panels(stack, f"demo-{name}")
            wait_for("control groups", lambda: stack.result('container_last_seen{job="cadvisor", id="/"}'))
            again = subprocess.run(command, env=given, capture_output=True, text=True, timeout=60, check=False)
            assert again.returncode == 1
            assert "another process" in again.stderr
            assert stack.result('up{job="backend-api"} == 1'), "the second took nothing from the first"
        finally:
            process.send_signal(signal.SIGINT)
            _, told = process.communicate(timeout=60)
    assert process.returncode == 0, told.decode()
    assert b" 9 rules" in told
    with pytest.raises(ProcessLookupError):
        os.killpg(process.pid, 0)
