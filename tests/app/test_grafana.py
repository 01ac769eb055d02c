"""Grafana's port: the guide's own commands, and what the page draws dashboards from."""

from __future__ import annotations

import json
import shutil
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from aiohttp import ClientSession, encode_basic_auth, web

from engine.app.application import Application
from tests.app.world import ANYWHERE, START, engine, write
from tests.conftest import shared
from tests.foundation.serving import serving

RULE = "groups: [{name: g, rules: [{record: load, expr: vector(5), labels: {host: a}}]}]"
BOARD: dict[str, Any] = {
    "uid": "b", "title": "Board", "tags": ["t"], "schemaVersion": 38,
    "templating": {"list": [{"name": "host", "type": "query", "query": "label_values(load, host)", "multi": True, "includeAll": True,
                             "current": {"value": "$__all"}, "datasource": "Prometheus"}]},
    "panels": [
        {"id": 1, "type": "timeseries", "title": "$host", "gridPos": {"x": 0, "y": 0, "w": 12, "h": 8}, "repeat": "host",
         "datasource": {"type": "prometheus", "uid": "${DS_PROMETHEUS}"},
         "fieldConfig": {"defaults": {"unit": "bytes", "custom": {"fillOpacity": 20}}},
         "targets": [{"refId": "A", "expr": 'load{host=~"$host"}', "legendFormat": "{{host}}"}]},
        {"id": 2, "type": "stat", "targets": [{"refId": "A", "expr": "load", "instant": True}],
         "fieldConfig": {"defaults": {"unit": "percent", "thresholds": {"steps": [{"value": None, "color": "green"}, {"value": 4, "color": "red"}]}}}},
        {"id": 3, "type": "table", "targets": [{"refId": "A", "expr": "load", "instant": True, "format": "table"}]},
        {"id": 4, "type": "stat", "targets": [{"refId": "A", "expr": "load{"}]},
        {"id": 5, "type": "text", "options": {"mode": "markdown", "content": "**$host**"}},
    ],
}  # fmt: skip
PROVIDER = "providers: [{name: D, options: {path: boards}}]"
SOURCES = "datasources: [{name: Prometheus, type: prometheus, url: 'http://prometheus:9090', isDefault: true}]"


def home(folder: Path, settings: str = "") -> Path:
    write(folder, "grafana/provisioning/dashboards/d.yml", PROVIDER)
    write(folder, "grafana/provisioning/datasources/d.yml", SOURCES)
    write(folder, "grafana/boards/b.json", json.dumps(BOARD))
    write(folder, "grafana/grafana.ini", settings)
    write(folder, "rules.yml", RULE)
    return write(folder, "prometheus.yml", "rule_files: [rules.yml]\nglobal: {evaluation_interval: 15s}\n")


async def ask(
    app: Application, path: str, body: Any = None, auth: str = "", component: str = "grafana"
) -> tuple[int, Any]:
    """Status and JSON; a body makes it a POST."""
    url = f"http://{app.parts.components.ports[component]}{path}"
    headers = {"Authorization": auth} if auth else {}
    async with ClientSession(headers=headers) as client:
        call = client.get(url) if body is None else client.post(url, json=body)
        async with call as response:
            return response.status, json.loads(await response.read() or b"null")


async def with_samples(app: Application) -> None:
    await app.clock.advance(60_000)  # type: ignore[attr-defined]  # the manual clock


def panel(number: int, **more: Any) -> dict[str, Any]:
    return {"dashboard": "b", "panel": number, "from": str(START), "to": str(START + 60_000), "width": 600, **more}


async def test_the_guides_commands_answer_with_its_password(tmp_path: Path) -> None:
    admin, other = encode_basic_auth("admin", "password"), encode_basic_auth("admin", "wrong")
    async with engine(home(tmp_path, "[security]\nadmin_password = password\n")) as app:
        assert await ask(app, "/api/health") == (200, {"commit": "", "database": "ok", "version": "9.4.7"})
        status, sources = await ask(app, "/api/datasources", auth=admin)
        assert (status, [one["name"] for one in sources]) == (200, ["Prometheus"])
        status, found = await ask(app, "/api/search", auth=admin)
        assert (status, [(one["uid"], one["type"]) for one in found]) == (200, [("b", "dash-db")])
        assert await ask(app, "/api/search", auth=other) == (401, {"message": "Invalid username or password"})
        assert await ask(app, "/api/search") == (401, {"message": "Unauthorized"})
        status, _ = await ask(app, "/login", {"user": "admin", "password": "wrong"})
        assert status == 401


async def test_without_a_password_any_credentials_do_on_loopback(tmp_path: Path) -> None:
    async with engine(home(tmp_path)) as app:
        assert (await ask(app, "/api/search"))[0] == 200
        assert (await ask(app, "/api/search", auth=encode_basic_auth("x", "y")))[0] == 200


async def test_a_dashboard_comes_with_its_variables_and_repetitions(tmp_path: Path) -> None:
    async with engine(home(tmp_path)) as app:
        await with_samples(app)
        for component in ("grafana", "prometheus"):
            status, found = await ask(
                app, f"/api/engine/dashboards/b?from={START}&to={START + 60_000}", component=component
            )
            assert status == 200
            (variable,) = found["variables"]
            assert [one["value"] for one in variable["options"]] == ["$__all", "a"]
            assert (variable["isAll"], variable["text"]) == (True, "All")
            first = found["panels"][0]
            assert (first["key"], first["scope"], first["title"], first["w"]) == ("1/host=a", {"host": "a"}, "a", 24)


async def test_panels_are_ready_to_draw(tmp_path: Path) -> None:
    async with engine(home(tmp_path)) as app:
        await with_samples(app)
        status, lines = await ask(app, "/api/engine/panel", panel(1, scope={"host": "a"}))
        assert (status, lines["kind"], lines["title"], lines["problem"]) == (200, "timeseries", "a", "")
        (series,) = lines["series"]
        assert (series["name"], series["fill"], series["values"][-1]) == ("a", 0.2, 5)
        assert lines["formats"][series["format"]]["kind"] == "scaled"
        _, stat = await ask(app, "/api/engine/panel", panel(2))
        (value,) = stat["values"]
        assert (value["text"], value["suffix"], value["color"]) == ("5", "%", "#f2495c")
        _, table = await ask(app, "/api/engine/panel", panel(3))
        assert {one["name"]: one["texts"] for one in table["columns"]}["host"] == ["a"]
        _, words = await ask(app, "/api/engine/panel", panel(5))
        assert words["html"] == "<p><strong>a</strong></p>\n"


SIGNED = {"a": "load", "b": "load", "c": "load", "d": "-load"}


def own(kind: str, expr: str, **more: Any) -> dict[str, Any]:
    """A question for a panel that stands in no file."""
    target = {"refId": "A", "expr": expr, "legendFormat": "__auto", **more.pop("target", {})}
    model = {"id": 1, "type": kind, "targets": [target], **more.pop("model", {})}
    return {"model": model, "from": str(START), "to": str(START + 60_000), "width": 600, **more}


async def test_series_that_differ_by_one_label_are_called_by_its_value(tmp_path: Path) -> None:
    async with engine(home(tmp_path)) as app:
        await with_samples(app)
        several = own("timeseries", 'label_replace(load, "host", "b", "", "") or load')
        _, drawn = await ask(app, "/api/engine/panel", several)
        assert sorted(one["name"] for one in drawn["series"]) == ["a", "b"]


async def test_a_percent_stack_has_an_axis_in_percent_whatever_its_unit(tmp_path: Path) -> None:
    defaults = {"unit": "bytes", "custom": {"stacking": {"mode": "percent"}}}
    async with engine(home(tmp_path)) as app:
        await with_samples(app)
        asked = own("timeseries", "load", model={"fieldConfig": {"defaults": defaults}})
        _, drawn = await ask(app, "/api/engine/panel", asked)
        (axis,) = drawn["axes"]
        formats = [drawn["formats"][one["format"]]["unit"] for one in (axis, drawn["series"][0])]
        assert formats == ["percentunit", "bytes"]


async def test_what_a_file_puts_into_a_group_of_its_own_or_lies_below_zero_is_stacked_apart(tmp_path: Path) -> None:
    apart = {"id": "custom.stacking", "value": {"mode": "normal", "group": False}}
    fields = {
        "defaults": {"custom": {"stacking": {"mode": "normal", "group": "A"}}},
        "overrides": [{"matcher": {"id": "byName", "options": "c"}, "properties": [apart]}],
    }
    expr = " or ".join(f'label_replace({value}, "host", "{name}", "", "")' for name, value in SIGNED.items())
    async with engine(home(tmp_path)) as app:
        await with_samples(app)
        asked = own("timeseries", expr, target={"legendFormat": "{{host}}"}, model={"fieldConfig": fields})
        _, drawn = await ask(app, "/api/engine/panel", asked)
        stacks = {one["name"]: one["stack"] for one in drawn["series"]}
        assert stacks["a"] == stacks["b"]
        assert len({stacks["a"], stacks["c"], stacks["d"]}) == 3


async def test_states_are_told_by_name_or_by_what_their_colours_begin_at(tmp_path: Path) -> None:
    steps = [{"value": None, "color": "green"}, {"value": 4, "color": "red"}]
    plain = {"unit": "s", "thresholds": {"mode": "absolute", "steps": steps}}
    named = plain | {"mappings": [{"type": "value", "options": {"5": {"text": "HIGH", "color": "red"}}}]}
    async with engine(home(tmp_path)) as app:
        await with_samples(app)
        told = []
        for defaults in (plain, named):
            model = {"fieldConfig": {"defaults": defaults}}
            _, drawn = await ask(app, "/api/engine/panel", own("state-timeline", "load", model=model))
            told.append([one["text"] for one in drawn["items"]])
        assert told == [["< 4 s", "4 s+"], ["HIGH"]]


async def test_times_are_dates_in_the_browsers_zone_whatever_the_unit_of_the_numbers(tmp_path: Path) -> None:
    async with engine(home(tmp_path)) as app:
        await with_samples(app)
        table = {"format": "table", "instant": True, "range": False}
        asked = own("table", "load", target=table, model={"fieldConfig": {"defaults": {"unit": "percent"}}})
        told = []
        for timezone in ("UTC", "Asia/Seoul", "Nowhere/Land"):
            _, drawn = await ask(app, "/api/engine/panel", asked | {"timezone": timezone})
            told.append({one["name"]: one["texts"] for one in drawn["columns"]})
        at = datetime.fromtimestamp(START / 1000 + 60, UTC)
        shown = [f"{at:%Y-%m-%d %H:%M:%S}", f"{at + timedelta(hours=9):%Y-%m-%d %H:%M:%S}"]
        assert [one["Time"] for one in told] == [[shown[0]], [shown[1]], [shown[0]]]
        assert told[0]["Value"] == ["5%"]


async def test_of_several_tables_the_one_that_is_asked_for_is_told(tmp_path: Path) -> None:
    async with engine(home(tmp_path)) as app:
        await with_samples(app)
        asked = own("table", 'label_replace(load, "host", "b", "", "") or load')
        names = []
        for frame in (0, 1, 9):
            _, drawn = await ask(app, "/api/engine/panel", asked | {"frame": frame})
            names.append((len(drawn["frames"]), drawn["frame"], drawn["columns"][1]["name"]))
        assert [one[:2] for one in names] == [(2, 0), (2, 1), (2, 1)]
        assert names[0][2] != names[1][2] == names[2][2]


async def test_a_query_that_fails_says_why_in_its_panel(tmp_path: Path) -> None:
    async with engine(home(tmp_path)) as app:
        status, found = await ask(app, "/api/engine/panel", panel(4))
        assert status == 200
        assert "parse error" in found["problem"]
        assert await ask(app, "/api/engine/panel", panel(9)) == (404, {"message": "the dashboard has no panel 9"})
        status, found = await ask(app, "/api/engine/panel", panel(1) | {"from": "nonsense"})
        assert status == 400


@pytest.mark.parametrize(
    ("from_", "to", "words"),
    [
        ("9" * 19, "now", "is no time"),
        ("0", "9" * 18, "is no time that a calendar knows"),
        ("now-" + "9" * 5000 + "s", "now", "is no time"),
        ("-1000000000000000", "now", "is no time that a calendar knows"),
        (str(START), str(START - 9_000_000), "the span of time ends before it begins"),
    ],
)
async def test_times_that_can_not_be_are_told(tmp_path: Path, from_: str, to: str, words: str) -> None:
    async with engine(home(tmp_path)) as app:
        status, found = await ask(app, "/api/engine/panel", own("timeseries", "load") | {"from": from_, "to": to})
        assert words in (found["message"] if status == 400 else found["problem"])


async def test_a_page_that_is_no_number_is_the_first(tmp_path: Path) -> None:
    async with engine(home(tmp_path)) as app:
        assert (await ask(app, "/api/search?page=%C2%B2&limit=" + "9" * 5000))[0] == 200


async def test_grafanas_own_clients_find_what_they_ask_for(tmp_path: Path) -> None:
    async with engine(home(tmp_path)) as app:
        await with_samples(app)
        _, found = await ask(app, "/api/dashboards/uid/b")
        assert (found["dashboard"]["title"], found["meta"]["provisioned"]) == ("Board", True)
        assert await ask(app, "/api/dashboards/uid/x") == (404, {"message": "Dashboard not found"})
        uid = (await ask(app, "/api/datasources/name/Prometheus"))[1]["uid"]
        assert uid == "PBFA97CFB590B2093"
        query = {"refId": "A", "datasource": {"uid": uid}, "expr": "load", "instant": True}
        asked = {"queries": [query], "from": str(START), "to": str(START + 60_000)}
        _, answer = await ask(app, "/api/ds/query", asked)
        (frame,) = answer["results"]["A"]["frames"]
        assert frame["data"]["values"][1] == [5]
        status, answer = await ask(app, "/api/ds/query", asked | {"queries": [query | {"expr": "load{"}]})
        assert (status, "parse error" in answer["results"]["A"]["error"]) == (400, True)
        _, proxied = await ask(app, f"/api/datasources/proxy/uid/{uid}/api/v1/query?query=1")
        assert proxied["status"] == "success"
        for path in ("/api/user", "/api/org", "/api/frontend/settings", "/api/folders", "/api/annotations"):
            assert (await ask(app, path))[0] == 200, path
        assert await ask(app, "/api/nosuch") == (404, {"message": "Not found"})


async def test_a_saved_dashboard_is_in_its_file(tmp_path: Path) -> None:
    async with engine(home(tmp_path)) as app:
        _, source = await ask(app, "/api/engine/dashboards/b/source")
        changed = BOARD | {"title": "Changed"}
        _, difference = await ask(app, "/api/engine/dashboards/b/difference", {"dashboard": changed})
        assert any(one["kind"] == "+" and "Changed" in one["text"] for one in difference["lines"])
        given = {"dashboard": changed, "revision": source["revision"]}
        status, saved = await ask(app, "/api/engine/dashboards/save", given)
        assert (status, saved["title"]) == (200, "Changed")
        assert json.loads((tmp_path / "grafana/boards/b.json").read_text())["title"] == "Changed"
        status, _ = await ask(app, "/api/engine/dashboards/save", given)
        assert status == 412


async def test_a_password_guards_saving_at_the_first_port_too(tmp_path: Path) -> None:
    async with engine(home(tmp_path, "[security]\nadmin_password = p\n")) as app:
        given = {"dashboard": BOARD, "revision": ""}
        assert (await ask(app, "/api/engine/dashboards/save", given, component="prometheus"))[0] == 401
        assert (await ask(app, "/api/engine/dashboards", component="prometheus"))[0] == 200


async def test_without_a_password_nobody_saves_at_a_port_that_other_machines_can_come_to(tmp_path: Path) -> None:
    everywhere = {**ANYWHERE, "prometheus": "0.0.0.0:0"}
    given = {"dashboard": BOARD, "revision": ""}
    path, any_ = "/api/engine/dashboards/save", encode_basic_auth("x", "y")
    async with engine(home(tmp_path), listen=everywhere) as app:
        status, said = await ask(app, path, given, component="prometheus")
        assert (status, "set GF_SECURITY_ADMIN_PASSWORD" in said["message"]) == (401, True)
        assert (await ask(app, path, given, auth=any_, component="prometheus"))[0] == 401
        assert (await ask(app, "/api/engine/dashboards", component="prometheus"))[0] == 200
        assert (await ask(app, path, given))[0] == 200


async def test_what_is_nested_too_deeply_is_refused(tmp_path: Path) -> None:
    async with engine(home(tmp_path)) as app:
        url = f"http://{app.parts.components.ports['grafana']}/api/engine/dashboards/save"
        async with ClientSession() as client, client.post(url, data='{"dashboard":' + "[" * 99_999) as response:
            assert response.status == 400


async def test_below_a_path_everything_moves(tmp_path: Path) -> None:
    ini = "[server]\nroot_url = http://localhost:3000/grafana/\nserve_from_sub_path = true\n"
    async with engine(home(tmp_path, ini)) as app:
        assert (await ask(app, "/grafana/api/health"))[0] == 200
        assert (await ask(app, "/grafana/api/frontend/settings"))[1]["appSubUrl"] == "/grafana"
        url = f"http://{app.parts.components.ports['grafana']}/grafana/d/b"
        async with ClientSession() as client, client.get(url) as answer:
            assert '<base href="/grafana/">' in await answer.text()


_OWNERS = ("/api/admin/provisioning/dashboards/reload", "/api/admin/provisioning/datasources/reload")


@pytest.mark.parametrize(("role", "saved"), [("Viewer", 401), ("Editor", 200)])
async def test_whoever_names_nobody_may_read_and_what_the_role_says(tmp_path: Path, role: str, saved: int) -> None:
    ini = f"[security]\nadmin_password = p\n[auth.anonymous]\nenabled = true\norg_role = {role}\n"
    given = {"dashboard": BOARD, "overwrite": True, "revision": ""}
    async with engine(home(tmp_path, ini)) as app:
        assert (await ask(app, "/api/search"))[0] == 200
        assert (await ask(app, "/api/search", auth=encode_basic_auth("admin", "wrong")))[0] == 401
        owner = encode_basic_auth("admin", "p")
        wanted = {"/api/engine/dashboards/save": saved, "/api/dashboards/db": saved} | dict.fromkeys(_OWNERS, 401)
        for path, status in wanted.items():
            assert (await ask(app, path, given))[0] == status, path
            assert (await ask(app, path, given, auth=owner))[0] != 401, path
        for path in ("/api/datasources", "/api/org/users", "/api/user"):
            assert (await ask(app, path))[0] == 401, path
            assert (await ask(app, path, auth=owner))[0] == 200, path


async def checked(request: web.Request) -> web.Response:
    """A Prometheus that wants bob's password."""
    if request.headers.get("Authorization") != encode_basic_auth("bob", "pw"):
        return web.Response(status=401, text="Unauthorized")
    return web.json_response({"status": "success"})


async def test_a_source_elsewhere_is_asked_with_its_password_which_nobody_is_told(tmp_path: Path) -> None:
    config, far = home(tmp_path), web.Application()
    far.router.add_route("*", "/{path:.*}", checked)
    async with serving(far) as elsewhere, engine(config) as app:
        source = {"name": "Far", "type": "prometheus", "url": elsewhere, "basicAuth": True, "basicAuthUser": "bob"}
        known = [
            source | {"uid": uid, "name": uid, "secureJsonData": {"basicAuthPassword": uid}} for uid in ("pw", "no")
        ]
        write(tmp_path, "grafana/provisioning/datasources/d.yml", json.dumps({"datasources": known}))
        assert (await ask(app, "/api/admin/provisioning/datasources/reload", {}))[0] == 200
        _, listed = await ask(app, "/api/datasources")
        assert [one["basicAuth"] for one in listed] == [True, True]
        assert "secure" not in json.dumps(listed)
        assert "assword" not in json.dumps(listed)
        proxy = "/api/datasources/proxy/uid/pw/api/v1"
        assert await ask(app, f"{proxy}/query?query=1") == (200, {"status": "success"})
        assert await ask(app, f"{proxy}/query", {}) == (200, {"status": "success"})
        answer = {"message": "Authentication to data source failed"}
        assert await ask(app, "/api/datasources/proxy/uid/no/api/v1/query?query=1") == (400, answer)
        for dots in ("%252E%252E", "%25252e.", "..%252f", "%252e%252e%255c"):
            out = {"message": "proxy path must not contain .."}
            assert await ask(app, f"/api/datasources/proxy/uid/pw/api/{dots}/x") == (403, out)
        for path in (f"{proxy}/admin/tsdb/delete_series", "/api/datasources/uid/pw/resources/write"):
            refused = {"message": "non allow-listed POSTs not allowed on proxied Prometheus datasource"}
            assert await ask(app, path, {}) == (403, refused)
        assert (await ask(app, "/api/datasources/uid/no/health"))[0] == 400


async def test_an_engine_without_dashboards_has_none_and_says_so(tmp_path: Path) -> None:
    async with engine(write(tmp_path, "p/prometheus.yml", "")) as app:
        assert await ask(app, "/api/engine/dashboards", component="prometheus") == (200, [])
        assert "grafana" not in app.parts.components.ports


@pytest.mark.parametrize("part", range(5))
async def test_every_panel_of_the_public_dashboards_is_answered(part: int, tmp_path: Path) -> None:
    """Without data, so that each kind is drawn from nothing; no panel may fail."""
    config = home(tmp_path)
    for file in sorted((shared("conformance", "ENGINE_CONFORMANCE") / "grafana").glob("*.json"))[part::5]:
        shutil.copy(file, tmp_path / "grafana/boards")
    async with engine(config) as app:
        _, listed = await ask(app, "/api/engine/dashboards")
        assert len(listed) >= 5
        for entry in listed:
            status, board = await ask(app, f"/api/engine/dashboards/{entry['uid']}")
            assert status == 200, entry
            assert entry["problem"] == ""
            for one in [inner for head in board["panels"] for inner in (head, *head.get("panels", []))]:
                asked = {
                    "dashboard": entry["uid"],
                    "panel": one["id"],
                    "scope": one["scope"],
                    "from": "now-5m",
                    "to": "now",
                }
                status, drawn = await ask(app, "/api/engine/panel", asked)
                assert (status, drawn["kind"]) == (200, one["kind"]), (entry["title"], one["title"], drawn)
