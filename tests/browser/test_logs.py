"""Lines of logs in a real browser: found, followed, looked into, and led to from metrics."""

from __future__ import annotations

from tests.browser.conftest import Seen, Site, barriers


def test_streams_are_offered_and_lead_to_their_lines(site: Site, themed: Seen, axe: str) -> None:
    site.log("level=info msg=started", 'level=error msg="out of stock"')
    page = themed.open(f"{site.url}/logs")
    page.get_by_role("link", name="shop").click()
    page.get_by_text("out of stock").first.wait_for()
    assert "q=%7B" in page.url
    assert barriers(page, axe) == []


def test_a_filter_finds_its_lines_and_the_volume_over_time_is_drawn(site: Site, tab: Seen) -> None:
    site.log("apples 1", "pears 2", "apples 3")
    page = tab.open(f"{site.url}/logs?q=%7Bjob%3D%22shop%22%7D%20%7C%3D%20%22apples%22")
    page.get_by_text("apples 3").first.wait_for()
    assert page.get_by_text("pears").count() == 0
    page.get_by_role("img", name="Graph of 1 series").wait_for()


def test_a_line_shows_its_labels_and_what_was_around_it(site: Site, tab: Seen) -> None:
    site.log("just before", '{"level": "warn", "user": {"id": 7}}', "just after")
    page = tab.open(f"{site.url}/logs?q=%7Bjob%3D%22shop%22%7D%20%7C%3D%20%22user%22")
    page.get_by_role("button", name="user").first.click()
    page.locator("pre").get_by_text('"id": 7').wait_for()
    page.locator("mark").first.wait_for()
    page.get_by_role("button", name="What was around it").click()
    around = page.get_by_role("region", name="Around it")
    around.get_by_text("just before").wait_for()
    around.get_by_text("just after").wait_for()
    around.locator("li[aria-current]").get_by_text("user").wait_for()
    assert "line=" in page.url
    page.reload()
    page.locator("pre").get_by_text('"id": 7').wait_for()


def test_a_label_of_a_line_narrows_the_query(site: Site, tab: Seen) -> None:
    site.log("narrow me")
    page = tab.open(f"{site.url}/logs?q=%7Bjob%3D%22shop%22%7D%20%7C%3D%20%22narrow%22")
    page.get_by_role("button", name="narrow me").first.click()
    page.get_by_role("button", name="Only app=web").click()
    page.wait_for_url(lambda url: "app%3D%22web%22%7D" in url)
    page.get_by_role("button", name="narrow me").first.click()
    page.get_by_role("button", name="Without app=web").click()
    page.get_by_text("No line in this span").wait_for()


def test_lines_beyond_the_first_hundreds_come_when_asked(site: Site, tab: Seen) -> None:
    site.log(*(f"many {n}" for n in range(620)))
    page = tab.open(f"{site.url}/logs?q=%7Bjob%3D%22shop%22%7D%20%7C%3D%20%22many%22")
    page.get_by_text("500 lines, the newest of them").wait_for()
    page.get_by_role("button", name="Older lines").click()
    page.get_by_text("620 lines").wait_for()
    page.get_by_role("button", name="Older lines").click()
    page.get_by_role("button", name="Older lines").wait_for(state="detached")


def test_held_lines_wait(site: Site, tab: Seen) -> None:
    page = tab.open(f"{site.url}/logs?q=%7Bjob%3D%22shop%22%7D%20%7C%3D%20%22gate%22&live=1")
    page.get_by_text("following, newest first").wait_for()
    page.get_by_role("button", name="Hold").click()
    site.log("wait for me at the gate")  # what others have pushed may come late
    page.get_by_text("held, 1 more").wait_for()
    assert page.get_by_text("wait for me").count() == 0
    page.get_by_role("button", name="Go on").click()
    page.get_by_text("wait for me").wait_for()


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
