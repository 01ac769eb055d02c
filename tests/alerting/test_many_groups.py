"""Where more groups are due at once than are told side by side, all are told, and soon, even if receivers hang."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

import pytest

from engine.alerting.config.resolve import build_route
from engine.alerting.dispatch.dispatcher import MOST_AT_ONCE, PATIENCE_SECONDS, Dispatcher
from engine.alerting.dispatch.flush import Alerts, Flush
from engine.alerting.kept.trail import Trail
from engine.alerting.matching.grammar import Grammar
from engine.foundation.supervise import Supervisor
from engine.testing.manual_clock import ManualClock
from tests.alerting.world import START_MS, alert, parsed, webhook

GROUPS = 5 * MOST_AT_ONCE
CONFIG = f"""
route: {{receiver: team, group_by: [alertname], group_wait: 1s, group_interval: 5m, repeat_interval: 1h}}
receivers: [{webhook("team")}]
"""


class Receiver:
    """Takes notifications; those of groups that it hangs on never end."""

    def __init__(self) -> None:
        self.heard: list[str] = []
        self.hangs: set[str] = set()
        self.fails = 0

    async def notify(self, flush: Flush, _: Alerts) -> bool:
        name = flush.group_labels.get("alertname")
        if name in self.hangs:
            await asyncio.Event().wait()
        if self.fails:
            self.fails -= 1
            raise ZeroDivisionError
        await asyncio.sleep(0)
        self.heard.append(name)
        return True


@asynccontextmanager
async def dispatching(receiver: Receiver) -> AsyncIterator[tuple[ManualClock, Dispatcher, Supervisor]]:
    clock = ManualClock(START_MS)
    supervisor, root = Supervisor(clock), parsed(CONFIG).route
    assert root is not None
    dispatcher = Dispatcher(clock, supervisor, build_route(root, Grammar.BOTH), receiver.notify, Trail())
    yield clock, dispatcher, supervisor
    await dispatcher.stop()
    await supervisor.stop_all()


def names(count: int) -> list[str]:
    return [f"A{number:04}" for number in range(count)]


async def test_all_of_very_many_groups_are_told_when_they_are_due() -> None:
    receiver = Receiver()
    async with dispatching(receiver) as (clock, dispatcher, _):
        for name in names(GROUPS):
            dispatcher.dispatch(alert(alertname=name))
        await clock.advance(1000 + GROUPS)
        assert sorted(receiver.heard) == names(GROUPS)
        await clock.advance(300_000)
        assert sorted(receiver.heard) == sorted(2 * names(GROUPS))


@pytest.mark.parametrize("hanging", [1, MOST_AT_ONCE, GROUPS - 1])
async def test_groups_whose_receiver_hangs_hold_the_others_up_for_moments_only(hanging: int) -> None:
    receiver = Receiver()
    receiver.hangs = set(names(hanging))
    async with dispatching(receiver) as (clock, dispatcher, _):
        for name in names(GROUPS):
            dispatcher.dispatch(alert(alertname=name))
        doublings = (hanging // MOST_AT_ONCE).bit_length()
        await clock.advance(1000 + PATIENCE_SECONDS * 1000 * doublings)
        assert sorted(receiver.heard) == names(GROUPS)[hanging:]


async def test_an_unexpected_error_costs_a_group_this_turn_and_no_other() -> None:
    receiver = Receiver()
    receiver.fails = 1
    async with dispatching(receiver) as (clock, dispatcher, supervisor):
        dispatcher.dispatch(alert(alertname="A"))
        await clock.advance(299_000)
        assert receiver.heard == []
        await clock.advance(3000)
        assert receiver.heard == ["A"]
        assert list(supervisor.crashes.values()) == [1]


async def test_a_group_that_was_swept_away_has_no_more_turns_and_a_new_one_begins_anew() -> None:
    receiver = Receiver()
    async with dispatching(receiver) as (clock, dispatcher, _):
        dispatcher.dispatch(alert(0, 10, alertname="A"))
        await clock.advance(400_000)
        assert dispatcher.groups() == []
        heard = len(receiver.heard)
        dispatcher.dispatch(alert(400, 1e6, alertname="A"))
        await clock.advance(1000)
        assert len(receiver.heard) == heard + 1
