"""Dashboards in a real browser: each kind of panel is drawn, and does what is done to it."""

from __future__ import annotations

import json
import time
import urllib.request
from collections.abc import Iterator
from typing import TYPE_CHECKING

import pytest

from tests.browser.board import BOARD, RULES
from tests.browser.conftest import Seen, barriers, in_both_themes
from tests.end_to_end.processes import ENGINE, fetch_json, free_port, running, wait_for

if TYPE_CHECKING:
    from playwright.sync_api import Locator, Page

FILES = {
    "prometheus.yml": "rule_files: [rules.yml]\n",
    "rules.yml": RULES,
    "grafana/provisioning/datasources/d.yml": """
datasources:
  - {name: Prometheus, type: prometheus, url: "http://prometheus:9090", isDefault: true, jsonData: {timeInterval: 1s}}
  - {name: Loki, type: loki, url: "http://loki:3100"}
""",
    "grafana/provisioning/dashboards/d.yml": "providers: [{name: D, options: {path: boards}}]\n",
    "grafana/boards/kinds.json": json.dumps(BOARD),
    "loki.yml": "auth_enabled: false\n",
}
LINES = [["level=info msg=served", 1], ["level=error msg=refused", 2]]
DRAWN = {
    "Lines": "canvas", "Stack": "canvas", "Bars": "canvas", "Stat": "text=LOW", "Gauge": "svg[aria-label='a: 3%']",
    "Bar gauge": "[role=meter][aria-valuenow='7']", "Table": "td:has-text('7%')", "Pie": ".tslegend small:has-text('70%')",
    "Bar chart": ".barchart small:has-text('7')", "Heatmap": "canvas", "Histogram": "canvas", "States": ".spans i[title^='HIGH']",
    "History": ".spans i", "Lines of a log": "text=msg=refused", "Text": "strong:has-text('host')", "Alerts": "text=TooMuch",
    "Boards": "a:has-text('Every kind')", "Marks": "text=too much on b", "Not known": "table", "Broken": "text=unclosed left parenthesis",
    "Nothing": "text=No data",
}  # fmt: skip


@pytest.fixture(scope="module")
def address(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    folder = tmp_path_factory.mktemp("boards")
    for name, text in FILES.items():
        (folder / name).parent.mkdir(parents=True, exist_ok=True)
        (folder / name).write_text(text)
    ports = {name: free_port() for name in ("prometheus", "loki", "grafana")}
    listen = [part for name, port in ports.items() for part in ("--listen", f"{name}=127.0.0.1:{port}")]
    command = [*ENGINE, "run", "--config", "prometheus.yml", "--loki-config", "loki.yml", "--data-dir", str(folder / "data"), *listen]  # fmt: skip
    with running(command, folder / "log", cwd=folder):
        url = f"http://127.0.0.1:{ports['prometheus']}"
        wait_for("samples", lambda: fetch_json(f"{url}/api/v1/query", query="count_over_time(load[1m]) > 2")["data"]["result"])  # fmt: skip
        push(f"http://127.0.0.1:{ports['loki']}/loki/api/v1/push")
        yield url


def push(url: str) -> None:
    now = time.time_ns()
    body = {"streams": [{"stream": {"job": "app"}, "values": [[str(now + at), line] for line, at in LINES]}]}
    request = urllib.request.Request(url, json.dumps(body).encode(), {"Content-Type": "application/json"})
    with urllib.request.urlopen(request, timeout=30) as answer:
        assert answer.status == 204


def opened(seen: Seen, address: str, query: str = "") -> Page:
    """The dashboard, so high that each panel is in view."""
    seen.page.set_viewport_size({"width": 1280, "height": 2400})
    page = seen.open(f"{address}/d/kinds/every-kind{query}")
    panel(page, "Stat").locator("b").wait_for()
    return page


def panel(page: Page, title: str) -> Locator:
    return page.get_by_role("region", name=title, exact=True)


def drawn(seen: Seen, address: str) -> Page:
    """The dashboard once each kind of panel shows what it has."""
    page = opened(seen, address)
    for title, sign in DRAWN.items():
        panel(page, title).locator(sign).first.wait_for()
    return page


def test_each_kind_is_drawn_and_the_browser_has_no_complaint(address: str, themed: Seen) -> None:
    page = drawn(themed, address)
    assert page.locator("main script").count() == 0


def test_whoever_does_not_see_or_uses_no_mouse_is_not_left_out(address: str, tab: Seen, axe: str) -> None:
    page = drawn(tab, address)
    for theme in in_both_themes(page):
        assert barriers(page, axe) == [], theme


@pytest.mark.parametrize(("theme", "green"), [("light", "rgb(86, 166, 75)"), ("dark", "rgb(115, 191, 105)")])
def test_colours_are_those_of_the_theme(address: str, themed: Seen, green: str) -> None:
    stat = panel(opened(themed, address), "Stat").locator(".stat")
    assert stat.evaluate("one => getComputedStyle(one).backgroundColor") == green


def test_a_variable_is_chosen_with_the_keyboard_and_changes_the_data(address: str, tab: Seen) -> None:
    page = opened(tab, address)
    page.get_by_role("button", name="host: a").press("Enter")
    field = page.get_by_role("combobox", name="Filter")
    field.press("ArrowDown")
    field.press("ArrowDown")
    field.press("Enter")
    panel(page, "Stat").get_by_text("HIGH").wait_for()
    panel(page, "Text").get_by_text("is b").wait_for()
    assert "var-host=b" in page.url
    assert page.get_by_role("button", name="host: b").evaluate("one => one === document.activeElement")


def test_of_several_values_those_that_are_left_in_stay(address: str, tab: Seen) -> None:
    page = opened(tab, address)
    page.get_by_role("button", name="Row of b").wait_for()
    page.get_by_role("button", name="each: All").click()
    page.get_by_role("listbox", name="each").get_by_role("option", name="a", exact=True).click()
    page.keyboard.press("Escape")
    page.get_by_role("button", name="each: All").click()
    page.get_by_role("listbox", name="each").get_by_role("option", name="a", exact=True).click()
    page.get_by_role("button", name="Use 1").click()
    page.get_by_role("button", name="Row of b").wait_for(state="detached")
    assert panel(page, "Of a").count() == 1


def test_filters_that_are_typed_hold_for_every_query(address: str, tab: Seen) -> None:
    page = opened(tab, address)
    bars = panel(page, "Bar gauge").get_by_role("meter")
    bars.nth(1).wait_for()
    page.get_by_role("textbox", name="only").fill('host!="a"')
    page.keyboard.press("Enter")
    bars.nth(1).wait_for(state="detached")
    assert bars.first.get_attribute("aria-valuenow") == "7"


def test_rows_open_and_close(address: str, tab: Seen) -> None:
    page = opened(tab, address)
    assert panel(page, "Inside").count() == 0
    page.get_by_role("button", name="Closed 1 panel").click()
    panel(page, "Inside").locator("canvas").wait_for()
    page.get_by_role("button", name="Closed").click()
    panel(page, "Inside").wait_for(state="detached")


def test_the_time_and_the_pace_are_the_dashboards_own_until_somebody_chooses(address: str, tab: Seen) -> None:
    page = opened(tab, address)
    page.get_by_role("button", name="last 2m").wait_for()
    refresh = page.get_by_label("Refresh")
    assert refresh.input_value() == "30s"
    refresh.select_option("5s")
    page.wait_for_url(lambda url: "refresh=5s" in url)


def test_tables_and_legends_are_sorted_as_their_file_says_and_by_a_click(address: str, tab: Seen) -> None:
    page = opened(tab, address)
    cells = panel(page, "Table").locator("tbody tr")
    cells.first.wait_for()
    assert "7%" in cells.first.inner_text()
    panel(page, "Table").get_by_role("button", name="Value").click()
    panel(page, "Table").locator("tbody tr:first-child td:has-text('3%')").wait_for()
    panel(page, "Table").get_by_role("button", name="Value").click()
    panel(page, "Table").locator("tbody tr:first-child td:has-text('7%')").wait_for()
    names = panel(page, "Lines").locator(".tslegend tbody tr")
    names.nth(1).wait_for()
    assert [text.split()[0] for text in names.all_inner_texts()] == ["b", "a"]


def test_the_pointer_tells_values_and_a_name_shows_its_series_alone(address: str, tab: Seen) -> None:
    page = opened(tab, address)
    lines = panel(page, "Lines")
    over = lines.locator(".u-over")
    over.wait_for()
    box = over.bounding_box()
    assert box is not None
    page.mouse.move(box["x"] + box["width"] - 3, box["y"] + box["height"] / 2)
    page.mouse.move(box["x"] + box["width"] - 4, box["y"] + box["height"] / 2)
    lines.locator(".tip").get_by_text("7 B").wait_for()
    lines.get_by_role("button", name="a", exact=True).click()
    lines.locator("button.off", has_text="b").wait_for()


def test_one_panel_alone_and_the_way_back(address: str, tab: Seen) -> None:
    page = opened(tab, address)
    panel(page, "Stat").get_by_role("button", name="This panel alone").click()
    panel(page, "Gauge").wait_for(state="detached")
    page.keyboard.press("Escape")
    panel(page, "Gauge").wait_for()


def test_a_kiosk_has_no_navigation_until_escape(address: str, tab: Seen) -> None:
    page = opened(tab, address, "?kiosk")
    navigation = page.get_by_role("navigation", name="Pages")
    assert navigation.count() == 0
    page.keyboard.press("Escape")
    navigation.wait_for()


def test_other_dashboards_are_led_to_with_the_time(address: str, tab: Seen) -> None:
    page = opened(tab, address)
    page.get_by_text("Others").click()
    link = page.locator("header.head").get_by_role("link", name="Every kind")
    link.wait_for()
    assert link.get_attribute("href") == "d/kinds/every-kind?from=now-2m&to=now"


def test_variables_that_stand_in_the_address_hold(address: str, tab: Seen) -> None:
    page = opened(tab, address, "?var-host=b&var-each=a")
    panel(page, "Stat").get_by_text("HIGH").wait_for()
    page.get_by_role("button", name="each: a").wait_for()
    assert page.get_by_role("button", name="Row of b").count() == 0


def test_dragging_over_a_panel_looks_closer_in_all_of_them(address: str, tab: Seen) -> None:
    page = opened(tab, address)
    box = over(page, "Lines")
    page.mouse.move(box["x"] + box["width"] * 0.5, box["y"] + 40)
    page.mouse.down()
    page.mouse.move(box["x"] + box["width"] - 2, box["y"] + 40, steps=5)  # where there are samples, however young
    page.mouse.up()
    page.wait_for_url(lambda url: "from=1" in url and "to=1" in url)
    panel(page, "Stack").locator("canvas").wait_for()
    page.go_back()
    page.get_by_role("button", name="last 2m").wait_for()


def test_the_crosshair_is_the_same_in_all_panels_over_time(address: str, tab: Seen) -> None:
    page = opened(tab, address)
    other = panel(page, "Stack").locator(".u-cursor-x")
    other.wait_for(state="attached")
    box = over(page, "Lines")
    page.mouse.move(box["x"] + box["width"] / 3, box["y"] + 30)
    page.mouse.move(box["x"] + box["width"] / 2, box["y"] + 30)
    beside = over(page, "Stack")
    middle = beside["x"] + beside["width"] / 2

    def there() -> bool:
        line = other.bounding_box()
        return line is not None and abs(line["x"] - middle) < beside["width"] / 20

    wait_for("the crosshair in the middle", there)
    assert panel(page, "Stack").locator(".tip").count() == 0, "the crosshair alone is shared"


def test_a_mark_under_the_pointer_says_what_it_is(address: str, tab: Seen) -> None:
    page = opened(tab, address)
    box = over(page, "Lines")
    page.mouse.move(box["x"] + box["width"] - 6, box["y"] + 30)
    page.mouse.move(box["x"] + box["width"] - 5, box["y"] + 30)
    panel(page, "Lines").locator(".tip").get_by_text("too much on b").wait_for()


def test_a_span_is_chosen_by_keys_and_stands_in_the_address(address: str, tab: Seen) -> None:
    page = opened(tab, address)
    page.get_by_role("button", name="last 2m").focus()
    page.keyboard.press("Enter")
    page.get_by_role("button", name="5m", exact=True).focus()
    page.keyboard.press("Enter")
    page.get_by_role("button", name="last 5m").wait_for()
    assert "from=now-5m" in page.url


def test_paper_has_neither_navigation_nor_buttons(address: str, tab: Seen) -> None:
    page = opened(tab, address)
    page.emulate_media(media="print")
    assert not page.get_by_role("navigation", name="Pages").is_visible()
    assert not page.get_by_role("button", name="This panel alone").first.is_visible()
    assert panel(page, "Stat").get_by_text("LOW").is_visible()


def test_nothing_is_wider_than_the_window(address: str, themed: Seen) -> None:
    page = opened(themed, address)
    for width in (1280, 700, 400):
        page.set_viewport_size({"width": width, "height": 2400})
        wait_for("all to fit", lambda width=width: page.evaluate("document.documentElement.scrollWidth") <= width)


def over(page: Page, title: str) -> dict[str, float]:
    """Where a graph is."""
    graph = panel(page, title).locator(".u-over")
    graph.wait_for()
    box = graph.bounding_box()
    assert box is not None
    return {"x": box["x"], "y": box["y"], "width": box["width"], "height": box["height"]}
