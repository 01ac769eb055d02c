"""Dashboards changed from the page: the difference is seen first, and the files stay what they were but for that."""

from __future__ import annotations

import json
import urllib.error
import urllib.request
from typing import Any

import pytest

from tests.browser.conftest import Seen, Site, barriers
from tests.end_to_end.processes import fetch_json, wait_for

TEXT = '{\n    "uid": "UID", "title": "UID",\n    "tags": [ "kept as it is" ],\n    "time": {"from": "now-5m", "to": "now"},\n    "panels": [\n        {"id": 4, "type": "stat", "title": "First", "targets": [{"refId": "A", "expr": "sum(up)"}], "gridPos": {"x": 0, "y": 0, "w": 6, "h": 4}}\n    ]\n}\n'  # fmt: skip


def board(site: Site, uid: str, folder: str = "ours") -> None:
    """A file that the engine has found."""
    (site.boards / folder / f"{uid}.json").write_text(TEXT.replace("UID", uid))

    def known() -> bool:
        urllib.request.urlopen(f"{site.url}/api/engine/dashboards/{uid}/source", timeout=30).close()
        return True

    wait_for("the dashboard", known)


def held(site: Site, uid: str) -> str:
    return (site.boards / "ours" / f"{uid}.json").read_text()


def test_a_query_is_added_to_a_dashboard_after_its_difference_was_seen(
    site: Site, themed: Seen, theme: str, axe: str
) -> None:
    uid = f"added-{theme}"
    board(site, uid)
    page = themed.open(f"{site.url}/graph?g0.expr=sum(up)")
    page.get_by_role("button", name="Add to dashboard").click()
    dialog = page.get_by_role("dialog", name="Add to dashboard")
    dialog.get_by_role("combobox", name="Dashboard").select_option(uid)
    dialog.get_by_role("textbox", name="Panel").fill("How many are up")
    dialog.get_by_role("button", name="Show the difference").click()
    dialog.locator(".added").get_by_text("How many are up").wait_for()
    assert "How many" not in held(site, uid)
    assert dialog.locator(".removed").count() <= 1
    assert barriers(page, axe) == []
    dialog.get_by_role("button", name="Save").click()
    dialog.get_by_role("link", name=uid).click()
    page.get_by_role("region", name="How many are up").wait_for()
    after = held(site, uid)
    assert [one["title"] for one in json.loads(after)["panels"]] == ["First", "How many are up"]
    assert '"tags": [ "kept as it is" ]' in after


def test_a_query_of_logs_begins_a_new_dashboard(site: Site, tab: Seen) -> None:
    page = tab.open(f"{site.url}/logs?q=%7Bjob%3D%22shop%22%7D")
    page.get_by_role("button", name="Add to dashboard").click()
    dialog = page.get_by_role("dialog")
    dialog.get_by_role("combobox", name="Dashboard").select_option("A new one")
    dialog.get_by_role("textbox", name="Its title").fill("Of logs")
    dialog.get_by_role("button", name="Show the difference").click()
    dialog.get_by_text("A new file:").wait_for()
    dialog.get_by_role("button", name="Save").click()
    dialog.get_by_role("link", name="Of logs").wait_for()
    found = json.loads((site.boards / "ours" / "of-logs.json").read_text())
    assert (found["panels"][0]["type"], found["panels"][0]["datasource"]["type"]) == ("logs", "loki")


def test_a_dashboard_is_edited_by_fields_and_drawn_as_it_would_be(
    site: Site, themed: Seen, theme: str, axe: str
) -> None:
    uid = f"edited-{theme}"
    board(site, uid)
    page = themed.open(f"{site.url}/d/{uid}")
    page.get_by_role("link", name="Edit").click()
    panel = page.get_by_role("region", name="Panel First")
    panel.get_by_role("button", name="First").click()
    panel.locator(".stat b").wait_for()
    panel.locator(".cm-content").wait_for()
    panel.get_by_label("Title").fill("Second")
    page.keyboard.press("Tab")
    assert barriers(page, axe) == []
    page.get_by_role("button", name="Show the difference").click()
    page.locator(".added").get_by_text("Second").wait_for()
    page.get_by_role("button", name="Save").click()
    page.get_by_role("region", name="Second").wait_for()
    assert held(site, uid) == TEXT.replace("UID", uid).replace('"First"', '"Second"')


def test_a_dashboard_is_edited_at_grafanas_port_too(site: Site, tab: Seen) -> None:
    board(site, "elsewhere")
    page = tab.open(f"{site.grafana}/d/elsewhere?edit")
    page.get_by_role("button", name="First").click()
    page.locator(".cm-content").click()
    page.keyboard.press("End")
    page.keyboard.type(" + su")
    page.locator(".cm-tooltip-autocomplete").get_by_text("sum", exact=True).wait_for()
    page.keyboard.press("Escape")
    for _ in range(5):
        page.keyboard.press("Backspace")
    page.keyboard.type(" * 2")
    page.keyboard.press("Enter")
    page.get_by_role("button", name="Show the difference").click()
    page.get_by_role("button", name="Save").click()
    page.get_by_role("region", name="First").wait_for()
    assert '"sum(up) * 2"' in held(site, "elsewhere")


def test_a_dashboard_is_edited_as_text_and_text_that_is_none_is_told(site: Site, tab: Seen) -> None:
    board(site, "as-text")
    page = tab.open(f"{site.url}/d/as-text?edit")
    page.get_by_role("tab", name="JSON").click()
    field = page.get_by_role("textbox", name="JSON of the dashboard")
    field.fill("{")
    page.get_by_text("This is no dashboard").wait_for()
    assert page.get_by_role("button", name="Show the difference").is_disabled()
    tab.expected = "is not a function"
    field.fill('{"title": "Odd", "panels": 5}')
    page.get_by_role("tab", name="Panels").click()
    page.get_by_text("These fields can't be drawn").wait_for()
    page.get_by_role("tab", name="JSON").click()
    field.fill(TEXT.replace("UID", "as-text").replace('"First"', '"Renamed"'))
    page.get_by_role("button", name="Show the difference").click()
    page.get_by_role("button", name="Save").click()
    page.get_by_role("region", name="Renamed").wait_for()
    assert held(site, "as-text") == TEXT.replace("UID", "as-text").replace('"First"', '"Renamed"')


def test_a_file_that_changed_meanwhile_is_not_overwritten(site: Site, tab: Seen) -> None:
    board(site, "both")
    page = tab.open(f"{site.url}/d/both?edit")
    page.get_by_label("Tags").fill("mine")
    page.get_by_label("Tags").press("Tab")
    file = site.boards / "ours" / "both.json"
    file.write_text(TEXT.replace("UID", "both").replace("kept", "theirs, kept"))
    page.get_by_role("button", name="Show the difference").click()
    page.get_by_text("The file has changed since it was opened here").wait_for()
    assert page.get_by_role("button", name="Save").is_disabled()
    assert "theirs" in file.read_text()


def test_what_is_not_saved_is_not_left_by_accident(site: Site, tab: Seen) -> None:
    board(site, "careful")
    page = tab.open(f"{site.url}/d/careful?edit")
    page.get_by_label("Tags").fill("mine")
    page.get_by_label("Tags").press("Tab")
    asked: list[str] = []
    page.on("dialog", lambda dialog: (asked.append(dialog.message), dialog.dismiss()))
    page.get_by_role("link", name="Targets").click()
    assert asked == ["Leave without saving?"]
    page.get_by_role("button", name="Discard").click()
    page.get_by_role("region", name="First").wait_for()
    assert "edit" not in page.url


def test_what_its_provider_keeps_to_itself_is_not_offered(site: Site, tab: Seen) -> None:
    board(site, "sealed", "theirs")
    page = tab.open(f"{site.url}/d/sealed")
    page.get_by_role("region", name="First").wait_for()
    assert page.get_by_role("link", name="Edit").count() == 0
    assert {one["uid"]: one["canSave"] for one in fetch_json(f"{site.url}/api/engine/dashboards")}["sealed"] is False


@pytest.mark.parametrize("path", ["/api/engine/dashboards/save", "/api/engine/dashboards/difference"])
def test_pages_of_others_can_not_write(site: Site, path: str) -> None:
    body: dict[str, Any] = {"dashboard": {"title": "Theirs", "panels": []}, "revision": ""}
    for port in (site.url, site.grafana):
        request = urllib.request.Request(port + path, json.dumps(body).encode(), {"Origin": "http://elsewhere.example"})
        with pytest.raises(urllib.error.HTTPError) as raised:
            urllib.request.urlopen(request, timeout=30)
        with raised.value as refused:
            assert refused.code == 403
    assert not (site.boards / "ours" / "theirs.json").exists()
