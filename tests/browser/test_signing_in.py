"""Where Grafana has a password: the form, what is said of a wrong one, and what guests of the first port see."""

from __future__ import annotations

import json
from collections.abc import Iterator
from typing import TYPE_CHECKING

import pytest

from tests.browser.conftest import Seen, barriers
from tests.end_to_end.processes import ENGINE, fetch, free_port, running, wait_for

if TYPE_CHECKING:
    from playwright.sync_api import Page

SOURCES = "datasources: [{name: Near, type: prometheus, url: 'http://prometheus:9090', isDefault: true}, {name: Far, type: prometheus, url: 'http://127.0.0.1:1'}]"
PANELS = [
    {"id": 1, "type": "stat", "title": "Near", "targets": [{"refId": "A", "expr": "vector(7)"}], "gridPos": {"x": 0, "y": 0, "w": 12, "h": 5}},
    {"id": 2, "type": "stat", "title": "Far", "datasource": "Far", "targets": [{"refId": "A", "expr": "1"}], "gridPos": {"x": 12, "y": 0, "w": 12, "h": 5}},
]  # fmt: skip
REFUSED = "status of 401"
"""What Chromium writes into its console."""


@pytest.fixture(scope="module")
def guarded(tmp_path_factory: pytest.TempPathFactory) -> Iterator[tuple[str, str]]:
    """The first port and Grafana's, of an engine whose dashboards have a password."""
    folder = tmp_path_factory.mktemp("guarded")
    files = {
        "prometheus.yml": "",
        "grafana/grafana.ini": "[security]\nadmin_password = right\ndisable_brute_force_login_protection = true\n",
        "grafana/provisioning/datasources/d.yml": SOURCES,
        "grafana/provisioning/dashboards/d.yml": "providers: [{name: D, options: {path: boards}}]",
        "grafana/boards/b.json": json.dumps({"uid": "b", "title": "Board", "schemaVersion": 38, "panels": PANELS}),
    }
    for name, text in files.items():
        (folder / name).parent.mkdir(parents=True, exist_ok=True)
        (folder / name).write_text(text)
    ports = {name: free_port() for name in ("prometheus", "grafana")}
    listen = [part for name, port in ports.items() for part in ("--listen", f"{name}=127.0.0.1:{port}")]
    with running(
        [*ENGINE, "run", "--config", "prometheus.yml", "--data-dir", "data", *listen], folder / "log", cwd=folder
    ):
        urls = [f"http://127.0.0.1:{port}" for port in ports.values()]
        wait_for("the engine", lambda: [fetch(f"{urls[0]}/-/ready"), fetch(f"{urls[1]}/api/health")])
        yield urls[0], urls[1]


def test_the_form_says_that_a_password_is_wrong_and_leads_on_when_it_is_right(
    guarded: tuple[str, str], themed: Seen, axe: str
) -> None:
    themed.expected = REFUSED
    page = themed.open(f"{guarded[1]}/d/b")
    dialog = page.get_by_role("dialog", name="Sign in")
    user, password = dialog.get_by_role("textbox", name="User"), dialog.get_by_label("Password")
    user.fill("admin")
    password.fill("wrong")
    page.keyboard.press("Enter")
    dialog.get_by_role("alert").get_by_text("Invalid username or password").wait_for()
    assert barriers(page, axe) == []
    assert password.input_value() == ""
    password.fill("right")
    page.keyboard.press("Enter")
    page.get_by_role("region", name="Near").get_by_text("7").wait_for()
    assert dialog.count() == 0
    assert barriers(page, axe) == []
    page.get_by_role("link", name="Sign out").click()
    page.get_by_role("heading", name="Sign in").wait_for()
    assert barriers(page, axe) == []
    sign_in(page, f"{guarded[1]}/login?redirectTo=/d/b")
    page.get_by_role("region", name="Near").get_by_text("7").wait_for()
    sign_in(page, f"{guarded[1]}/login?redirectTo=/%09/127.0.0.1:1/elsewhere")  # which browsers read as //127.0.0.1:1
    page.wait_for_url(f"{guarded[1]}/dashboards")


def sign_in(page: Page, url: str) -> None:
    page.goto(url)
    page.get_by_role("textbox", name="User").fill("admin")
    page.get_by_label("Password").fill("right")
    page.get_by_role("button", name="Sign in").click()


def test_guests_of_the_first_port_are_shown_what_is_near_and_may_sign_in_for_the_rest(
    guarded: tuple[str, str], tab: Seen
) -> None:
    tab.expected = REFUSED
    page = tab.open(f"{guarded[0]}/d/b")
    page.get_by_role("region", name="Near").get_by_text("7").wait_for()
    page.get_by_role("region", name="Far").get_by_text("Far is a data source elsewhere").wait_for()
    page.get_by_role("link", name="Edit").click()
    page.get_by_role("dialog", name="Sign in").get_by_role("textbox", name="User").fill("admin")
    page.get_by_label("Password").fill("right")
    page.keyboard.press("Enter")
    page.get_by_role("heading", name="Edit Board").wait_for()
    page.goto(f"{guarded[0]}/d/b")
    page.get_by_role("region", name="Far").get_by_text("127.0.0.1:1").first.wait_for()
