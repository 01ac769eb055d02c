"""What a port tells whom: guests of the first port, whoever is signed in, and where the web config asks as well."""

from __future__ import annotations

import json
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

import bcrypt
import pytest
from aiohttp import ClientSession, CookieJar, encode_basic_auth, web

from engine.app.application import Application
from engine.app.options import WebOptions
from tests.app.test_grafana import BOARD, ask, home, own
from tests.app.world import ANYWHERE, engine, write
from tests.foundation.serving import serving

PASSWORD = "[security]\nadmin_password = p\n"
ADMIN = encode_basic_auth("admin", "p")
FAR_PANEL = {
    "id": 9,
    "type": "stat",
    "datasource": "Far",
    "targets": [{"refId": "A", "expr": "secret", "instant": True}],
}
FAR_VARIABLE = {"name": "far", "type": "query", "query": "label_values(secret, a)", "datasource": "Far"}
FAR_MARKS = {"name": "far", "datasource": "Far", "expr": "secret", "enable": True}
PUSH = "/api/datasources/proxy/uid/logs/loki/api/v1/push"


class Far:
    """A Prometheus and a Loki elsewhere; `asked` is what came."""

    def __init__(self) -> None:
        self.asked: list[str] = []

    async def answer(self, request: web.Request) -> web.Response:
        self.asked.append(f"{request.method} {request.path}")
        if request.path.endswith("/values"):
            return web.json_response({"status": "success", "data": ["told"]})
        return web.json_response({"status": "success", "data": {"resultType": "vector", "result": []}})


@asynccontextmanager
async def elsewhere(folder: Path, ini: str, **options: Any) -> AsyncIterator[tuple[Application, Far]]:
    """An engine whose dashboards ask sources elsewhere too."""
    config, far, app = home(folder, ini), Far(), web.Application()
    app.router.add_route("*", "/{path:.*}", far.answer)
    board = BOARD | {
        "panels": [*BOARD["panels"], FAR_PANEL],
        "templating": {"list": [*BOARD["templating"]["list"], FAR_VARIABLE]},
        "annotations": {"list": [FAR_MARKS]},
    }
    async with serving(app) as url:
        near = {"name": "Prometheus", "type": "prometheus", "url": "http://prometheus:9090", "isDefault": True}
        more = [
            {"name": "Far", "type": "prometheus", "url": url},
            {"name": "logs", "uid": "logs", "type": "loki", "url": url},
        ]
        write(folder, "grafana/provisioning/datasources/d.yml", json.dumps({"datasources": [near, *more]}))
        write(folder, "grafana/boards/b.json", json.dumps(board))
        async with engine(config, **options) as running:
            yield running, far


async def everything(app: Application, auth: str = "") -> list[Any]:
    """All ways that lead to a source elsewhere at the first port."""
    given = {"auth": auth, "component": "prometheus"}
    inline = own("stat", "secret", model={"datasource": "Far"})
    named = {"dashboard": "b", "panel": 9, "variables": {"host": 'a"} or secret{a="'}}
    found = [await ask(app, "/api/engine/panel", body, **given) for body in (inline, named)]
    found += [await ask(app, f"/api/engine/dashboards/b{path}", **given) for path in ("", "/annotations")]
    preview = {"dashboard": {"title": "x", "templating": {"list": [FAR_VARIABLE]}}}
    return [*found, await ask(app, "/api/engine/dashboards/preview", preview, **given)]


async def test_guests_of_the_first_port_ask_no_source_elsewhere_whoever_wrote_the_query(tmp_path: Path) -> None:
    async with elsewhere(tmp_path, PASSWORD) as (app, far):
        found = await everything(app)
        assert far.asked == []
        assert {status for status, _ in found} == {200}
        assert "Far is a data source elsewhere: sign in to see what it has" in found[0][1]["problem"]
        near = await ask(app, "/api/engine/panel", own("stat", "vector(7)"), component="prometheus")
        assert near[1]["values"][0]["text"] == "7"
        _, sources = await ask(app, "/api/engine/sources", component="prometheus")
        assert {one["url"] for one in sources} == {""}
        for path in ("/api/engine/folders", "/api/engine/dashboards/b/source"):
            assert (await ask(app, path, component="prometheus"))[0] == 401, path


@pytest.mark.parametrize(
    ("ini", "auth"), [(PASSWORD, ADMIN), ("", ""), (PASSWORD + "[auth.anonymous]\nenabled = true", "")]
)
async def test_whoever_may_come_in_at_grafanas_port_may_ask_them_at_the_first_too(
    tmp_path: Path, ini: str, auth: str
) -> None:
    async with elsewhere(tmp_path, ini) as (app, far):
        found = await everything(app, auth)
        assert {status for status, _ in found} == {200}
        assert [one for one in found if "is a data source elsewhere" in json.dumps(one)] == []
        assert len(far.asked) >= 5


async def test_who_may_edit_pushes_through_the_proxy_as_grafana_lets_them(tmp_path: Path) -> None:
    async with elsewhere(tmp_path, PASSWORD + "[auth.anonymous]\nenabled = true") as (app, far):
        assert (await ask(app, PUSH, {}))[0] == 403
        assert far.asked == []
        assert (await ask(app, PUSH, {}, auth=ADMIN))[0] == 200
        assert far.asked == ["POST /loki/api/v1/push"]


async def test_a_session_begins_with_the_password_and_ends_by_signing_out(tmp_path: Path) -> None:
    jar = CookieJar(unsafe=True)  # which keeps cookies of addresses too
    async with engine(home(tmp_path, PASSWORD)) as app, ClientSession(cookie_jar=jar) as client:
        first, grafana = (f"http://{app.parts.components.ports[name]}" for name in ("prometheus", "grafana"))

        async def account(port: str) -> Any:
            async with client.get(f"{port}/api/engine/account") as answer:
                return await answer.json()

        nobody, owner = {"user": "", "role": "Guest", "asks": True}, {"user": "admin", "role": "Owner", "asks": True}
        async with client.post(f"{grafana}/login", json={"user": "admin", "password": "x"}) as answer:
            assert (answer.status, await answer.json()) == (401, {"message": "Invalid username or password"})
        assert await account(grafana) == nobody
        async with client.post(f"{grafana}/login", json={"user": "admin", "password": "p"}) as answer:
            assert (answer.status, (await answer.json())["message"]) == (200, "Logged in")
            cookie = answer.headers["Set-Cookie"]
        assert all(part in cookie for part in ("grafana_session=", "HttpOnly", "SameSite=Lax", "Max-Age=2592000"))
        assert "Secure" not in cookie
        assert [await account(port) for port in (first, grafana)] == [owner, owner]
        async with client.get(f"{grafana}/api/search") as answer:
            assert answer.status == 200
        await app.reload()
        assert await account(grafana) == owner
        async with client.get(f"{first}/logout", allow_redirects=False) as answer:
            assert (answer.status, answer.headers["Location"]) == (302, "login")
        assert [await account(port) for port in (first, grafana)] == [nobody, nobody]
        async with client.get(f"{grafana}/api/search") as answer:
            assert (answer.status, "WWW-Authenticate" in answer.headers) == (401, False)


async def test_the_web_configs_password_is_not_taken_for_grafanas(tmp_path: Path) -> None:
    hashed = bcrypt.hashpw(b"w", bcrypt.gensalt(4)).decode()
    guard = WebOptions(config=write(tmp_path, "web.yml", f"basic_auth_users: {{ann: '{hashed}'}}"))
    ann = encode_basic_auth("ann", "w")
    async with engine(home(tmp_path, PASSWORD), web=guard) as app:
        url = f"http://{app.parts.components.ports['grafana']}"
        async with ClientSession(headers={"Authorization": ann}, cookie_jar=CookieJar(unsafe=True)) as client:
            for _ in range(9):  # would be too many wrong passwords
                async with client.get(f"{url}/api/search") as answer:
                    assert answer.status == 401
            async with client.post(f"{url}/login", json={"user": "admin", "password": "p"}) as answer:
                assert answer.status == 200
            async with client.get(f"{url}/api/search") as answer:
                assert answer.status == 200
    write(tmp_path, "loki.yml", "auth_enabled: false\n")
    two = "datasources: [{name: P, type: prometheus, url: 'http://prometheus:9090'}, {name: L, type: loki, url: 'http://loki:3100'}]"
    config = home(tmp_path)
    write(tmp_path, "grafana/provisioning/datasources/d.yml", two)
    near = {**ANYWHERE, "loki": "127.0.0.1:0"}
    async with engine(config, web=guard, loki_config=tmp_path / "loki.yml", listen=near) as app:
        for kind, expr in (("prometheus", "vector(1)"), ("loki", '{job="x"}'), ("loki", 'rate({job="x"}[1m])')):
            query = {"refId": "A", "datasource": {"type": kind}, "expr": expr}
            status, found = await ask(app, "/api/ds/query", {"queries": [query]}, auth=ann)
            assert status == 200, found
        for path in ("1/api/v1/query?query=1", "2/loki/api/v1/labels", "2/api/prom/label"):
            status, found = await ask(app, f"/api/datasources/proxy/{path}", auth=ann)
            assert status == 200, found
    everywhere = {"prometheus": "127.0.0.1:0", "grafana": "0.0.0.0:0"}
    async with engine(home(tmp_path), web=guard, listen=everywhere) as app:
        assert (await ask(app, "/api/search", auth=ann))[0] == 200
