"""All scenarios in real time, at once, for Alertmanager 0.25 and for us: the same notifications in the same order.

Turns are a second away from everything that happens, so a machine must be a second late before anything differs. How
late it was is measured, on what the script does and on what receivers hear; a play that was late proves nothing, and is
repeated at a slower pace, at which turns are further away.
"""

from __future__ import annotations

import asyncio
import json
import re
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import pytest
from aiosmtpd.smtp import Envelope

from engine.foundation.clock import SystemClock
from tests.alerting.scenarios import LAST, SCENARIOS, Scenario, Step, config
from tests.alerting.test_transport import Mailbox, mail_server
from tests.alerting.world import said
from tests.peers.test_alertmanager import LATE, Side, at, ours, theirs

pytestmark = pytest.mark.peer

FAR = "2035-01-01T00:00:00Z"
REFUSING = ("/retried",)
PACES = (1, 2, 4)
"""Seconds that a second of the script takes."""
DURATION = re.compile(r"\b(\d+)s\b")
ON_TIME = {
    f"/{one.name}"
    for one in SCENARIOS
    if all(when % 2 == 1 for when, _, _ in one.told) and f"/{one.name}" not in REFUSING
}
"""Who hears at odd seconds alone."""
Told = dict[str, dict[tuple[str, str], list[Any]]]


def written(smarthost: str, pace: int) -> str:
    """The config with a place for the hook's address."""
    text = DURATION.sub(lambda found: f"{int(found[1]) * pace}s", config("{{hook}}/{}", smarthost))
    return text.replace("{", "{{").replace("}", "}}").replace("{{hook}}", "{hook}")


class Player:
    """One side's script: what it must remember of what it said."""

    def __init__(self, side: Side, mailbox: Mailbox, pace: int) -> None:
        self.side = side
        self.pace = pace
        self.mailbox = mailbox
        self._began: dict[str, str] = {}
        self._silences: dict[str, dict[str, Any]] = {}

    async def take(self, scenario: Scenario, step: Step) -> None:
        if step.what == "silence":
            matchers = [
                {"name": name, "value": value, "isRegex": op.endswith("~"), "isEqual": op.startswith("=")}
                for name, op, value in scenario.matchers(step)
            ]
            begin, end = (at(seconds * self.pace) for seconds in (step.delay, step.delay + step.lasts))
            body = {"matchers": matchers, "startsAt": begin, "endsAt": end, "createdBy": "me", "comment": "x"}
            await self._keep(scenario, body)
        elif step.what == "change":
            made = self._silences[scenario.name]
            begun = await self._ask("GET", f"silence/{made['id']}")
            await self._keep(scenario, made | {"startsAt": begun["startsAt"], "endsAt": at(step.lasts * self.pace)})
        elif step.what == "expire":
            await self._ask("DELETE", f"silence/{self._silences[scenario.name]['id']}")
        else:
            await self._ask("POST", "alerts", [self._report(scenario, step)])

    async def _keep(self, scenario: Scenario, silence: dict[str, Any]) -> None:
        made = await self._ask("POST", "silences", silence)
        self._silences[scenario.name] = silence | {"id": made["silenceID"]}

    def _report(self, scenario: Scenario, step: Step) -> dict[str, Any]:
        labels = scenario.labels(step)
        key = json.dumps(labels)
        begun = self._began.setdefault(key, at(0))
        if step.what == "fire":
            begun = self._began[key] = at(0)
        match step.what:
            case "say":
                return {"labels": labels}
            case "began":
                return {"labels": labels, "startsAt": at(-60), "endsAt": FAR}
            case "resolve":
                return {"labels": labels, "startsAt": begun, "endsAt": at(0)}
            case "note":
                return {"labels": labels, "startsAt": begun, "endsAt": FAR, "annotations": {"note": "new"}}
            case _:
                return {"labels": labels, "startsAt": begun, "endsAt": FAR}

    async def _ask(self, method: str, path: str, body: Any = None) -> Any:
        status, answer = await self.side.ask(method, path, body)
        assert status == 200, answer
        return answer


def told(player: Player, scenario: Scenario) -> dict[tuple[str, str], list[Any]]:
    """What each receiver was told of each group, in order, without times."""
    found: dict[tuple[str, str], list[Any]] = {}
    for name in (scenario.name, *scenario.receivers):
        for raw in player.side.heard.get(f"/{name}", []):
            body = json.loads(raw)
            for alert in body.get("alerts", ()):
                del alert["startsAt"], alert["endsAt"]
            found.setdefault((name, body.get("groupKey", "")), []).append(body)
        for envelope in player.mailbox.letters:
            if envelope.rcpt_tos == [f"{name}@example.com"]:
                found.setdefault((name, "letter"), []).append(without_times(envelope))
    return found


def without_times(envelope: Envelope) -> str:
    """A letter as the other side would have sent it: there headers have no order."""
    assert isinstance(envelope.content, bytes)
    head, _, body = envelope.content.decode().partition("\r\n\r\n")
    boundary = head.partition("boundary=")[2].split()[0]
    kept = sorted(line for line in head.splitlines() if not line.startswith(("Date:", "Message-Id:")))
    return "\r\n".join([*kept, "", body]).replace(boundary, "BOUNDARY")


def reading(body: Any) -> str:
    return said(body if isinstance(body, str) else json.dumps(body))


async def play(players: Sequence[Player], pace: int) -> float:
    """By how many seconds of the script something was late."""
    script = sorted(
        ((step.at, number, one, step) for one in SCENARIOS for number, step in enumerate(one.steps)),
        key=lambda entry: entry[:2],
    )
    clock = SystemClock()
    begin, late = clock.monotonic(), 0.0
    for when, _, scenario, step in script:
        await clock.sleep(max(begin + when * pace - clock.monotonic(), 0))
        await asyncio.gather(*(player.take(scenario, step) for player in players))
        late = max(late, (clock.monotonic() - begin) / pace - when)
    await clock.sleep(begin + LAST * pace - clock.monotonic())
    heard = [(when - begin) / pace for one in players for path, when in one.side.when if path in ON_TIME]
    return max(late, *((when - 1) % 2 for when in heard))


async def told_by_both(folder: Path, pace: int) -> tuple[float, Told, Told]:
    """By how much the play was late; what was told by us, and by the original."""
    for name in ("ours", "theirs"):
        (folder / name).mkdir(parents=True)
    async with (
        mail_server() as (mine_mail, mine_port),
        mail_server() as (other_mail, other_port),
        ours(folder / "ours", written(f"127.0.0.1:{mine_port}", pace), REFUSING) as mine_side,
        theirs(folder / "theirs", written(f"127.0.0.1:{other_port}", pace), REFUSING) as other_side,
    ):
        players = [Player(mine_side, mine_mail, pace), Player(other_side, other_mail, pace)]
        late = await play(players, pace)
        mine, other = ({one.name: told(player, one) for one in SCENARIOS} for player in players)
    return late, mine, other


async def test_receivers_are_told_the_same_by_both_and_what_the_script_says(tmp_path: Path) -> None:
    for pace in PACES:
        late, mine, other = await told_by_both(tmp_path / str(pace), pace)
        if late < LATE:
            break
    for scenario in SCENARIOS:
        heard = sorted((name, reading(body)) for (name, _), bodies in other[scenario.name].items() for body in bodies)
        assert heard == sorted((name, text) for _, name, text in scenario.told), (scenario.name, late)
        assert mine[scenario.name] == other[scenario.name], (scenario.name, late)
