"""All scenarios in real time, at once, for Alertmanager 0.25 and for us: the same notifications in the same order.

Turns are a second away from everything that happens, so a machine must be a second late before anything differs.
"""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from engine.foundation.clock import SystemClock
from tests.alerting.scenarios import LAST, SCENARIOS, Scenario, Step, config
from tests.alerting.world import summary
from tests.peers.test_alertmanager import Side, at, both

pytestmark = pytest.mark.peer

FAR = "2035-01-01T00:00:00Z"
CONFIG = config("{{hook}}/{}").replace("{", "{{").replace("}", "}}").replace("{{hook}}", "{hook}")


class Player:
    """One side's script: what it must remember of what it said."""

    def __init__(self, side: Side) -> None:
        self.side = side
        self._began: dict[str, str] = {}
        self._silences: dict[str, str] = {}

    async def take(self, scenario: Scenario, step: Step) -> None:
        if step.what == "silence":
            wanted = {"s": scenario.name, **(step.more or {})}
            matchers = [{"name": name, "value": value, "isRegex": False} for name, value in wanted.items()]
            body = {"matchers": matchers, "startsAt": at(0), "endsAt": at(3600), "createdBy": "me", "comment": "x"}
            self._silences[scenario.name] = (await self._ask("POST", "silences", body))["silenceID"]
        elif step.what == "expire":
            await self._ask("DELETE", f"silence/{self._silences[scenario.name]}")
        else:
            await self._ask("POST", "alerts", [self._report(scenario, step)])

    def _report(self, scenario: Scenario, step: Step) -> dict[str, Any]:
        labels = {"alertname": scenario.name, "s": scenario.name, "i": step.name, **(step.more or {})}
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


def told(side: Side, scenario: Scenario) -> dict[tuple[str, str], list[dict[str, Any]]]:
    """What each receiver was told of each group, in order, without times."""
    found: dict[tuple[str, str], list[dict[str, Any]]] = {}
    for name in (scenario.name, *scenario.receivers):
        for raw in side.heard.get(f"/{name}", []):
            body = json.loads(raw)
            for alert in body["alerts"]:
                del alert["startsAt"], alert["endsAt"]
            found.setdefault((name, body["groupKey"]), []).append(body)
    return found


async def test_receivers_are_told_the_same_by_both_and_what_the_script_says(tmp_path: Path) -> None:
    script = sorted(
        ((step.at, number, one, step) for one in SCENARIOS for number, step in enumerate(one.steps)),
        key=lambda entry: entry[:2],
    )
    clock = SystemClock()
    (tmp_path / "x").mkdir()
    async with both(tmp_path / "x", CONFIG) as sides:
        players = [Player(side) for side in sides]
        begin = clock.monotonic()
        for when, _, scenario, step in script:
            await clock.sleep(max(begin + when - clock.monotonic(), 0))
            for player in players:
                await player.take(scenario, step)
        await clock.sleep(begin + LAST - clock.monotonic())
        mine, other = ({one.name: told(side, one) for one in SCENARIOS} for side in sides)
    for scenario in SCENARIOS:
        said = sorted((name, summary(body)) for (name, _), bodies in other[scenario.name].items() for body in bodies)
        assert said == sorted((name, text) for _, name, text in scenario.told), scenario.name
    assert mine == other
