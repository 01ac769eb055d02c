"""The same config and the same alerts for Alertmanager 0.25 and for us; its amtool drives us."""

from __future__ import annotations

import asyncio
import json
from collections.abc import AsyncIterator, Awaitable, Callable, Iterable
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any, TypeVar

import aiohttp
import pytest
from aiohttp import web

from engine.alerting.manager import AlertManager
from engine.alerting.metrics import families
from engine.alerting.running import Surroundings
from engine.foundation.addresses import AddressBook
from engine.foundation.clock import SystemClock
from engine.foundation.delivery import Delivery
from engine.foundation.supervise import Supervisor
from engine.foundation.workers import ThreadWorkers
from engine.web.api.alertmanager import routes
from tests.alerting.test_templating import NAMES
from tests.alerting.world import parsed, world
from tests.end_to_end.processes import free_port, running
from tests.peers.alone import program as original
from tests.web.test_alertmanager_api import REFUSED, WRONG_SILENCES, in_full, silence_body

pytestmark = pytest.mark.peer

URL = "http://am.example/x"
OUR_TEMPLATES = str(Path(__file__).parents[2] / "engine/alerting/notify/templates/*.tmpl")
CONFIG = """
route:
  receiver: team
  group_by: [alertname]
  group_wait: 1s
  group_interval: 1s
  repeat_interval: 1h
  routes:
  - {{match_re: {{severity: "page|call"}}, receiver: pager, continue: true, group_by: [alertname, severity]}}
  - {{matchers: ['severity="page"'], receiver: 'al[l]', group_by: ['...']}}
inhibit_rules:
- {{source_matchers: [alertname=Root], target_matchers: [alertname=Leaf], equal: [host]}}
receivers:
- {{name: team, webhook_configs: [{{url: '{hook}/team'}}, {{url: '{hook}/team-two', max_alerts: 1}}]}}
- {{name: pager, webhook_configs: [{{url: '{hook}/pager', send_resolved: false}}], slack_configs: [{{api_url: '{hook}/slack', send_resolved: true, text: '{{{{ range .Alerts }}}}{{{{ .Labels.host }}}} {{{{ .StartsAt }}}};{{{{ end }}}}'}}]}}
- {{name: 'al[l]', pagerduty_configs: [{{routing_key: k, url: '{hook}/pd'}}]}}
"""
QUIET = 2.3
LATE = 0.5
"""Seconds; what a test does later than this says that the machine was too busy to tell anything from times."""
T = TypeVar("T")


def originals_templates() -> str:
    folder = Path("/usr/share/prometheus/alertmanager")
    if not folder.is_dir():
        pytest.skip(f"no templates in {folder}")
    return str(folder / "*.tmpl")


async def eventually(what: str, look: Callable[[], Awaitable[T]], seconds: float = 60.0) -> T:
    clock = SystemClock()
    end = clock.monotonic() + seconds
    while clock.monotonic() < end:
        try:
            if found := await look():
                return found
        except aiohttp.ClientError:
            pass
        await clock.sleep(0.05)
    raise AssertionError(f"waited {seconds:.0f} s in vain for {what}")


@dataclass
class Side:
    """One Alertmanager: where it listens, what its receivers heard, by path, and when who did (monotonic seconds)."""

    url: str
    session: aiohttp.ClientSession
    heard: dict[str, list[bytes]] = field(default_factory=dict)
    when: list[tuple[str, float]] = field(default_factory=list)

    async def ask(self, method: str, path: str, body: Any = None) -> tuple[int, Any]:
        text = body if isinstance(body, str) else None if body is None else json.dumps(body)
        headers = {"Content-Type": "application/json"} if text is not None else {}
        async with self.session.request(method, f"{self.url}/api/v2/{path}", data=text, headers=headers) as answer:
            raw = await answer.text()
            return answer.status, json.loads(raw) if answer.content_type == "application/json" and raw else raw

    def by_group(self) -> dict[tuple[str, str], list[bytes]]:
        """The bodies in their order, for each path and group, as order between groups is nobody's promise."""
        found: dict[tuple[str, str], list[bytes]] = {}
        for path, bodies in self.heard.items():
            for body in bodies:
                decoded = json.loads(body)
                group = str(decoded.get("groupKey") or decoded.get("dedup_key") or decoded["attachments"][0]["title"])
                found.setdefault((path, group), []).append(body)
        return found


@asynccontextmanager
async def hook(
    refusing: Iterable[str] = (), when: list[tuple[str, float]] | None = None
) -> AsyncIterator[tuple[str, dict[str, list[bytes]]]]:
    """Takes all that is posted, but for the first request to each of the paths that it refuses at first."""
    heard: dict[str, list[bytes]] = {}
    clock = SystemClock()
    refused = set(refusing)

    async def take(request: web.Request) -> web.Response:
        if request.path in refused:
            refused.remove(request.path)
            return web.Response(status=503)
        heard.setdefault(request.path, []).append(await request.read())
        if when is not None:
            when.append((request.path, clock.monotonic()))
        return web.Response()

    app = web.Application()
    app.router.add_post("/{path:.*}", take)
    async with listening(app) as url:
        yield url, heard


@asynccontextmanager
async def listening(app: web.Application) -> AsyncIterator[str]:
    runner = web.AppRunner(app, shutdown_timeout=0.1)
    await runner.setup()
    await web.TCPSite(runner, "127.0.0.1", 0).start()
    try:
        yield f"http://127.0.0.1:{runner.addresses[0][1]}"
    finally:
        await runner.cleanup()


@asynccontextmanager
async def ours(folder: Path, config: str = CONFIG, refusing: Iterable[str] = ()) -> AsyncIterator[Side]:
    clock, workers, when = SystemClock(), ThreadWorkers(), list[tuple[str, float]]()
    async with hook(refusing, when) as (url, heard), aiohttp.ClientSession() as session:
        around = Surroundings(
            clock=clock,
            supervisor=Supervisor(clock),
            workers=workers,
            addresses=AddressBook(clock),
            delivery=Delivery(),
            external_url=URL,
            data_dir=folder,
        )
        manager = AlertManager(parsed(config.format(hook=url)), folder, around)

        async def reload() -> None:
            await manager.adopt(manager.prepare(parsed(config.format(hook=url)), folder))

        app = web.Application()
        app.add_routes(routes(manager, reload))
        try:
            async with listening(app) as listens:
                yield Side(listens, session, heard, when)
        finally:
            await manager.stop()
            workers.close()


@asynccontextmanager
async def theirs(folder: Path, config: str = CONFIG, refusing: Iterable[str] = ()) -> AsyncIterator[Side]:
    program, port, when = original("prometheus-alertmanager"), free_port(), list[tuple[str, float]]()
    async with hook(refusing, when) as (url, heard), aiohttp.ClientSession() as session:
        file = folder / "alertmanager.yml"
        file.write_text(config.format(hook=url))
        command = [
            program, f"--config.file={file}", f"--storage.path={folder / 'data'}", "--cluster.listen-address=",
            f"--web.listen-address=127.0.0.1:{port}", f"--web.external-url={URL}", "--web.route-prefix=/",
        ]  # fmt: skip
        side = Side(f"http://127.0.0.1:{port}", session, heard, when)

        async def ready() -> bool:
            return (await side.ask("GET", "receivers"))[0] == 200

        with running(command, folder / "alertmanager.log"):
            await eventually("the real Alertmanager", ready)
            yield side


@asynccontextmanager
async def both(tmp_path: Path, config: str = CONFIG) -> AsyncIterator[tuple[Side, Side]]:
    folders = tmp_path / "ours", tmp_path / "theirs"
    for folder in folders:
        folder.mkdir()
    async with ours(folders[0], config) as mine, theirs(folders[1], config) as other:
        yield mine, other


def at(seconds: float) -> str:
    """An instant from now, as clients write it."""
    moment = datetime.fromtimestamp(SystemClock().now_ms() / 1000, UTC) + timedelta(seconds=seconds)
    return moment.strftime("%Y-%m-%dT%H:%M:%S.%f") + "Z"


def report(ended: bool = False, **labels: str) -> dict[str, object]:
    begun = STARTED.setdefault(json.dumps(labels, sort_keys=True), at(0))
    return {
        "labels": labels,
        "annotations": {"summary": f"<{labels['alertname']}> & more"},
        "startsAt": begun,
        "endsAt": at(0) if ended else "2035-01-01T00:00:00Z",
        "generatorURL": "http://p/graph?a=1&b=2",
    }


STARTED: dict[str, str] = {}
STEPS: list[list[dict[str, str]]] = [
    [
        {"alertname": "A", "host": "1"},
        {"alertname": "A", "host": "2", "job": "j"},
        {"alertname": "B", "severity": "page", "host": "1"},
    ],
    [{"alertname": "A", "host": "3"}, {"alertname": "B", "severity": "call", "host": "2"}],
]


async def settled(*sides: Side) -> None:
    """Until nobody has heard anything for longer than a group interval, and all have heard equally often; a wait that
    came late to its own end proves nothing. Sides that never agree are for the caller to compare.
    """
    clock = SystemClock()
    patience = clock.monotonic() + 30
    while (began := clock.monotonic()) < patience:
        before = [{path: len(bodies) for path, bodies in side.heard.items()} for side in sides]
        await clock.sleep(QUIET)
        late = clock.monotonic() - began - QUIET
        now = [{path: len(bodies) for path, bodies in side.heard.items()} for side in sides]
        if now == before and all(one == now[0] for one in now) and late < LATE:
            return


async def test_receivers_hear_the_same_bytes_from_both(tmp_path: Path) -> None:
    async with both(tmp_path) as sides:
        reports = [report(**labels) for labels in STEPS[0]]
        for step in (
            reports,
            [report(**labels) for labels in STEPS[1]],
            [report(ended=True, **STEPS[0][0]), report(ended=True, **STEPS[0][2])],
            [report(ended=True, **labels) for labels in (STEPS[0][1], *STEPS[1])],
        ):
            for side in sides:
                assert await side.ask("POST", "alerts", step) == (200, "")
            await settled(*sides)
        mine, other = (side.by_group() for side in sides)
        assert {key: len(bodies) for key, bodies in mine.items()} == {key: len(bodies) for key, bodies in other.items()}
        assert mine == other
        assert len(mine) >= 8


async def test_alerts_groups_and_silences_are_shown_alike(tmp_path: Path) -> None:
    async with both(tmp_path) as sides:
        body = silence_body(
            matchers=[{"name": "host", "value": "3", "isRegex": False}], startsAt=at(0), endsAt=at(3600)
        )
        reports = [report(**labels) for step in STEPS for labels in step]
        reports += [
            report(alertname="Root", host="x"),
            report(alertname="Leaf", host="x"),
            report(alertname="Leaf", q="y"),
        ]
        for side in sides:
            assert (await side.ask("POST", "silences", body))[0] == 200
            assert await side.ask("POST", "alerts", reports) == (200, "")
        await settled(*sides)
        for path in (
            "alerts", "alerts?silenced=false&inhibited=false", "alerts?active=false", "alerts?receiver=pager",
            "alerts?filter=host%3D~%221%7C2%22", "alerts/groups", "alerts/groups?receiver=team", "silences", "receivers",
        ):  # fmt: skip
            mine, other = [comparable((await side.ask("GET", path))[1]) for side in sides]
            assert mine == other, path


def comparable(found: Any) -> Any:
    """Without ids and the instants of receiving, which are each side's own."""
    if isinstance(found, list):
        return [comparable(item) for item in found]
    if isinstance(found, dict):
        kept = {key: comparable(value) for key, value in found.items() if key not in ("updatedAt", "id", "startsAt")}
        return kept | {"silencedBy": len(found["silencedBy"])} if "silencedBy" in found else kept
    return found


async def test_mistakes_are_refused_alike(tmp_path: Path) -> None:
    async with theirs(tmp_path) as side:
        for body, status, answer in REFUSED:
            assert await side.ask("POST", "alerts", body) == (status, in_full(answer, "alerts")), body
        for changes, status, answer in WRONG_SILENCES:
            if "past" in str(answer):
                continue  # whose past depends on the clock
            future = {"startsAt": "2033-01-01T00:00:00Z", "endsAt": "2034-01-01T00:00:00Z"} | changes
            expected = (status, in_full(answer, "silence"))
            assert await side.ask("POST", "silences", silence_body(**future)) == expected, changes


async def test_what_is_no_text_is_taken_alike(tmp_path: Path) -> None:
    async with both(tmp_path) as sides:
        for version in ("v1", "v2"):
            for value in (rb"\ud800", rb"\\ud800", rb"\ud83d\ude00\udc00", b"\xff\xe2\x82"):
                body = b'[{"labels":{"alertname":"' + version.encode() + value + b'"}}]'
                headers = {"Content-Type": "application/json"}
                for side in sides:
                    url = f"{side.url}/api/{version}/alerts"
                    async with side.session.post(url, data=body, headers=headers) as answer:
                        assert answer.status == 200, (side, body)
        mine, other = [
            sorted(one["labels"]["alertname"] for one in (await side.ask("GET", "alerts"))[1]) for side in sides
        ]
        assert mine == other
        assert len(mine) == 8


async def amtool(side: Side, *arguments: str) -> str:
    """What it prints; it must end well."""
    process = await asyncio.create_subprocess_exec(
        original("amtool"), f"--alertmanager.url={side.url}", *arguments,
        stdout=asyncio.subprocess.PIPE, stderr=asyncio.subprocess.PIPE,
    )  # fmt: skip
    output, complaints = await process.communicate()
    assert process.returncode == 0, complaints.decode()
    return output.decode()


async def test_amtool_adds_and_finds_alerts(tmp_path: Path) -> None:
    async with ours(tmp_path) as side:
        await amtool(side, "alert", "add", "alertname=disk", "host=a", "--annotation=summary=full", "--end", at(600))
        await amtool(side, "alert", "add", "alertname=cpu")
        assert "disk" in await amtool(side, "alert")
        found = json.loads(await amtool(side, "alert", "query", "disk", "-o", "json"))
        assert [(alert["labels"], alert["annotations"]) for alert in found] == [
            ({"alertname": "disk", "host": "a"}, {"summary": "full"})
        ]
        assert json.loads(await amtool(side, "alert", "query", "host=~b.*", "-o", "json")) == []


async def test_amtool_makes_changes_finds_and_ends_silences(tmp_path: Path) -> None:
    async with ours(tmp_path) as side:
        await amtool(side, "alert", "add", "alertname=disk", "host=a")
        made = (await amtool(side, "silence", "add", "alertname=disk", "host=~a|b", "-c", "why", "-d", "1h")).strip()
        assert (await amtool(side, "silence", "query", "-q")).split() == [made]
        assert "suppressed" in await amtool(side, "alert", "--silenced", "disk")
        await amtool(side, "silence", "update", made, "-d", "2h", "-c", "other")
        exported = await amtool(side, "silence", "query", "-o", "json")
        assert [silence["comment"] for silence in json.loads(exported)] == ["other"]
        (tmp_path / "silences.json").write_text(exported)
        await amtool(side, "silence", "import", str(tmp_path / "silences.json"))
        await amtool(side, "silence", "expire", made)
        assert made in await amtool(side, "silence", "query", "--expired", "-q")
        assert await amtool(side, "silence", "query", "-q") == ""


async def test_amtool_reads_the_config_in_force(tmp_path: Path) -> None:
    async with ours(tmp_path) as side:
        shown = await amtool(side, "config", "show")
        (tmp_path / "shown.yml").write_text(shown)
        assert "SUCCESS" in await amtool(side, "check-config", str(tmp_path / "shown.yml"))
        assert "al[l]" in await amtool(side, "config", "routes", "show")
        routed = await amtool(side, "config", "routes", "test", "severity=page", "alertname=A")
        assert routed.strip() == "pager,al[l]"
        assert "disabled" in await amtool(side, "cluster", "show")


@pytest.mark.parametrize("status", ["firing", "resolved"])
async def test_the_built_in_templates_say_what_the_originals_say(tmp_path: Path, status: str) -> None:
    mine = await filled(tmp_path, OUR_TEMPLATES, status)
    assert mine == await filled(tmp_path, originals_templates(), status)


async def filled(folder: Path, glob: str, status: str) -> list[str]:
    """All templates but the letter's, one after the other, filled by amtool."""
    data = json.loads((Path(__file__).parents[1] / f"alerting/payloads/webhook-all-{status}.json").read_bytes())
    data["commonAnnotations"] = {"summary": "s & t", "d": "e"}
    (folder / "data.json").write_text(json.dumps(data))
    lists = ("__text_alert_list", "pagerduty.default.instances")
    texts = "".join(
        f'[{{{{ template "{name}" {".Alerts" if name in lists else "."} }}}}]'
        for name in NAMES
        if name != "email.default.html"
    )
    process = await asyncio.create_subprocess_exec(
        original("amtool"), "template", "render", f"--template.glob={glob}",
        f"--template.data={folder / 'data.json'}", f"--template.text={texts}",
        stdout=asyncio.subprocess.PIPE,
    )  # fmt: skip
    output, _ = await process.communicate()
    assert process.returncode == 0
    return output.decode().split("[")


async def test_metrics_have_the_originals_names_and_kinds(tmp_path: Path) -> None:
    """But for those of Go's libraries, of gossip and snapshots, and of HTTP, which are told under Prometheus's names."""
    async with theirs(tmp_path) as other:
        await other.ask("GET", "alerts")
        async with other.session.get(f"{other.url}/metrics") as answer:
            lines = (
                line.split() for line in (await answer.text()).splitlines() if line.startswith("# TYPE alertmanager")
            )
            wanted = {name: kind for _, _, name, kind in lines}
    async with world("route: {receiver: a}\nreceivers: [{name: a}]") as mine:
        found = {family.name: family.type.value for family in families(mine.manager)}
    missing = {name: kind for name, kind in wanted.items() if found.get(name) != kind}
    assert {name for name in missing if not any(word in name for word in ("_http_", "gossip", "snapshot"))} == {
        "alertmanager_nflog_query_duration_seconds",
        "alertmanager_silences_query_duration_seconds",
    }
    assert set(found) <= set(wanted)
