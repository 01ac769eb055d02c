"""`engine alert` and `engine silence` against an engine that answers over HTTP."""

from __future__ import annotations

import asyncio
import json
from collections.abc import AsyncIterator
from dataclasses import dataclass
from pathlib import Path

import click
import pytest
from aiohttp import web
from aiohttp.test_utils import TestServer
from click.testing import CliRunner, Result

from engine.cli.alerting.alert import alert
from engine.cli.alerting.receiver import receiver
from engine.cli.alerting.silence import silence
from engine.foundation.errors import RemoteError
from engine.web.api.alertmanager import routes
from tests.alerting.world import World, webhook, world

START = "2023-11-14T22:13:20Z"  # where the clock stands
CONFIG = f"""
route: {{receiver: team, group_by: [alertname], group_wait: 30s}}
receivers: [{webhook("team")}]
"""


@dataclass
class Here:
    world: World
    url: str

    async def run(self, command: click.Command, *words: str) -> Result:
        return await asyncio.to_thread(CliRunner().invoke, command, [*words, "--url", self.url])


@pytest.fixture
async def here() -> AsyncIterator[Here]:
    async def reload() -> None: ...

    async with world(CONFIG) as made:
        app = web.Application()
        app.add_routes(routes(made.manager, reload))
        async with TestServer(app) as server:
            yield Here(made, str(server.make_url("")))


async def test_what_became_of_an_alert_is_told_in_plain_words(here: Here) -> None:
    here.world.fire(alertname="Up", job="api")
    await here.world.wait(331)
    told = await here.run(alert, "explain", "Up")
    assert told.exit_code == 0, told.output
    shown = "only shown, since it would leave this machine (--deliver sends it)"
    lines = told.output.splitlines()
    assert lines == [
        '{alertname="Up", job="api"} (' + lines[0].split("(")[1].split(")")[0] + ")",
        "  now: active: nothing keeps it quiet",
        '    team: next turn 2023-11-14 22:23:50, group {}:{alertname="Up"}',
        "      webhook[0] was told 2023-11-14 22:13:50; again 2023-11-15 02:13:50 or later if nothing changes",
        "  2023-11-14 22:13:20  received as firing",
        "  2023-11-14 22:13:20  team: told there: matches the route {}",
        "  2023-11-14 22:13:20  team: waits for others to come (group_wait)",
        f"  2023-11-14 22:13:50  team/webhook[0]: {shown}: firing: first notification of this group",
        "  2023-11-14 22:18:50  team/webhook[0]: nothing was due: nothing new since the last notification",
    ]


async def test_an_alert_is_explained_by_its_fingerprint_and_one_that_never_came_is_not(here: Here) -> None:
    here.world.fire(alertname="Up")
    here.world.fire(alertname="Other")
    (one, two) = json.loads((await here.run(alert, "explain", "--json")).output)
    assert {one["labels"]["alertname"], two["labels"]["alertname"]} == {"Up", "Other"}
    assert (await here.run(alert, "explain", one["fingerprint"])).output.startswith("{alertname=")
    less = await here.run(alert, "explain", "--most", "1")
    assert "1 more match" in less.output
    nothing = await here.run(alert, "explain", "Down")
    assert (nothing.exit_code, "nothing is known" in nothing.output) == (1, True)


async def test_alerts_are_added_and_listed_and_silences_keep_them_quiet(here: Here) -> None:
    assert (await here.run(alert, "add", "Up", "job=api", "--annotation", "a=b")).exit_code == 0
    shown = (await here.run(alert, "list", "job=~a.*")).output
    assert 'alertname="Up", job="api"' in shown
    added = await here.run(silence, "add", "Up", "job!=web", "--comment", "known", "--author", "me", "--start", START)
    assert added.exit_code == 0, added.output
    assert "Up" not in (await here.run(alert, "list")).output
    assert "suppressed" in (await here.run(alert, "list", "--silenced")).output
    listed = (await here.run(silence, "list")).output
    assert added.output.strip() in listed
    assert 'alertname="Up", job!="web"' in listed
    assert "me: known" in listed
    assert (await here.run(silence, "expire", added.output.strip())).exit_code == 0
    assert (await here.run(silence, "list")).output == ""
    assert added.output.strip() in (await here.run(silence, "list", "--expired")).output


async def made(here: Here, *words: str) -> str:
    done = await here.run(silence, *words)
    assert done.exit_code == 0, done.output
    return done.output.strip()


async def test_a_silence_is_changed_in_place_where_that_does_not_rewrite_the_past(here: Here) -> None:
    first = await made(here, "add", "Up", "-c", "known", "-a", "me", "--start", START, "-d", "1h")
    assert await made(here, "update", first, "-d", "2h", "-c", "longer") == first
    (shown,) = json.loads(await made(here, "query", "--json"))
    assert (shown["comment"], shown["endsAt"]) == ("longer", "2023-11-15T00:13:20.000Z")
    second = await made(here, "update", first, "--start", "2023-11-15T00:00:00Z")
    assert second != first
    assert await made(here, "query", "-q") == second
    assert await made(here, "query", "-q", "--expired", "Up") == first
    assert await made(here, "query", "-q", "--created-by", "you") == ""
    assert await made(here, "query", "-q", "--within", "1000000h") == second
    assert await made(here, "query", "-q", "--within", "1h") == ""


async def test_silences_are_copied_from_one_place_to_another(here: Here, tmp_path: Path) -> None:
    first = await made(here, "add", "Up", "-c", "known", "-a", "me", "--start", START, "-d", "1h")
    file = tmp_path / "silences.json"
    file.write_text(await made(here, "query", "--json"))
    assert await made(here, "import", str(file)) == first
    again = await made(here, "import", "--force", str(file))
    assert again != first
    unknown = file.read_text().replace(first, "6f5902ac-237c-4a42-92d7-2b2b2b2b2b2b")
    file.write_text(unknown)
    assert len(json.loads(await made(here, "import", "--json", str(file)))) == 1
    file.write_text(unknown.replace("2023-11-14T23", "2022-11-14T23"))
    late = await here.run(silence, "import", str(file))
    assert (late.exit_code, "1 of 1 silences could not be imported" in late.output) == (1, True)
    file.write_text("{")
    assert "no list of silences" in (await here.run(silence, "import", str(file))).output


@pytest.mark.parametrize(
    ("command", "words", "said"),
    [
        (alert, ("list", "a~b"), "bad matcher format"),
        (alert, ("add", "a=b", "c"), "want NAME=VALUE"),
        (silence, ("add", "Up", "--comment", "x", "--end", "soon"), "no time"),
        (silence, ("update", "6f5902ac-237c-4a42-92d7-2b2b2b2b2b2b", "-d", "1h"), "there is no silence"),
        (silence, ("expire", "6f5902ac-237c-4a42-92d7-2b2b2b2b2b2b"), "there is no silence"),
    ],
)
async def test_mistakes_are_told_in_a_line(
    here: Here, command: click.Command, words: tuple[str, ...], said: str
) -> None:
    result = await here.run(command, *words)
    assert result.exit_code != 0
    assert said in result.output + str(result.exception)


ANSWERS = {"page": "<html>welcome</html>", "empty": "", "null": "null", "object": "{}", "list": "[{}]"}


@pytest.fixture
async def elsewhere() -> AsyncIterator[str]:
    """A server that is no Alertmanager: it says so, or answers to everybody alike."""

    async def same(request: web.Request) -> web.Response:
        return web.Response(text=ANSWERS[request.match_info["kind"]])

    app = web.Application()
    app.router.add_route("*", f"/{{kind:{'|'.join(ANSWERS)}}}/{{rest:.*}}", same)
    async with TestServer(app) as server:
        yield str(server.make_url("/"))


@pytest.mark.parametrize(
    ("command", "words"),
    [
        (alert, ("list",)),
        (alert, ("add", "Up")),
        (alert, ("explain", "Up")),
        (silence, ("list",)),
        (silence, ("add", "Up", "--comment", "x")),
        (receiver, ("test", "team")),
    ],
)
@pytest.mark.parametrize("path", ["nowhere", *ANSWERS])
async def test_where_no_alertmanager_answers_it_is_said_so(
    elsewhere: str, path: str, command: click.Command, words: tuple[str, ...]
) -> None:
    if words[:1] == ("add",) and command is alert and path in ("empty", "null"):
        return  # so does an Alertmanager answer
    result = await asyncio.to_thread(CliRunner().invoke, command, [*words, "--url", elsewhere + path])
    assert result.exit_code != 0
    assert isinstance(result.exception, RemoteError | SystemExit)
    said = str(result.exception) + result.output
    assert "no Alertmanager answers there" in said or "it is no engine" in said or "404: Not Found" in said


async def test_a_silence_without_end_is_refused_in_a_line(here: Here) -> None:
    result = await here.run(silence, "add", "Up", "--comment", "x", "-d", "290y", "--start", "9990-01-01T00:00:00Z")
    assert (result.exit_code, "want an earlier end" in result.output) == (2, True)


@pytest.mark.parametrize("url", ["localhost:9093", "http://", "", "ftp://x", "http://[::1"])
def test_an_address_of_no_alertmanager_is_told_with_what_is_wanted(url: str) -> None:
    result = CliRunner().invoke(alert, ["list", "--url", url])
    assert (result.exit_code, f'"{url}" is no address of an Alertmanager' in result.output) == (2, True)


async def test_what_is_no_id_is_told_in_a_sentence(here: Here) -> None:
    result = await here.run(silence, "expire", "nope")
    assert result.exit_code != 0
    assert str(result.exception) == 'silenceID in path must be of type uuid: "nope"'
