"""The page in a real browser: it opens, shows what there is, and does what its buttons say."""

from __future__ import annotations

import json
from urllib.parse import quote

import pytest

from tests.browser.conftest import Seen, Site
from tests.end_to_end.processes import fetch, wait_for

PAGES = {
    "/graph?g0.expr=up": "3 series",
    "/graph?g0.expr=up&g0.tab=1": "3 series",
    "/graph?g0.expr=sum(up)&g0.tab=explain": "What is done",
    "/alerts": "TargetDown",
    "/silences": "New silence",
    "/routes": "pager",
    "/rules": "job:up:sum",
    "/targets": "127.0.0.1:1",
    "/service-discovery": "Became targets",
    "/status": "storageRetention",
    "/status?tab=store": "Series by metric",
    "/status?tab=config": "scrape_configs",
    "/status?tab=flags": "config.file",
}


@pytest.mark.parametrize("path", PAGES)
def test_each_page_shows_what_there_is_and_the_browser_has_no_complaint(site: Site, themed: Seen, path: str) -> None:
    themed.open(site.url + path).get_by_text(PAGES[path]).first.wait_for()


@pytest.mark.parametrize("path", [path for path in PAGES if "tab" not in path])
def test_people_who_do_not_see_or_use_no_mouse_are_not_left_out(site: Site, themed: Seen, axe: str, path: str) -> None:
    page = themed.open(site.url + path)
    page.get_by_text(PAGES[path]).first.wait_for()
    page.evaluate(axe)
    found = page.evaluate("axe.run(document, {runOnly: ['wcag2a', 'wcag2aa']})")
    assert [(one["id"], [node["html"][:120] for node in one["nodes"]]) for one in found["violations"]] == []


def test_what_is_typed_is_drawn_and_stands_in_the_address(site: Site, tab: Seen) -> None:
    page = tab.open(f"{site.url}/graph")
    editor = page.get_by_role("textbox", name="Expression 1")
    page.locator(".cm-content").wait_for()
    editor.click()
    page.keyboard.type("sum by (job) (up)")
    page.keyboard.press("Escape")
    page.keyboard.press("Control+Enter")
    page.get_by_text("3 series").wait_for()
    assert "g0.expr=sum+by+%28job%29+%28up%29" in page.url


def test_the_editor_knows_the_names_of_metrics(site: Site, tab: Seen) -> None:
    page = tab.open(f"{site.url}/graph")
    page.locator(".cm-content").wait_for()
    page.get_by_role("textbox", name="Expression 1").click()
    page.keyboard.type("scrape_samples_sc", delay=30)
    page.locator(".cm-tooltip-autocomplete").get_by_text("scrape_samples_scraped").wait_for()


def test_a_metric_is_found_by_what_it_means_and_asked_as_its_type_wants(site: Site, tab: Seen) -> None:
    page = tab.open(f"{site.url}/graph")
    page.get_by_role("searchbox", name="Find a metric").fill("cpu time seconds")
    page.get_by_role("button", name="process_cpu_seconds_total").click()
    page.get_by_text("rate(process_cpu_seconds_total[5m])").first.wait_for()
    page.get_by_text("3 series").or_(page.get_by_text("2 series")).or_(page.get_by_text("1 series")).first.wait_for()


def test_a_mistake_is_told_in_the_servers_words(site: Site, chromium: object, tab: Seen) -> None:
    tab.expected = "400"  # Chromium tells of each refusal
    page = tab.open(f"{site.url}/graph?g0.expr=sum(up")
    page.get_by_text("unclosed left parenthesis").first.wait_for()


def test_dragging_over_a_graph_looks_closer(site: Site, tab: Seen) -> None:
    page = tab.open(f"{site.url}/graph?g0.expr=up&from=now-5m&to=now")
    over = page.locator(".u-over")
    over.wait_for()
    box = over.bounding_box()
    assert box is not None
    page.mouse.move(box["x"] + box["width"] * 0.5, box["y"] + 40)
    page.mouse.down()
    page.mouse.move(box["x"] + box["width"] * 0.75, box["y"] + 40, steps=5)
    page.mouse.up()
    page.wait_for_url(lambda url: "from=now-5m" not in url and "from=" in url)


def test_an_alert_says_why_somebody_was_told_and_is_silenced_in_two_clicks(site: Site, tab: Seen) -> None:
    page = tab.open(f"{site.url}/alerts")
    page.get_by_role("button", name="TargetDown").click()
    page.get_by_text("Why was somebody told").wait_for()
    page.get_by_text("routed").first.wait_for()
    page.get_by_role("img", name="Over this span: firing").wait_for()
    page.get_by_role("link", name="Silence it").click()
    page.get_by_text("Concerns now: TargetDown").wait_for()
    page.get_by_role("button", name="Silence", exact=True).click()
    page.get_by_role("button", name="Expire").wait_for()
    silences = json.loads(fetch(f"{site.url}/api/v2/silences"))
    assert [one["status"]["state"] for one in silences] == ["active"]
    page.get_by_role("button", name="Expire").click()
    page.get_by_text("expired").wait_for()


def test_a_silences_pattern_keeps_its_backslashes_and_concerns_what_the_server_says(site: Site, tab: Seen) -> None:
    page = tab.open(f"{site.url}/silences?new=" + quote(r'{alertname=~"[[:upper:]]\w+Down", a!="x\"y", "b c"=""}'))
    page.get_by_text("Concerns now: TargetDown").wait_for()


def test_a_receiver_is_tried_from_the_page(site: Site, tab: Seen) -> None:
    page = tab.open(f"{site.url}/routes?labels=severity%3Dpage")
    page.get_by_text("is told").wait_for()
    page.get_by_role("button", name="Test").nth(1).click()
    page.get_by_text("failed").first.wait_for()
    page.get_by_text("connection refused").first.wait_for()


def test_a_target_shows_what_it_answers_now(site: Site, tab: Seen) -> None:
    page = tab.open(f"{site.url}/targets")
    page.get_by_role("button", name="localhost:9090").click()
    page.get_by_text("What it answers now").wait_for()
    page.get_by_text("# TYPE prometheus_build_info gauge").first.wait_for()


def test_letters_lead_from_page_to_page(site: Site, tab: Seen) -> None:
    page = tab.open(f"{site.url}/alerts")
    page.get_by_text("TargetDown").first.wait_for()
    page.keyboard.press("g")
    page.keyboard.press("t")
    page.wait_for_url("**/targets")
    page.get_by_text("127.0.0.1:1").first.wait_for()
    page.keyboard.press("/")
    page.keyboard.type("nothing has this")
    page.get_by_text("No target has that.").wait_for()
    page.go_back()
    page.wait_for_url("**/alerts")


@pytest.mark.parametrize(
    ("link", "text"),
    [
        ("/graph?g0.expr=up&g0.tab=1&g0.range_input=30m", "last 30m"),
        ("/graph?g0.expr=up&g0.tab=0&g0.range_input=1h&g0.end_input=2026-01-02%2003:04:05", "2026-01-02"),
        ("/tsdb-status", "Runtime"),
    ],
)
def test_links_that_the_original_makes_open_the_right_page(site: Site, tab: Seen, link: str, text: str) -> None:
    tab.open(site.url + link).get_by_text(text).first.wait_for()


def test_the_links_in_notifications_open_the_alert_at_the_alertmanagers_port(site: Site, tab: Seen) -> None:
    page = tab.open(f"{site.alertmanager}/#/alerts?receiver=pager")
    page.get_by_text("TargetDown").first.wait_for()
    assert page.url.startswith(f"{site.alertmanager}/alerts")


def test_a_page_goes_on_when_the_engine_answers_again(site: Site, tab: Seen) -> None:
    tab.expected = "net::ERR_INTERNET_DISCONNECTED"
    page = tab.open(f"{site.url}/targets")
    page.get_by_text("127.0.0.1:1").first.wait_for()
    page.context.set_offline(True)
    page.get_by_text("The engine does not answer").first.wait_for()
    page.context.set_offline(False)
    wait_for("the message to go", lambda: not page.get_by_text("The engine does not answer").count())
