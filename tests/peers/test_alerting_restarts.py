"""What is kept over a restart, of Alertmanager 0.25 and of ours: who was told what, and silences."""

from __future__ import annotations

import json
from collections.abc import Callable
from contextlib import AbstractAsyncContextManager
from pathlib import Path

import pytest

from engine.foundation.clock import SystemClock
from tests.alerting.world import summary
from tests.peers.test_alertmanager import Side, at, eventually, ours, theirs
from tests.web.test_alertmanager_api import silence_body

pytestmark = pytest.mark.peer

CONFIG = """
route: {{receiver: all, group_by: [alertname], group_wait: 1s, group_interval: 1s, repeat_interval: 1h}}
receivers: [{{name: all, webhook_configs: [{{url: '{hook}/all'}}]}}]
"""
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
