"""Groups through reloads: what is equal goes on, what is gone ends."""

from __future__ import annotations

from collections.abc import AsyncIterator

import pytest

from engine.foundation.supervise import Supervisor
from engine.rules.manager import RuleManager
from engine.rules.ports import Parts
from engine.rules.views import AlertingView, RecordingView
from engine.testing.manual_clock import ManualClock
from tests.rules.fakes import FakeEvaluator, FakeStore, Told, alerting, braces, group, recording, vector

MINUTE = 60_000
ANSWERS = {"x": vector(({"job": "j"}, 1.0)), "y": vector(({"job": "j"}, 2.0))}


class Stage:
    def __init__(self, clock: ManualClock) -> None:
        self.clock = clock
        self.store = FakeStore()
        self.supervisor = Supervisor(clock)
        self.evaluate = FakeEvaluator(ANSWERS)
        self.told = Told()
        parts = Parts(clock=clock, store=self.store, evaluate=self.evaluate, expand=braces, notify=self.told)
        self.manager = RuleManager(parts, self.supervisor)


@pytest.fixture
async def stage(manual_clock: ManualClock) -> AsyncIterator[Stage]:
    stage = Stage(manual_clock)
    yield stage
    await stage.manager.stop()
    assert stage.supervisor.crashes == {}


async def test_an_equal_group_goes_on_undisturbed(stage: Stage) -> None:
    await stage.manager.apply([group(recording("a", "x"))])
    await stage.clock.advance(3 * MINUTE)
    await stage.manager.apply([group(recording("a", "x"))])
    [view] = stage.manager.groups()
    assert view.counts.iterations == 3


async def test_a_changed_group_keeps_the_alerts_of_equal_rules(stage: Stage) -> None:
    await stage.manager.apply([])
    await stage.manager.apply([group(alerting("Down", "x", hold=10 * MINUTE))])
    await stage.clock.advance(3 * MINUTE)
    [before] = stage.manager.alerts()
    await stage.manager.apply([group(recording("a", "y"), alerting("Down", "x", hold=2 * MINUTE))])
    assert stage.manager.alerts() == [before]
    await stage.clock.advance(MINUTE)
    [after] = stage.manager.alerts()
    assert (after.state, after.active_at) == ("firing", before.active_at)
    assert "stale" not in str(stage.store.shown()['ALERTS_FOR_STATE{alertname="Down", job="j"}'])


async def test_equal_rules_are_matched_in_order(stage: Stage) -> None:
    await stage.manager.apply([])
    await stage.manager.apply([group(alerting("Down", "x", hold=MINUTE * 99), alerting("Down", "y"))])
    await stage.clock.advance(MINUTE)
    await stage.manager.apply([group(alerting("Down", "x", hold=MINUTE * 99), alerting("Down", "y"), limit=5)])
    assert [alert.state for alert in stage.manager.alerts()] == ["pending", "firing"]


async def test_the_series_of_a_removed_rule_end_at_the_next_turn(stage: Stage) -> None:
    await stage.manager.apply([group(recording("a", "x"), recording("b", "y"))])
    await stage.clock.advance(MINUTE)
    await stage.manager.apply([group(recording("a", "x"))])
    await stage.clock.advance(MINUTE)
    [(time, _), ended] = stage.store.shown()['b{job="j"}']
    assert ended == (time + MINUTE, "stale")
    assert len(stage.store.shown()['a{job="j"}']) == 2


async def test_the_series_of_a_removed_group_end_after_two_intervals(stage: Stage) -> None:
    await stage.manager.apply([group(recording("a", "x"))])
    await stage.clock.advance(MINUTE)
    await stage.manager.apply([])
    removed_at = stage.clock.now_ms()
    await stage.clock.advance(2 * MINUTE - 1)
    assert len(stage.store.shown()['a{job="j"}']) == 1
    await stage.clock.advance(1)
    assert stage.store.shown()['a{job="j"}'][-1] == (removed_at, "stale")


async def test_a_group_that_was_renamed_leaves_no_gap(stage: Stage) -> None:
    await stage.manager.apply([group(recording("a", "x"), name="old")])
    await stage.clock.advance(MINUTE)
    await stage.manager.apply([group(recording("a", "x"), name="new")])
    await stage.clock.advance(5 * MINUTE)
    assert "stale" not in str(stage.store.shown())


async def test_stopping_ends_nothing(stage: Stage) -> None:
    await stage.manager.apply([group(recording("a", "x"))])
    await stage.clock.advance(MINUTE)
    await stage.manager.stop()
    await stage.clock.advance(5 * MINUTE)
    assert len(stage.store.shown()['a{job="j"}']) == 1


async def test_alerts_of_groups_that_a_reload_brings_are_written_at_once(stage: Stage) -> None:
    await stage.manager.apply([group(alerting("First", "x"), name="first")])
    await stage.manager.apply([group(alerting("First", "x"), name="first"), group(alerting("Late", "y"), name="late")])
    await stage.clock.advance(2 * MINUTE)
    assert {series.split('"')[1] for series in stage.store.shown()} == {"Late"}
    await stage.clock.advance(MINUTE)
    assert {series.split('"')[1] for series in stage.store.shown()} == {"First", "Late"}


async def test_a_reload_does_not_make_a_group_forget_that_it_waits_for_its_past(stage: Stage) -> None:
    await stage.manager.apply([group(alerting("First", "x"))])
    await stage.clock.advance(MINUTE)
    await stage.manager.apply([group(alerting("First", "x"), limit=9)])
    await stage.clock.advance(MINUTE)
    assert stage.store.shown() == {}
    await stage.clock.advance(MINUTE)
    assert len(stage.store.shown()) == 2


async def test_views_show_rules_as_they_were_written(stage: Stage) -> None:
    down = alerting(
        "Down", "x", hold=90_000, keep_firing=30_000, labels={"team": "{{job}}"}, annotations={"note": "{{VALUE}}"}
    )
    await stage.manager.apply([])
    await stage.manager.apply([group(recording("b", "y"), down, name="z"), group(recording("a", "x"), name="a")])
    await stage.clock.advance(MINUTE)
    first, second = stage.manager.groups()
    assert (first.name, second.name, second.file, second.interval_seconds) == ("a", "z", "f.yml", 60.0)
    written, alert = second.rules
    assert isinstance(written, RecordingView)
    assert (written.name, written.query, written.health, written.last_error) == ("b", "y", "ok", "")
    assert isinstance(alert, AlertingView)
    assert (alert.hold_seconds, alert.keep_firing_seconds, alert.state) == (90.0, 30.0, "pending")
    assert (dict(alert.labels), dict(alert.annotations)) == ({"team": "{{job}}"}, {"note": "{{VALUE}}"})
    [active] = alert.alerts
    assert active.labels.as_dict() == {"alertname": "Down", "job": "j", "team": "j"}
    assert (active.annotations, active.value, active.state) == ((("note", "1"),), 1.0, "pending")


async def test_a_rule_that_was_not_evaluated_yet_is_of_unknown_health(stage: Stage) -> None:
    await stage.manager.apply([group(recording("a", "x"))])
    [view] = stage.manager.groups()
    assert (view.rules[0].health, view.last_evaluation, view.evaluation_seconds) == ("unknown", None, 0.0)
