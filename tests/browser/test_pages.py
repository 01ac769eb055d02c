"""The page in a real browser: it opens, shows what there is, and does what its buttons say."""

from __future__ import annotations

import json
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING
from urllib.parse import quote

import pytest

from tests.browser.conftest import Seen, Site, barriers, in_both_themes
from tests.end_to_end.processes import ENGINE, fetch, free_port, running, wait_for

if TYPE_CHECKING:
    from playwright.sync_api import Page

PAGES = {
    "/graph?g0.expr=up": "5 series",
    "/graph?g0.expr=up&g0.tab=1": "5 series",
    "/graph?g0.expr=sum(up)&g0.tab=explain": "What is done",
    "/alerts": "TargetDown",
    "/silences": "New silence",
    "/routes": "pager",
    "/rules": "job:up:sum",
    "/rules?q=ShopComplains&open=ShopComplains": "over lines",
    "/targets": "127.0.0.1:1",
    "/service-discovery": "Became targets",
    "/status": "storageRetention",
    "/status?tab=store": "Series by metric",
    "/status?tab=forwarding": "no remote_write is configured",
    "/status?tab=config": "scrape_configs",
    "/status?tab=flags": "config.file",
}


@pytest.mark.parametrize("path", PAGES)
def test_each_page_shows_what_there_is_to_everybody_and_the_browser_has_no_complaint(
    site: Site, tab: Seen, axe: str, path: str
) -> None:
    page = tab.open(site.url + path)
    for theme in in_both_themes(page):
        page.get_by_text(PAGES[path]).first.wait_for()
        assert barriers(page, axe) == [], theme


def test_what_is_typed_is_drawn_and_stands_in_the_address(site: Site, tab: Seen) -> None:
    page = tab.open(f"{site.url}/graph")
    editor = page.get_by_role("textbox", name="Expression 1")
    page.locator(".cm-content").wait_for()
    editor.click()
    page.keyboard.type("sum by (job) (up)")
    page.keyboard.press("Escape")
    page.keyboard.press("Control+Enter")
    page.get_by_text("5 series").wait_for()
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


def drag(page: Page, start: float, end: float) -> None:
    """Over the first graph, from one part of its width to another."""
    over = page.locator(".u-over").first
    over.wait_for()
    box = over.bounding_box()
    assert box is not None
    page.mouse.move(box["x"] + box["width"] * start, box["y"] + 40)
    page.mouse.down()
    page.mouse.move(box["x"] + box["width"] * end, box["y"] + 40, steps=5)
    page.mouse.up()


def test_dragging_over_a_graph_looks_closer(site: Site, tab: Seen) -> None:
    page = tab.open(f"{site.url}/graph?g0.expr=up&from=now-5m&to=now")
    drag(page, 0.5, 0.75)
    page.wait_for_url(lambda url: "from=now-5m" not in url and "from=" in url)


def test_an_alert_says_why_somebody_was_told_and_is_silenced_in_two_clicks(site: Site, tab: Seen) -> None:
    page = tab.open(f"{site.url}/alerts")
    page.get_by_role("button", name="TargetDown").click()
    page.get_by_text("Why was somebody told").wait_for()
    page.get_by_text("routed").first.wait_for()
    page.get_by_role("img", name="Over this span: firing").wait_for()
    page.get_by_text("active since").wait_for()
    assert "open=" in page.url
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


def test_the_first_line_of_a_page_that_can_not_be_read_is_shown(site: Site, tab: Seen) -> None:
    page = tab.open(f"{site.url}/targets?q=%22bad%22")
    page.get_by_role("button", name="/bad").click()
    page.locator(".badline").get_by_text("no sample at all !").wait_for()
    page.get_by_role("img", name="down in").wait_for()


def test_a_rule_that_nobody_has_written_is_replayed(site: Site, tab: Seen) -> None:
    page = tab.open(f"{site.url}/rules?from=now-5m&to=now")
    page.get_by_role("button", name="Try a rule").click()
    page.locator(".cm-content").wait_for()
    page.get_by_role("textbox", name="Expression of the rule").click()
    page.keyboard.type('up{job="gone"} == 0')
    page.get_by_role("textbox", name="For how long").fill("2x")
    page.get_by_text("Write how long it must hold").wait_for()
    page.get_by_role("textbox", name="For how long").fill("1s")
    page.get_by_role("button", name="Try", exact=True).click()
    page.get_by_text("It would have fired once.").wait_for()
    page.get_by_role("img", name="firing").first.wait_for()
    assert "for=1s" in page.url


def test_a_loaded_rule_is_replayed_and_may_be_changed(site: Site, tab: Seen) -> None:
    page = tab.open(f"{site.url}/rules?open=TargetDown")
    page.get_by_text("It would have fired once.").wait_for()
    page.get_by_role("link", name="Change and try").click()
    page.get_by_role("region", name="Try a rule").wait_for()


LOOK_FOR_A_DOT = """async () => {
  const over = document.querySelector(".u-over"), box = over.getBoundingClientRect();
  for (let y = 3; y < box.height; y += 6) for (let x = 40; x < 64; x += 6) {
    const at = {clientX: box.right - x, clientY: box.top + y, bubbles: true};
    over.dispatchEvent(new MouseEvent("mousemove", at));
    await new Promise(requestAnimationFrame);
    const told = document.querySelector(".tip p");
    if (told) return told.textContent;
  }
  return "";
}"""


def test_events_of_a_histogram_are_drawn_and_told(site: Site, tab: Seen) -> None:
    asked = "count_over_time(request_seconds_bucket[5s])"
    page = tab.open(f"{site.url}/graph?g0.expr={asked}&g0.show_exemplars=1&from=now-1m&to=now")
    page.get_by_text("exemplars").nth(1).click()
    page.get_by_role("link", name="its logs").first.wait_for()
    page.locator(".u-over").hover()  # the page believes only a pointer that has entered
    assert "trace_id" in page.evaluate(LOOK_FOR_A_DOT)


def test_a_graph_has_the_logs_of_its_labels_below_and_both_follow_one_span(site: Site, tab: Seen) -> None:
    site.log("sold an apple")
    page = tab.open(f"{site.url}/graph?g0.expr=sum(request_seconds_count%7Bjob%3D%22shop%22%7D)&from=now-5m&to=now")
    page.get_by_role("checkbox", name="logs below").check()
    below = page.get_by_role("region", name="Logs of this time")
    below.get_by_text("sold an apple").first.wait_for()
    drag(page, 0.2, 0.4)
    page.wait_for_url(lambda url: "from=now-5m" not in url and "g0.logs=1" in url)
    page.get_by_text("No stream has lines in this span.").wait_for()


def test_arrows_choose_a_tab(site: Site, tab: Seen) -> None:
    page = tab.open(f"{site.url}/status")
    page.get_by_role("tab", name="Runtime").focus()
    page.keyboard.press("ArrowLeft")
    page.get_by_text("config.file").first.wait_for()
    page.keyboard.press("ArrowRight")
    page.get_by_role("tab", name="Runtime", selected=True).wait_for()


@pytest.mark.parametrize("theme", ["dark"])
def test_all_keys_are_listed_behind_a_question_mark(site: Site, themed: Seen, axe: str) -> None:
    page = themed.open(f"{site.url}/targets")
    page.get_by_text("127.0.0.1:1").first.wait_for()
    page.keyboard.press("?")
    page.get_by_role("dialog", name="Keys").get_by_text("twice the span").wait_for()
    assert barriers(page, axe) == []
    page.keyboard.press("Escape")
    page.get_by_role("dialog").wait_for(state="detached")
    page.keyboard.press("t")
    page.get_by_role("button", name="6h").wait_for()
    page.keyboard.press("Escape")
    page.keyboard.press("z")
    page.wait_for_url("**/targets?from=now-2h&to=now")
    page.keyboard.press("T")
    page.locator("html[data-theme=light]").wait_for()


def test_a_narrow_page_shows_all_without_moving_sideways(site: Site, tab: Seen) -> None:
    tab.page.set_viewport_size({"width": 390, "height": 800})
    for path, text in PAGES.items():
        page = tab.open(site.url + path)
        page.get_by_text(text).first.wait_for()
        wait_for(f"{path} to fit", partial(page.evaluate, "document.documentElement.scrollWidth <= innerWidth"))


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
        ("/tsdb-status", "Series by metric"),
        ("/config", "scrape_configs"),
        ("/flags", "config.file"),
        ("/targets?search=bad", "0 of 1 up"),
        ("/query?g0.expr=up&g0.tab=1", "5 series"),
        ("/explore", "Streams of this time"),
        (
            '/explore?left={"datasource":"Loki","queries":[{"expr":"{job=\\"shop\\"}"}],"range":{"from":"now-2h","to":"now"}}',
            "last 2h",
        ),
        ('/explore?left=["now-3h","now","Prometheus",{"expr":"sum(up)"}]', "1 series"),
        (
            '/explore?schemaVersion=1&panes={"a":{"datasource":"x","queries":[{"expr":"up"}],"range":{"from":"now-1h","to":"now"}}}',
            "5 series",
        ),
    ],
)
def test_links_that_the_original_makes_open_the_right_page(site: Site, tab: Seen, link: str, text: str) -> None:
    tab.open(site.url + link).get_by_text(text).first.wait_for()


def test_the_button_in_notifications_leads_from_grafanas_port_to_explore(site: Site, tab: Seen) -> None:
    site.log("a line")
    page = tab.open(f"{site.grafana}/explore")
    page.get_by_text("Streams of this time").wait_for()
    page.go_back()
    page = tab.open(f"{site.grafana}/dashboards")
    page.get_by_role("link", name="Metrics").click()
    page.get_by_role("searchbox", name="Find a metric").wait_for()


@pytest.mark.parametrize(
    ("hash_", "text"),
    [
        ("#/alerts?filter=%7Bseverity%3D%22page%22%2Cjob!%3D%22x%22%7D", "TargetDown"),
        ("#/alerts?filter=%7Bseverity%3D%22none%22%7D", "None of the alerts has that."),
        ("#/alerts?receiver=team", "None of the alerts has that."),
        ("#/silences/new?filter=%7Bjob%3D%22gone%22%7D", "Concerns now: TargetDown"),
        ("#/silences", "New silence"),
        ("#/status", "a test sends one marked notification"),
    ],
)
def test_addresses_of_the_alertmanagers_page_open_what_they_mean(site: Site, tab: Seen, hash_: str, text: str) -> None:
    tab.open(f"{site.alertmanager}/{hash_}").get_by_text(text).first.wait_for()


def test_the_links_in_notifications_open_the_alert_at_the_alertmanagers_port(site: Site, tab: Seen) -> None:
    page = tab.open(f"{site.alertmanager}/#/alerts?receiver=pager")
    page.get_by_text("TargetDown").first.wait_for()
    assert page.url.startswith(f"{site.alertmanager}/alerts")


def test_a_page_goes_on_when_the_engine_answers_again(site: Site, tab: Seen) -> None:
    tab.expected = "net::ERR_INTERNET_DISCONNECTED"
    tab.page.clock.install()  # it asks each five seconds
    page = tab.open(f"{site.url}/targets")
    page.get_by_text("127.0.0.1:1").first.wait_for()
    page.context.set_offline(True)
    page.clock.run_for(5000)
    page.get_by_text("The engine does not answer").first.wait_for()
    page.context.set_offline(False)
    page.clock.run_for(5000)
    wait_for("the message to go", lambda: not page.get_by_text("The engine does not answer").count())


def test_an_agent_opens_with_where_its_samples_go_and_has_no_queries(tab: Seen, axe: str, tmp_path: Path) -> None:
    (tmp_path / "a.yml").write_text('remote_write: [{url: "http://127.0.0.1:1/write", name: central}]\n')
    port = free_port()
    command = [*ENGINE, "run", "--agent", "--config", "a.yml", "--listen", f"prometheus=127.0.0.1:{port}"]
    with running(command, tmp_path / "log", cwd=tmp_path):
        wait_for("an agent", lambda: fetch(f"http://127.0.0.1:{port}/-/ready"))
        page = tab.open(f"http://127.0.0.1:{port}/")
        page.get_by_role("row", name="central").wait_for()
        assert page.url.endswith("/agent")
        assert page.locator("nav.top .pages a").all_inner_texts() == ["Agent", "Targets", "Discovery", "Status"]
        assert barriers(page, axe) == []
