"""`engine receiver test`: a notification that says that it is one, to every integration of a receiver."""

from __future__ import annotations

import asyncio
import json
from collections.abc import AsyncIterator
from dataclasses import dataclass, field
from pathlib import Path

import pytest
from aiohttp import web
from aiohttp.test_utils import TestServer
from click.testing import CliRunner, Result

from engine.cli.alerting.receiver import receiver
from engine.web.api.alertmanager import routes
from tests.alerting.world import world
from tests.app.world import relative

CONFIG = """
route: {{receiver: other}}
receivers:
- name: other
- name: 'my team'
  webhook_configs: [{{url: '{hook}/fine'}}, {{url: '{hook}/broken'}}, {{url: 'http://far.example.com/x?token=abc'}}]
"""


@dataclass
class Hook:
    url: str = ""
    bodies: list[bytes] = field(default_factory=list)

    async def take(self, request: web.Request) -> web.Response:
        self.bodies.append(await request.read())
        return web.Response(status=200 if request.path == "/fine" else 400, text="so be it")


@pytest.fixture
async def hook() -> AsyncIterator[Hook]:
    made = Hook()
    app = web.Application()
    app.router.add_post("/{path:.*}", made.take)
    async with TestServer(app) as server:
        made.url = str(server.make_url("")).rstrip("/")
        yield made


async def run(*words: str) -> Result:
    return await asyncio.to_thread(CliRunner().invoke, receiver, ["test", *words])


async def test_each_integration_is_told_and_what_came_of_it_is_shown(hook: Hook, tmp_path: Path) -> None:
    (tmp_path / "alertmanager.yml").write_text(CONFIG.format(hook=hook.url))
    result = await run("my team", "--config", str(tmp_path / "alertmanager.yml"))
    assert result.exit_code == 1, result.output
    assert "webhook[0]: delivered in 0." in result.output
    assert "webhook[1]: failed" in result.output
    assert "error: unexpected status code 400" in result.output
    assert "webhook[2]: only shown, since it would leave this machine" in result.output
    assert "answer: 200 OK" in result.output
    assert "abc" not in result.output
    told = json.loads(hook.bodies[0])
    assert "This is a test notification" in told["commonAnnotations"]["summary"]
    assert told["status"] == "firing"


async def test_files_that_a_config_in_another_folder_names_are_found(hook: Hook, tmp_path: Path) -> None:
    webhook = f"{{url: '{hook.url}/fine', http_config: {{authorization: {{credentials_file: token}}}}}}"
    (tmp_path / "am.yml").write_text(f"route: {{receiver: a}}\nreceivers: [{{name: a, webhook_configs: [{webhook}]}}]")
    (tmp_path / "token").write_text("open")
    result = await run("a", "--config", str(relative(tmp_path / "am.yml")))
    assert (result.exit_code, "webhook[0]: delivered" in result.output) == (0, True), result.output


async def test_a_running_engine_tries_its_own_receivers(hook: Hook) -> None:
    async def reload() -> None: ...

    async with world(CONFIG.format(hook=hook.url)) as made:
        app = web.Application()
        app.add_routes(routes(made.manager, reload))
        async with TestServer(app) as server:
            url = str(server.make_url(""))
            result = await run("my team", "--url", url, "--json")
            unknown = await run("nobody", "--url", url)
            silent = await run("other", "--url", url)
        assert [one["outcome"] for one in json.loads(result.output)] == ["delivered", "failed", "withheld"]
        assert 'there is no receiver "nobody" (there are: other, my team)' in unknown.output
        assert silent.output == "other has nothing to send to\n"
        assert list(made.manager.trail.find(())) == []


async def test_delivering_is_asked_for_of_a_config_alone() -> None:
    assert "--deliver goes with --config" in (await run("x", "--deliver")).output
