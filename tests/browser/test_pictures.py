"""What a dashboard with a panel of each kind looks like, and pages that do not tell of this moment, beside the pictures that
are kept in `pictures/`.

`PICTURES=keep pytest tests/browser/test_pictures.py` keeps new ones: look at them before they are committed.
"""

from __future__ import annotations

import json
import math
import os
import subprocess
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from tests.browser.board import BOARD
from tests.browser.conftest import Seen, seen
from tests.browser.pictures import SCALE, differences, smaller
from tests.browser.test_dashboards import FILES, panel
from tests.end_to_end.processes import ENGINE, fetch, free_port, running, wait_for

if TYPE_CHECKING:
    from playwright.sync_api import Browser, Page

KEPT = Path(__file__).parent / "pictures"
FROM, TO = 1_767_268_800, 1_767_270_600
"""2026-01-01, from 12:00 to 12:30, UTC."""
PLACES = """grid => Object.fromEntries([...grid.querySelectorAll('.boardpanel')].map(one => {
  const [within, {x, y, width, height}] = [grid.getBoundingClientRect(), one.getBoundingClientRect()];
  return [one.ariaLabel, {x: x - within.x, y: y - within.y, width, height}];
}))"""
TRIES = 3
"""A busy machine may have been looked at before it had painted."""
PAGES = {
    "graph": ("/graph?g0.expr=load&g0.range_input=30m&g0.end_input=2026-01-01+12%3A30%3A00", "2 series"),
    "routes": ("/routes", "pager"),
    "silences": ("/silences", "New silence"),
}
"""Where each is, and what it shows once it is there."""
ALERTMANAGER = """
route: {receiver: mail, group_by: [alertname], routes: [{receiver: pager, matchers: ['severity="page"', 'team=~"a|b"']}]}
receivers: [{name: mail}, {name: pager}]
"""
OF_NOW = ("Alerts", "Marks", "Boards", "Lines of a log")
"""Panels that tell of this moment, or have no data here."""


def history() -> Iterator[str]:
    for stamp in range(FROM - 600, TO + 1, 15):
        turn = math.sin(stamp / 300)
        yield f'load{{host="a"}} {3 + 2 * turn:.3f} {stamp}\n'
        yield f'load{{host="b"}} {7 - turn:.3f} {stamp}\n'
        yield f'buckets{{le="0.1"}} {4 + 3 * turn:.3f} {stamp}\n'
        yield f'buckets{{le="+Inf"}} 9 {stamp}\n'


@pytest.fixture(scope="module")
def address(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    folder = tmp_path_factory.mktemp("pictures")
    files = FILES | {
        "prometheus.yml": "",
        "alertmanager.yml": ALERTMANAGER,
        "grafana/boards/kinds.json": json.dumps(BOARD),
        "history": "".join(sorted(history())) + "# EOF\n",
    }
    for name, text in files.items():
        (folder / name).parent.mkdir(parents=True, exist_ok=True)
        (folder / name).write_text(text)
    subprocess.run([*ENGINE, "tsdb", "import", "history", "--data-dir", "data"], cwd=folder, check=True, capture_output=True, timeout=60)  # fmt: skip
    ports = {name: free_port() for name in ("prometheus", "alertmanager", "loki", "grafana")}
    listen = [part for name, port in ports.items() for part in ("--listen", f"{name}=127.0.0.1:{port}")]
    command = [*ENGINE, "run", "--config", "prometheus.yml", "--loki-config", "loki.yml", "--alertmanager-config", "alertmanager.yml", "--data-dir", "data", "--storage.tsdb.retention.time", "100y", *listen]  # fmt: skip
    with running(command, folder / "log", cwd=folder):
        url = f"http://127.0.0.1:{ports['prometheus']}"
        wait_for("the engine", lambda: fetch(f"{url}/-/ready"))
        yield url


@pytest.fixture
def themed(chromium: Browser, theme: str) -> Iterator[Seen]:
    yield from seen(chromium, theme, timezone_id="UTC", reduced_motion="reduce")


@pytest.fixture(scope="module")
def blank(chromium: Browser) -> Iterator[Page]:
    """A page that shows nothing and calculates with pictures."""
    context = chromium.new_context()
    yield context.new_page()
    context.close()


def looked(tab: Seen, blank: Page, address: str, more: str = "") -> tuple[bytes, dict[str, list[int]]]:
    """The panels at half their size, and where those are among them that do not tell of this moment."""
    page = tab.page
    page.bring_to_front()  # one behind another is seldom painted, and its picture waits for that
    page.set_viewport_size({"width": 1280, "height": 2400})
    page.goto(f"{address}/d/kinds/every-kind?from={FROM}000&to={TO}000{more}")
    panel(page, "Text").locator("strong").wait_for()
    page.wait_for_load_state("networkidle")  # with the marks, which are asked for apart
    wait_for("all panels", lambda: page.locator(".inside[aria-busy=true]").count() == 0)
    grid = page.locator(".grid").first
    found = grid.evaluate(PLACES)
    sides = ("x", "y", "width", "height")
    boxes = {name: [round(SCALE * box[side]) for side in sides] for name, box in found.items() if name not in OF_NOW}
    return smaller(blank, grid.screenshot()), boxes


def page_looked(tab: Seen, blank: Page, url: str, there: str) -> tuple[bytes, dict[str, list[int]]]:
    """The page at half its size, and where its graph is."""
    page = tab.page
    page.bring_to_front()
    page.set_viewport_size({"width": 1280, "height": 800})
    page.goto(url)
    page.get_by_text(there).first.wait_for()
    page.wait_for_load_state("networkidle")
    boxes = {"page": [0, 0, 640, 400]}
    for box in [one.bounding_box() for one in page.locator(".uplot").all()]:
        assert box is not None
        boxes["graph"] = [round(SCALE * box[side]) for side in ("x", "y", "width", "height")]  # type: ignore[literal-required]
    return smaller(blank, page.screenshot()), boxes


def compared(blank: Page, kept: Path, look: Callable[[], tuple[bytes, dict[str, list[int]]]], now: Path) -> list[str]:
    """What differs from the picture that is kept, or is kept now, each time that it is looked at."""
    found = ["not looked at"]
    for _ in range(TRIES):
        picture, boxes = look()
        now.write_bytes(picture)
        if os.environ.get("PICTURES") == "keep":
            kept.write_bytes(picture)
        found = differences(blank, kept.read_bytes(), picture, boxes)
        if not found:
            break
    return found


def test_each_panel_looks_as_it_did(address: str, themed: Seen, blank: Page, theme: str, tmp_path: Path) -> None:
    kept, now = KEPT / f"{theme}.png", tmp_path / "now.png"
    found = compared(blank, kept, lambda: looked(themed, blank, address), now)
    assert found == [], f"look at {now} beside {kept}"


@pytest.mark.parametrize("name", PAGES)
def test_each_page_looks_as_it_did(
    name: str, address: str, themed: Seen, *, blank: Page, theme: str, tmp_path: Path
) -> None:
    kept, now = KEPT / f"{name}.{theme}.png", tmp_path / "now.png"
    path, there = PAGES[name]
    found = compared(blank, kept, lambda: page_looked(themed, blank, address + path, there), now)
    assert found == [], f"look at {now} beside {kept}"


def test_a_series_that_is_missing_would_be_seen(address: str, tab: Seen, blank: Page) -> None:
    now, boxes = looked(tab, blank, address, "&var-only=host%7C!%3D%7Cb")
    found = {told.partition(":")[0] for told in differences(blank, (KEPT / "light.png").read_bytes(), now, boxes)}
    assert found >= {"Lines", "Bars", "Pie", "Bar gauge", "Bar chart", "Gauge", "Histogram"}


@pytest.fixture
def tab(chromium: Browser) -> Iterator[Seen]:
    yield from seen(chromium, "light", timezone_id="UTC", reduced_motion="reduce")
