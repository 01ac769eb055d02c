"""The page for people: what is served of it, and what the browser is told to hold to."""

from __future__ import annotations

import gzip
import hashlib
import json
import re
from html import unescape
from pathlib import Path

import pytest
from aiohttp import web
from aiohttp.test_utils import TestClient, TestServer

from engine.web.page import ALERTING_PATHS, PATHS, About, routes

STATIC = Path(__file__).parents[2] / "engine" / "web" / "static"


def client(about: About, paths: tuple[str, ...] = PATHS) -> TestClient:
    app = web.Application()
    app.add_routes(routes(lambda: about, paths))
    return TestClient(TestServer(app), auto_decompress=False)


@pytest.mark.parametrize("path", PATHS)
async def test_each_page_of_the_original_has_one_here(path: str) -> None:
    async with client(About("prometheus", "Mine & yours", "0.1")) as asked:
        answer = await asked.get(path.format(uid="a1", slug="a-board"))
        text = await answer.text()
        assert answer.status == 200
        assert "<title>Mine &amp; yours</title>" in text
        told = re.search(r'<meta name="engine" content="([^"]*)">', text)
        assert told is not None
        assert json.loads(unescape(told[1]))["component"] == "prometheus"


async def test_the_address_alone_leads_to_the_metrics_below_the_prefix() -> None:
    async with client(About("prometheus", "x", "0.1", prefix="/a")) as asked:
        answer = await asked.get("/", allow_redirects=False)
        assert (answer.status, answer.headers["Location"]) == (302, "/a/graph")
        assert '<base href="/a/">' in await (await asked.get("/alerts")).text()


async def test_what_has_changed_is_told_when_the_page_is_opened_again() -> None:
    told = About("prometheus", "x", "0.1")
    app = web.Application()
    app.add_routes(routes(lambda: told))
    async with TestClient(TestServer(app)) as asked:
        assert "&quot;line_rules&quot;: false" in await (await asked.get("/rules")).text()
        told = About("prometheus", "x", "0.1", line_rules=True)
        assert "&quot;line_rules&quot;: true" in await (await asked.get("/rules")).text()


async def test_the_port_of_the_alertmanager_opens_with_its_alerts() -> None:
    async with client(About("alertmanager", "x", "0.1", first="http://127.0.0.1:9090"), ALERTING_PATHS) as asked:
        assert (await asked.get("/", allow_redirects=False)).status == 200
        assert (await asked.get("/targets")).status == 404


async def test_the_browser_may_load_nothing_from_elsewhere_and_run_no_inline_script() -> None:
    async with client(About("prometheus", "x", "0.1")) as asked:
        answer = await asked.get("/graph")
        policy = answer.headers["Content-Security-Policy"]
        assert "default-src 'none'" in policy
        assert "unsafe" not in policy
        text = await answer.text()
        assert not re.search(r"<script(?![^>]*src=)", text)
        assert not re.search(r"""(?:src|href)=["'](?:https?:)?//""", text)


async def test_what_is_built_is_kept_for_ever_and_sent_packed() -> None:
    script = json.loads((STATIC / "index.json").read_text())["script"]
    async with client(About("prometheus", "x", "0.1")) as asked:
        packed = await asked.get(f"/assets/{script}", headers={"Accept-Encoding": "gzip"})
        plain = await asked.get(f"/assets/{script}", headers={"Accept-Encoding": "identity"})
        assert "immutable" in packed.headers["Cache-Control"]
        assert packed.headers["Content-Encoding"] == "gzip"
        assert gzip.decompress(await packed.read()) == await plain.read() == (STATIC / script).read_bytes()


@pytest.mark.parametrize("name", ["nothing.js", "..%2Fpage.py", "%2Fetc%2Fpasswd", "%00"])
async def test_nothing_else_of_the_disk_can_be_asked_for(name: str) -> None:
    async with client(About("prometheus", "x", "0.1")) as asked:
        assert (await asked.get(f"/assets/{name}")).status == 404


def test_what_stands_in_the_list_of_sums_is_what_is_there() -> None:
    listed = dict(reversed(line.split("  ")) for line in (STATIC / "SHA256SUMS").read_text().splitlines())
    there = {p.name: hashlib.sha256(p.read_bytes()).hexdigest() for p in STATIC.iterdir() if p.name != "SHA256SUMS"}
    assert there == listed


async def test_a_browser_is_told_of_all_files_of_a_view_before_it_has_read_one() -> None:
    views = json.loads((STATIC / "index.json").read_text())["views"]
    async with client(About("prometheus", "x", "0.1")) as asked:
        for path, view in (("/d/uid/slug", "Board"), ("/graph", "Explore"), ("/targets", "")):
            text = await (await asked.get(path)).text()
            there = {
                name for names in views.values() for name in names if f'"modulepreload" href="assets/{name}"' in text
            }
            assert there == set(views.get(view, ()))


def test_the_first_page_is_small() -> None:
    parts = json.loads((STATIC / "index.json").read_text())
    names = [parts["script"], parts["style"], *parts["preload"]]
    assert sum(len(gzip.compress((STATIC / name).read_bytes())) for name in names) < 50_000
