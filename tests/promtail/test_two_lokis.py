"""The configuration that the documentation shows for who outgrows one Loki: all lines go to both."""

from __future__ import annotations

from pathlib import Path
from typing import Final

import aiohttp
from aiohttp import web
from aiohttp.test_utils import TestServer

from engine.foundation.clock import SystemClock
from tests.end_to_end.processes import free_port
from tests.promtail.clients.test_remote import Loki
from tests.promtail.fakes import FakeSink
from tests.promtail.targets.test_sources import running

PAGE: Final = Path(__file__).parents[2] / "docs" / "outgrowing.md"


def shown(elsewhere: str, port: int) -> str:
    """What the page shows, with addresses of this test."""
    pieces = [one.partition("```")[0] for one in PAGE.read_text().split("```yaml\n")[1:]]
    (text,) = (one for one in pieces if "loki_push_api" in one)
    for written, used in (("https://loki.example.com", elsewhere), ("3500", str(port))):
        assert written in text
        text = text.replace(written, used)
    return text


async def test_lines_that_are_pushed_to_promtail_go_to_the_own_store_and_to_another_loki() -> None:
    loki, sink, port = Loki(), FakeSink(), free_port()
    app = web.Application()
    app.router.add_post("/loki/api/v1/push", loki.push)
    async with TestServer(app) as there:
        text = shown(str(there.make_url("")).rstrip("/"), port)
        push = f'{{"streams": [{{"stream": {{"app": "shop"}}, "values": [["{SystemClock().now_ns()}", "sold"]]}}]}}'
        async with (
            running(text, sink),
            aiohttp.ClientSession(f"http://127.0.0.1:{port}") as session,
            session.post("/loki/api/v1/push", data=push, headers={"Content-Type": "application/json"}) as answer,
        ):
            assert answer.status == 204
            await loki.got.wait()
    assert sink.texts == ["sold"]
    assert loki.lines == [b"sold"]
    assert loki.requests[0][0]["X-Scope-OrgID"] == "team"
