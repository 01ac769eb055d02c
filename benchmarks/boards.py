"""How long a dashboard of 30 panels over six hours takes in Chromium, and how a panel of 1,000 series answers the hand.

Wall times, since that is what somebody waits for; the CPU seconds of the engine and of the browser stand beside them.
"""

from __future__ import annotations

import json
import math
import os
import shutil
import statistics
import subprocess
import tempfile
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any, Final

import psutil

from benchmarks.harness import ENGINE, Program, as_installed, free_port, running

RUNS: Final = int(os.environ.get("RUNS", "5"))
HOURS: Final = 6
SOURCE: Final = "{name: P, type: prometheus, url: 'http://prometheus:9090', isDefault: true}"
PACE: Final = 15
SERIES: Final = 1_000
FLAGS: Final = ("--no-sandbox", "--disable-gpu", "--disable-quic", "--no-first-run", "--disable-background-networking")
OVER_TIME: Final = (
    "sum by (path) (rate(hits_total[$__rate_interval]))", "sum by (host) (rate(hits_total[5m]))",
    "topk(5, rate(hits_total[5m]))", "avg by (path) (load)", "load", "max by (host) (load) / 100",
    "histogram_quantile(0.95, sum by (le) (rate(took_bucket[5m])))", 'avg_over_time(load{path="/p1"}[10m])',
)  # fmt: skip
OF_NOW: Final = ("sum(rate(hits_total[5m]))", "max(load)", "sum by (path) (rate(hits_total[5m]))")
KINDS: Final = ("stat", "gauge", "bargauge")
DRAWN: Final = """count => new Promise(done => {
  const look = () => {
    const busy = document.querySelectorAll('.inside[aria-busy=true], .waiting').length;
    const there = [...document.querySelectorAll('.boardpanel .inside')].filter(one => one.childElementCount).length;
    if (there >= count && !busy) requestAnimationFrame(() => setTimeout(() => done(performance.now())));
    else requestAnimationFrame(look);
  };
  look();
})"""
"""Milliseconds since the navigation began, when so many panels are painted."""
FELT: Final = """name => {
  window.felt = [];
  addEventListener(name, () => {
    const begun = performance.now();
    requestAnimationFrame(() => setTimeout(() => window.felt.push(performance.now() - begun)));
  }, {capture: true});
}"""
"""From each event to the picture that it made."""


def main() -> None:
    """Print what was measured, or why nothing was."""
    try:
        from playwright.sync_api import sync_playwright  # noqa: PLC0415 - only this benchmark needs it
    except ImportError:
        print("  Playwright is not installed")
        return
    chromium = shutil.which("chromium")
    if chromium is None:
        print("  chromium is not installed")
        return
    with tempfile.TemporaryDirectory() as name, sync_playwright() as playwright:
        folder = Path(name)
        _prepare(folder)
        ports = {one: free_port() for one in ("prometheus", "grafana")}
        listen = [part for one, port in ports.items() for part in ("--listen", f"{one}=127.0.0.1:{port}")]
        command = [*ENGINE, "run", "--config", "prometheus.yml", "--data-dir", "data", *listen]
        with running(command, folder / "log", cwd=folder) as engine:
            url = f"http://127.0.0.1:{ports['prometheus']}"
            engine.wait_for(f"{url}/-/ready")
            browser = playwright.chromium.launch(executable_path=chromium, args=list(FLAGS))
            page = browser.new_page(viewport={"width": 1440, "height": 900})
            _many_panels(page, url, engine)
            _many_series(page, url)
            browser.close()


def _many_panels(page: Any, url: str, engine: Program) -> None:
    """The first look finds everything cold, the others its files in the browser and its samples in the engine."""
    before, browsing = engine.usage().cpu_seconds, _browser(engine)
    times = []
    for _ in range(RUNS + 1):
        page.goto(f"{url}/d/many/many")
        times.append(page.evaluate(DRAWN, 30))
    spent = (engine.usage().cpu_seconds - before) / len(times)
    drawing = (_browser(engine) - browsing) / len(times)
    print(
        f"  30 panels over {HOURS} h drawn: {statistics.median(times[1:]):.0f} ms"
        f" (best {min(times):.0f}, first {times[0]:.0f});"
        f" CPU a look: engine {spent:.2f} s, browser {drawing:.2f} s;"
        f" load {os.getloadavg()[0]:.1f} on {os.cpu_count()} cores",
        flush=True,
    )


def _browser(engine: Program) -> float:
    """CPU seconds of whatever else this process has started."""
    apart = {engine.process.pid, *(one.pid for one in psutil.Process(engine.process.pid).children(recursive=True))}
    times = [one.cpu_times() for one in psutil.Process().children(recursive=True) if one.pid not in apart]
    return sum(one.user + one.system for one in times)


def _many_series(page: Any, url: str) -> None:
    page.goto(f"{url}/d/wide/wide")
    drawn = page.evaluate(DRAWN, 1)
    over = page.locator(".u-over").bounding_box()

    def point() -> None:
        for step in range(40):
            page.mouse.move(over["x"] + 20 + step * 20, over["y"] + 100 + step * 3)
            page.wait_for_timeout(30)

    moved = _felt(page, "mousemove", point)
    clicked = _felt(page, "click", lambda: page.locator(".tslegend button").nth(3).click())
    print(
        f"  {SERIES} series over {HOURS} h drawn: {drawn:.0f} ms;"
        f" the pointer is followed in {statistics.median(moved):.0f} ms (worst {max(moved):.0f}),"
        f" a series is shown alone in {max(clicked):.0f} ms",
        flush=True,
    )


def _felt(page: Any, event: str, act: Callable[[], None]) -> list[float]:
    page.evaluate(FELT, event)
    act()
    page.wait_for_timeout(500)
    return list(page.evaluate("window.felt"))


def _prepare(folder: Path) -> None:
    files = {
        "prometheus.yml": "",
        "grafana/provisioning/datasources/d.yml": f"datasources: [{SOURCE}]",
        "grafana/provisioning/dashboards/d.yml": "providers: [{name: D, options: {path: boards}}]",
        "grafana/boards/many.json": json.dumps(_board("many", [_panel(place) for place in range(30)])),
        "grafana/boards/wide.json": json.dumps(_board("wide", [_wide()])),
    }
    for name, content in files.items():
        (folder / name).parent.mkdir(parents=True, exist_ok=True)
        (folder / name).write_text(content)
    with (folder / "history").open("w") as out:
        out.writelines(_history(int(time.time())))  # noqa: TID251 - a benchmark lives in real time
    taken = [*ENGINE, "tsdb", "import", "history", "--data-dir", "data"]
    subprocess.run(taken, cwd=folder, check=True, capture_output=True, env=as_installed())


def _board(uid: str, panels: list[dict[str, Any]]) -> dict[str, Any]:
    time_ = {"from": f"now-{HOURS}h", "to": "now"}
    return {"uid": uid, "title": uid, "schemaVersion": 38, "time": time_, "graphTooltip": 1, "panels": panels}


def _panel(place: int) -> dict[str, Any]:
    """Six in a row, so that all of them are in view."""
    grid = {"x": place % 6 * 4, "y": place // 6 * 4, "w": 4, "h": 4}
    small = place >= 24
    expr = OF_NOW[place // 2 % 3] if small else OVER_TIME[place % 8]
    target = {"refId": "A", "expr": expr, "legendFormat": "__auto"}
    kind = KINDS[place // 2 % 3] if small else "timeseries"
    return {"id": place + 1, "type": kind, "title": f"Panel {place + 1}", "gridPos": grid, "targets": [target]}


def _wide() -> dict[str, Any]:
    target = {"refId": "A", "expr": "wide", "legendFormat": "{{n}}"}
    tooltip = {"tooltip": {"mode": "multi", "sort": "desc"}}
    return {
        "id": 1,
        "type": "timeseries",
        "title": "Wide",
        "gridPos": {"x": 0, "y": 0, "w": 24, "h": 18},
        "targets": [target],
        "options": tooltip,
    }


def _history(now: int) -> Iterator[str]:
    """OpenMetrics: 100 counters, 100 gauges, 12 buckets, and a gauge of 1,000 series, in the order of their time."""
    stamps = range(now - HOURS * 3600, now, PACE)
    for n in range(SERIES):
        yield from (f'wide{{n="{n}"}} {n % 50 + math.sin(t / 900 + n):.3f} {t}\n' for t in stamps)
    for n in range(100):
        labels = f'{{host="h{n % 10}",path="/p{n // 10}"}}'
        yield from (f"hits_total{labels} {(t - stamps[0]) * (n + 1) // 7} {t}\n" for t in stamps)
        yield from (f"load{labels} {50 + 40 * math.sin(t / 1200 + n):.2f} {t}\n" for t in stamps)
    for place, le in enumerate([*(f"{0.01 * 2**k:g}" for k in range(11)), "+Inf"]):
        yield from (f'took_bucket{{le="{le}"}} {(t - stamps[0]) * (place + 1)} {t}\n' for t in stamps)
    yield "# EOF\n"


if __name__ == "__main__":
    main()
