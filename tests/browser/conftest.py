"""A running engine, and Debian's Chromium that looks at its page; skipped where either Chromium or Playwright is missing."""

from __future__ import annotations

import itertools
import json
import shutil
import time
import urllib.request
from collections.abc import Iterator
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import TYPE_CHECKING, Any, ClassVar

import pytest

from tests.end_to_end.processes import ENGINE, fetch, fetch_json, free_port, in_background, running, wait_for

if TYPE_CHECKING:
    from playwright.sync_api import Browser, Page

FLAGS = ["--no-sandbox", "--disable-gpu", "--disable-quic", "--no-first-run", "--disable-background-networking", "--disable-component-update", "--disable-sync"]  # fmt: skip
CONFIG = """
global: {scrape_interval: 1s, evaluation_interval: 1s}
rule_files: [rules.yml]
alerting: {alertmanagers: [{static_configs: [{targets: ["alertmanager:9093"]}]}]}
scrape_configs:
  - {job_name: prometheus, static_configs: [{targets: ["localhost:9090"]}]}
  - {job_name: node, static_configs: [{targets: ["node-exporter:9100"]}]}
  - {job_name: gone, static_configs: [{targets: ["127.0.0.1:1"]}]}
  - {job_name: shop, static_configs: [{targets: ["SERVED"]}]}
  - {job_name: bad, metrics_path: /bad, static_configs: [{targets: ["SERVED"]}]}
"""
RULES = """
groups:
  - name: targets
    rules:
      - {alert: TargetDown, expr: 'up{job="gone"} == 0', labels: {severity: page}, annotations: {summary: "{{ $labels.job }} is down"}}
      - {record: "job:up:sum", expr: sum by (job) (up)}
"""
ALERTMANAGER = """
route: {receiver: team, group_wait: 1s, routes: [{receiver: pager, matchers: [severity="page"]}]}
receivers: [{name: team}, {name: pager, webhook_configs: [{url: "http://127.0.0.1:1/"}]}]
"""

LOKI = """
auth_enabled: false
limits_config: {reject_old_samples: false}
schema_config: {configs: [{from: 2020-10-24, store: boltdb-shipper, object_store: filesystem, schema: v11, index: {prefix: index_, period: 24h}}]}
ruler: {storage: {type: local, local: {directory: line-rules}}}
"""
LINE_RULES = """
groups: [{name: lines, rules: [{alert: ShopComplains, expr: 'sum(count_over_time({job="gone"} |= "error" [1m])) > 9'}]}]
"""

SOURCES = """
datasources:
  - {name: Prometheus, type: prometheus, url: "http://prometheus:9090", isDefault: true, jsonData: {timeInterval: 1s}}
  - {name: Loki, type: loki, url: "http://loki:3100"}
"""
PROVIDERS = """
providers:
  - {name: ours, folder: Ours, options: {path: ours}}
  - {name: theirs, folder: Theirs, allowUiUpdates: false, options: {path: theirs}}
"""
BAD = "good 1\nno sample at all !\n"
SHOP = """# TYPE request_seconds histogram
request_seconds_bucket{le="1"} %d # {trace_id="t%d"} 0.5
request_seconds_bucket{le="+Inf"} %d
request_seconds_count %d
request_seconds_sum 3
# EOF
"""


class Shop(BaseHTTPRequestHandler):
    """An application that tells an event of each histogram it counts; and one whose page is broken."""

    asked: ClassVar[Iterator[int]] = itertools.count(1)

    def do_GET(self) -> None:
        n = next(self.asked)
        text, kind = (
            (BAD, "text/plain") if self.path == "/bad" else (SHOP % (n, n, n, n), "application/openmetrics-text")
        )
        self.send_response(200)
        self.send_header("Content-Type", f"{kind}; version=1.0.0; charset=utf-8")
        self.end_headers()
        self.wfile.write(text.encode())

    def log_message(self, *_: object) -> None:
        """Nobody reads it."""


@dataclass
class Site:
    url: str
    alertmanager: str
    grafana: str
    boards: Path
    """Whose dashboards may be changed, in `ours`, and those that may not, in `theirs`."""

    def log(self, *lines: str) -> None:
        """Push lines of now."""
        now = time.time_ns()
        values = [[str(now + place), line] for place, line in enumerate(lines)]
        body = json.dumps({"streams": [{"stream": {"job": "shop", "app": "web"}, "values": values}]}).encode()
        request = urllib.request.Request(f"{self.url}/loki/api/v1/push", body, {"Content-Type": "application/json"})
        urllib.request.urlopen(request, timeout=30).close()


@dataclass
class Seen:
    """A tab, and what its console complained of."""

    page: Page
    complaints: list[str] = field(default_factory=list)
    expected: str = "nothing"
    """What it may complain of in a test that provokes it."""

    def open(self, url: str) -> Page:
        self.page.goto(url)
        return self.page


@pytest.fixture(scope="session")
def site(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Site]:
    folder = tmp_path_factory.mktemp("site")
    for place in ("datasources", "dashboards", "../ours", "../theirs"):
        (folder / "grafana/provisioning" / place).mkdir(parents=True, exist_ok=True)
    with ThreadingHTTPServer(("127.0.0.1", 0), Shop) as server, in_background(server):
        files = {
            "prometheus.yml": CONFIG.replace("SERVED", f"127.0.0.1:{server.server_port}"),
            "rules.yml": RULES,
            "alertmanager.yml": ALERTMANAGER,
            "loki.yml": LOKI,
            "line-rules/fake/shop.yml": LINE_RULES,
            "grafana/provisioning/datasources/d.yml": SOURCES,
            "grafana/provisioning/dashboards/d.yml": PROVIDERS,
        }
        for name, text in files.items():
            (folder / name).parent.mkdir(parents=True, exist_ok=True)
            (folder / name).write_text(text)
        ports = {name: free_port() for name in ("prometheus", "alertmanager", "node", "loki", "grafana")}
        listen = [part for name, port in ports.items() for part in ("--listen", f"{name}=127.0.0.1:{port}")]
        command = [*ENGINE, "run", "--config", "prometheus.yml", "--alertmanager-config", "alertmanager.yml", "--loki-config", "loki.yml", "--data-dir", str(folder / "data"), "--enable-feature=exemplar-storage", *listen]  # fmt: skip
        with running(command, folder / "log", cwd=folder):
            first, alertmanager, grafana = (
                f"http://127.0.0.1:{ports[name]}" for name in ("prometheus", "alertmanager", "grafana")
            )
            wait_for(
                "all samples", lambda: fetch_json(f"{first}/api/v1/query", query="count(up) == 5")["data"]["result"]
            )
            wait_for("the alert to be told", lambda: json.loads(fetch(f"{first}/api/v2/alerts")))
            yield Site(first, alertmanager, grafana, folder / "grafana")


@pytest.fixture(scope="module")
def chromium() -> Iterator[Browser]:
    """Ends with the module: while Playwright runs, no other event loop may run in its thread."""
    sync_api = pytest.importorskip("playwright.sync_api", reason="Playwright is not installed")
    path = shutil.which("chromium")
    if path is None:
        pytest.skip("Debian's chromium is not installed")
    with sync_api.sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=path, args=FLAGS, timeout=90_000)
        yield browser
        browser.close()


@pytest.fixture(params=["light", "dark"])
def theme(request: pytest.FixtureRequest) -> str:
    return str(request.param)


@pytest.fixture
def tab(chromium: Browser) -> Iterator[Seen]:
    yield from seen(chromium, "light")


@pytest.fixture
def themed(chromium: Browser, theme: str) -> Iterator[Seen]:
    yield from seen(chromium, theme)


def seen(browser: Browser, theme: str, **more: Any) -> Iterator[Seen]:
    """The tab; at the end it must have had nothing to complain of."""
    context = browser.new_context(viewport={"width": 1280, "height": 800}, color_scheme=theme, **more)  # type: ignore[arg-type]
    context.set_default_timeout(30_000)
    found = Seen(context.new_page())
    found.page.on("console", lambda m: found.complaints.append(m.text) if m.type in ("error", "warning") else None)
    found.page.on("pageerror", lambda error: found.complaints.append(str(error)))
    found.page.on(
        "requestfailed",
        lambda r: None if r.failure == "net::ERR_ABORTED" else found.complaints.append(f"{r.failure}: {r.url}"),
    )
    yield found
    context.close()
    assert [text for text in found.complaints if found.expected not in text] == []


def in_both_themes(page: Page) -> Iterator[str]:
    """The page changes with the system's theme, as it does where evening comes."""
    for theme in ("light", "dark"):
        page.emulate_media(color_scheme=theme)  # type: ignore[arg-type]
        page.locator(f"html[data-theme={theme}]").wait_for()
        yield theme


@pytest.fixture(scope="session")
def axe() -> str:
    """The accessibility checker's text."""
    path = Path(__file__).parents[2] / "engine/web/ui/node_modules/axe-core/axe.min.js"
    if not path.is_file():
        pytest.skip("axe-core is not installed: make page")
    return path.read_text()


def barriers(page: Page, axe: str) -> list[tuple[str, list[str]]]:
    """What the checker has found against the page as it is: which rule, and where."""
    page.evaluate(axe)
    found = page.evaluate("axe.run(document, {runOnly: ['wcag2a', 'wcag2aa']})")
    return [(one["id"], [node["html"][:120] for node in one["nodes"]]) for one in found["violations"]]
