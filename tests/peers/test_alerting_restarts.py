"""What is kept over a restart, of Alertmanager 0.25 and of ours: who was told what, and silences.

Ours is killed; the original, which writes every 15 minutes and when it is asked to end, is asked to end.
"""

from __future__ import annotations

import asyncio
import json
import signal
from collections.abc import AsyncIterator, Callable, Iterable
from contextlib import AbstractAsyncContextManager, asynccontextmanager
from pathlib import Path
from subprocess import Popen
from typing import Any

import aiohttp
import pytest

from engine.foundation.clock import SystemClock
from tests.alerting.world import summary
from tests.end_to_end.processes import ENGINE, free_port, running
from tests.peers.alerting_restarts import INTERVAL, MOST_STEPS, RESTARTS, Restarted, config
from tests.peers.alone import program as original
from tests.peers.test_alertmanager import LATE, Side, at, eventually, hook, ours, theirs
from tests.web.test_alertmanager_api import silence_body

pytestmark = pytest.mark.peer

CONFIG = """
route: {{receiver: all, group_by: [alertname], group_wait: 1s, group_interval: 1s, repeat_interval: 1h}}
receivers: [{{name: all, webhook_configs: [{{url: '{hook}/all'}}]}}]
"""
PACES = (1, 2, 4)
"""How many intervals are between two steps."""
Start = Callable[[Path, str], AbstractAsyncContextManager[Side]]


def report(name: str) -> dict[str, object]:
    return {
        "labels": {"alertname": "A", "i": name},
        "startsAt": "2026-01-01T00:00:00Z",
        "endsAt": "2035-01-01T00:00:00Z",
    }


async def post(side: Side, *names: str) -> None:
    assert await side.ask("POST", "alerts", [report(name) for name in names]) == (200, "")


async def heard(side: Side, count: int) -> list[str]:
    async def enough() -> bool:
        return len(side.heard.get("/all", [])) >= count

    await eventually(f"{count} notifications", enough)
    return [summary(json.loads(body)) for body in side.heard["/all"]]


async def lived(start: Start, folder: Path) -> list[list[str]]:
    """What was told before and after a restart."""
    silence = silence_body(matchers=[{"name": "i", "value": "c", "isRegex": False}], startsAt=at(0), endsAt=at(3600))
    async with start(folder, CONFIG) as side:
        await post(side, "a", "b")
        first = await heard(side, 1)
        assert (await side.ask("POST", "silences", silence))[0] == 200
    async with start(folder, CONFIG) as side:
        await post(side, "a", "b", "c")
        await SystemClock().sleep(3)  # some turns in which nothing is due
        await post(side, "d")
        return [first, await heard(side, 1)]


async def test_nobody_is_told_again_and_silences_hold(tmp_path: Path) -> None:
    for name in ("ours", "theirs"):
        (tmp_path / name).mkdir()
    mine, other = await lived(ours, tmp_path / "ours"), await lived(theirs, tmp_path / "theirs")
    assert mine == other == [["firing a b"], ["firing a b d"]]


def engine(folder: Path, file: Path, port: int) -> list[str]:
    (folder / "prometheus.yml").write_text("")
    return [
        *ENGINE, "run", f"--config={folder / 'prometheus.yml'}", f"--alertmanager-config={file}", "--listen=node=off",
        f"--data-dir={folder / 'data'}", f"--web.listen-address=127.0.0.1:{free_port()}",
        f"--listen=alertmanager=127.0.0.1:{port}",
    ]  # fmt: skip


def alertmanager(folder: Path, file: Path, port: int) -> list[str]:
    return [
        original("prometheus-alertmanager"), f"--config.file={file}", f"--storage.path={folder / 'data'}",
        "--cluster.listen-address=", f"--web.listen-address=127.0.0.1:{port}",
    ]  # fmt: skip


Command = Callable[[Path, Path, int], list[str]]


@asynccontextmanager
async def process(command: Command, folder: Path, url: str) -> AsyncIterator[tuple[Side, Popen[bytes]]]:
    """It answers; ended by whoever asked for it."""
    file, port = folder / "alertmanager.yml", free_port()
    file.write_text(config(f"{url}/NAME"))
    async with aiohttp.ClientSession() as session:
        side = Side(f"http://127.0.0.1:{port}", session)

        async def ready() -> bool:
            return (await side.ask("GET", "receivers"))[0] == 200

        with running(command(folder, file, port), folder / "log") as found:
            await eventually(command.__name__, ready)
            yield side, found


class Teller:
    """Tells of alerts and makes silences; `again` tells of all that fire, as after a restart."""

    def __init__(self, scenario: Restarted) -> None:
        self.scenario = scenario
        self._firing: dict[str, str] = {}
        self._silence = ""

    async def take(self, side: Side, step: str) -> None:
        what, _, name = step.partition(" ")
        match what:
            case "fire":
                self._firing[name] = at(0)
                await self._report(side, name, self._firing[name], "2035-01-01T00:00:00Z")
            case "resolve":
                await self._report(side, name, self._firing.pop(name), at(0))
            case "silence":
                matchers = [
                    {"name": k, "value": v, "isRegex": False} for k, v in (("s", self.scenario.name), ("i", name))
                ]
                body = silence_body(matchers=matchers, startsAt=at(0), endsAt=at(3600))
                self._silence = (await ask(side, "POST", "silences", body))["silenceID"]
            case _:
                await ask(side, "DELETE", f"silence/{self._silence}")

    async def again(self, side: Side) -> None:
        for name, began in self._firing.items():
            await self._report(side, name, began, "2035-01-01T00:00:00Z")

    async def _report(self, side: Side, name: str, began: str, ends: str) -> None:
        labels = {"alertname": self.scenario.name, "s": self.scenario.name, "i": name}
        await ask(side, "POST", "alerts", [{"labels": labels, "startsAt": began, "endsAt": ends}])


async def ask(side: Side, method: str, path: str, body: Any = None) -> Any:
    status, answer = await side.ask(method, path, body)
    assert status == 200, answer
    return answer


async def part(side: Side, tellers: Iterable[Teller], pause: float, *, after: bool) -> float:
    """By how many seconds something took longer than it should."""
    clock, late = SystemClock(), 0.0
    for number in range(MOST_STEPS):
        began = clock.monotonic()
        for teller in tellers:
            steps = teller.scenario.after if after else teller.scenario.before
            if number < len(steps):
                await teller.take(side, steps[number])
        told = clock.monotonic()
        await clock.sleep(pause)
        late = max(late, told - began, clock.monotonic() - told - pause)
    return late


async def told_over_a_restart(
    command: Command, folder: Path, end: signal.Signals, pause: float
) -> tuple[float, dict[str, list[str]]]:
    """By how much the script was late; what receivers were told."""
    tellers = [Teller(one) for one in RESTARTS]
    async with hook() as (url, heard):
        async with process(command, folder, url) as (side, running_):
            late = await part(side, tellers, pause, after=False)
            running_.send_signal(end)
            await asyncio.to_thread(running_.wait)
        async with process(command, folder, url) as (side, _):
            for teller in tellers:
                await teller.again(side)
            await SystemClock().sleep(pause)
            late = max(late, await part(side, tellers, pause, after=True))
        return late, {
            one.name: [summary(json.loads(body)) for body in heard.get(f"/{one.name}", [])] for one in RESTARTS
        }


async def test_over_a_kill_receivers_are_told_the_same_as_over_a_restart_of_the_original(tmp_path: Path) -> None:
    """Where the machine was too busy to keep to the script, once more, and slower."""
    for pace in PACES:
        for name in ("ours", "theirs"):
            (tmp_path / str(pace) / name).mkdir(parents=True)
        (mine_late, mine), (other_late, other) = await asyncio.gather(
            told_over_a_restart(engine, tmp_path / f"{pace}/ours", signal.SIGKILL, INTERVAL * pace),
            told_over_a_restart(alertmanager, tmp_path / f"{pace}/theirs", signal.SIGTERM, INTERVAL * pace),
        )
        if max(mine_late, other_late) < LATE * pace:
            break
    assert other == {one.name: list(one.told) for one in RESTARTS}
    assert mine == other
