"""Lines of logs in a real browser: found, followed, looked into, and led to from metrics."""

from __future__ import annotations

from tests.browser.conftest import Seen, Site


def test_streams_are_offered_and_lead_to_their_lines(site: Site, themed: Seen, axe: str) -> None:
    site.log("level=info msg=started", 'level=error msg="out of stock"')
    page = themed.open(f"{site.url}/logs")
    page.get_by_role("link", name="shop").click()
    page.get_by_text("out of stock").first.wait_for()
    assert "q=%7B" in page.url
    page.evaluate(axe)
    found = page.evaluate("axe.run(document, {runOnly: ['wcag2a', 'wcag2aa']})")
    assert [(one["id"], [node["html"][:120] for node in one["nodes"]]) for one in found["violations"]] == []


def test_a_filter_finds_its_lines_and_the_volume_over_time_is_drawn(site: Site, tab: Seen) -> None:
    site.log("apples 1", "pears 2", "apples 3")
    page = tab.open(f"{site.url}/logs?q=%7Bjob%3D%22shop%22%7D%20%7C%3D%20%22apples%22")
    page.get_by_text("apples 3").first.wait_for()
    assert page.get_by_text("pears").count() == 0
    page.get_by_role("img", name="Graph of 1 series").wait_for()


def test_a_line_shows_its_labels_and_what_was_around_it(site: Site, tab: Seen) -> None:
    site.log('{"level": "warn", "user": {"id": 7}}')
    page = tab.open(f"{site.url}/logs?q=%7Bjob%3D%22shop%22%7D%20%7C%3D%20%22user%22")
    page.get_by_role("button", name="user").first.click()
    page.locator("pre").get_by_text('"id": 7').wait_for()
    page.get_by_role("link", name="What was around it").click()
    page.wait_for_url(lambda url: "from=now" not in url and "from=" in url)
    page.get_by_role("button", name="user").first.wait_for()


def test_new_lines_are_followed(site: Site, tab: Seen) -> None:
    page = tab.open(f"{site.url}/logs?q=%7Bjob%3D%22shop%22%7D&live=1")
    page.get_by_text("following, newest first").wait_for()
    site.log("here I am, just now")
    page.get_by_text("here I am, just now").wait_for()
    page.get_by_role("button", name="Stop").click()
    page.wait_for_url(lambda url: "live" not in url)


def test_a_query_over_lines_is_drawn_as_a_graph(site: Site, tab: Seen) -> None:
    site.log("one", "two")
    page = tab.open(f"{site.url}/logs?q=sum(count_over_time(%7Bjob%3D%22shop%22%7D%5B1m%5D))")
    page.get_by_role("img", name="Graph of 1 series").wait_for()


def test_a_mistake_is_told_in_lokis_words(site: Site, tab: Seen) -> None:
    tab.expected = "400"
    page = tab.open(f"{site.url}/logs?q=%7Bjob%3D")
    page.get_by_text("parse error").first.wait_for()


def test_a_graph_leads_to_the_logs_of_its_time(site: Site, tab: Seen) -> None:
    page = tab.open(f"{site.url}/graph?g0.expr=up&from=now-5m&to=now")
    link = page.get_by_role("link", name="Logs of this time")
    link.click()
    page.wait_for_url("**/logs?**")
    assert "from=now-5m" in page.url
