"""A group: rules in turn, each committed before the next, at slots of absolute time."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Mapping

import pytest
from hypothesis import given
from hypothesis import strategies as st
from msgspec.structs import replace

from engine.foundation.errors import DiskFullError, StoreError
from engine.foundation.supervise import Supervisor
from engine.rules import slots
from engine.rules.group import Group
from engine.rules.ports import Parts
from engine.rules.spec import GroupSpec
from engine.testing.manual_clock import ManualClock
from promql.errors import EvaluationError, QueryCanceledError
from promql.model.results import Result, Scalar
from tests.rules.fakes import Answer, FakeEvaluator, FakeStore, Told, alerting, braces, during, group, recording, vector

MINUTE, HOUR = 60_000, 3_600_000


class Stage:
    """A group with fakes around it."""

    def __init__(
        self, clock: ManualClock, answers: Mapping[str, Answer], spec: GroupSpec, *, restored: bool = True
    ) -> None:
        self.clock = clock
        self.store = FakeStore()
        self.told = Told()
        self.evaluate = FakeEvaluator(answers)
        self.parts = Parts(
            clock=clock,
            store=self.store,
            evaluate=self.evaluate,
            expand=braces,
            notify=self.told,
            external_url="http://here:9090",
        )
        self.group = Group(spec, self.parts, restored=restored)

    async def turns(self, *times: int) -> None:
        for time in times:
            await self.group.evaluate(time)

    @property
    def health(self) -> list[tuple[str, str]]:
        return [(rule.progress.health, rule.progress.last_error) for rule in self.group.rules]


def failing(error: Exception) -> Answer:
    def answer(_time: int) -> Result:
        raise error

    return answer


async def test_a_rule_sees_what_the_one_before_it_wrote(manual_clock: ManualClock) -> None:
    stage = Stage(manual_clock, {}, group(recording("a", "x"), recording("b", "y")))
    seen = []

    def later(time: int) -> Result:
        seen.append(dict(stage.store.shown()))
        return Scalar(time, 2.0)

    stage.evaluate.answers = {"x": vector(({"job": "j"}, 1.0)), "y": later}
    await stage.turns(MINUTE)
    assert seen == [{'a{job="j"}': [(MINUTE, 1.0)]}]
    assert stage.store.shown()["b"] == [(MINUTE, 2.0)]
    assert stage.group.counts.samples == 2


async def test_a_series_that_vanishes_ends_at_that_instant(manual_clock: ManualClock) -> None:
    answer = during([(0, 2 * MINUTE)], vector(({"job": "j"}, 1.0)))
    stage = Stage(manual_clock, {"x": answer}, group(recording("a", "x")))
    await stage.turns(MINUTE, 2 * MINUTE, 3 * MINUTE)
    assert stage.store.shown() == {'a{job="j"}': [(MINUTE, 1.0), (2 * MINUTE, "stale")]}


async def test_a_rule_that_fails_writes_and_ends_nothing_and_its_neighbours_go_on(manual_clock: ManualClock) -> None:
    answers = {"x": vector(({}, 1.0)), "y": vector(({}, 2.0))}
    stage = Stage(manual_clock, answers, group(recording("a", "x"), recording("b", "y")))
    await stage.turns(MINUTE)
    stage.evaluate.answers = {"x": failing(EvaluationError("it is broken")), "y": vector(({}, 3.0))}
    await stage.turns(2 * MINUTE)
    assert stage.store.shown() == {"a": [(MINUTE, 1.0)], "b": [(MINUTE, 2.0), (2 * MINUTE, 3.0)]}
    assert stage.health == [("err", "it is broken"), ("ok", "")]
    assert stage.group.counts.failures == 1


async def test_a_mistake_of_the_engine_fails_one_rule_and_its_neighbours_go_on(
    manual_clock: ManualClock, caplog: pytest.LogCaptureFixture
) -> None:
    answers = {"x": failing(ZeroDivisionError("by zero")), "y": vector(({}, 2.0))}
    stage = Stage(manual_clock, answers, group(alerting("A", "x"), recording("b", "y")))
    await stage.turns(MINUTE)
    assert stage.health == [("err", "unexpected error: ZeroDivisionError('by zero')"), ("ok", "")]
    assert stage.store.shown() == {"b": [(MINUTE, 2.0)]}
    assert stage.group.counts.failures == 1
    assert "Traceback" in caplog.text


async def test_a_cancelled_query_says_nothing_of_the_rule(manual_clock: ManualClock) -> None:
    stage = Stage(manual_clock, {"x": failing(QueryCanceledError("gone"))}, group(recording("a", "x")))
    await stage.turns(MINUTE)
    assert stage.health == [("unknown", "")]
    assert stage.group.counts.failures == 0


async def test_two_rules_with_one_output_are_told_of(manual_clock: ManualClock) -> None:
    answers = {"x": vector(({}, 1.0)), "y": vector(({}, 2.0))}
    stage = Stage(manual_clock, answers, group(recording("a", "x"), recording("a", "y")))
    await stage.turns(MINUTE)
    assert stage.health == [("ok", ""), ("err", "duplicate sample for timestamp")]
    assert stage.store.shown() == {"a": [(MINUTE, 1.0)]}


async def test_a_full_disk_fails_the_rule_and_a_broken_store_the_process(manual_clock: ManualClock) -> None:
    stage = Stage(manual_clock, {"x": vector(({}, 1.0))}, group(recording("a", "x")))
    stage.store.failure = DiskFullError("no room")
    await stage.turns(MINUTE)
    assert stage.health == [("err", "no room")]
    assert stage.group.counts.failures == 1
    stage.store.failure = StoreError("disk and index disagree")
    with pytest.raises(StoreError):
        await stage.turns(2 * MINUTE)


async def test_a_change_of_state_ends_the_old_series_in_the_same_turn(manual_clock: ManualClock) -> None:
    stage = Stage(manual_clock, {"x": vector(({}, 1.0))}, group(alerting("Down", "x", hold=MINUTE)))
    await stage.turns(MINUTE, 2 * MINUTE)
    assert stage.store.shown() == {
        'ALERTS{alertname="Down", alertstate="pending"}': [(MINUTE, 1.0), (2 * MINUTE, "stale")],
        'ALERTS{alertname="Down", alertstate="firing"}': [(2 * MINUTE, 1.0)],
        'ALERTS_FOR_STATE{alertname="Down"}': [(MINUTE, 60.0), (2 * MINUTE, 60.0)],
    }


async def test_an_alert_is_told_with_its_templates_filled_in(manual_clock: ManualClock) -> None:
    rule = alerting(
        "Down", "up == 0", labels={"team": "{{job}}s"}, annotations={"summary": "{{job}} at {{VALUE}}", "empty": ""}
    )
    answer = during([(0, 2 * MINUTE)], vector(({"__name__": "up", "job": "api"}, 0.5)))
    stage = Stage(manual_clock, {"up == 0": answer}, group(rule, interval=15_000))
    await stage.turns(MINUTE, 2 * MINUTE)
    firing, ended = stage.told.alerts
    assert firing.labels.as_dict() == {"alertname": "Down", "job": "api", "team": "apis"}
    assert firing.annotations == (("empty", ""), ("summary", "api at 0.5"))
    assert firing.generator_url == "http://here:9090/graph?g0.expr=up+%3D%3D+0&g0.tab=1"
    assert (firing.starts_at, firing.ends_at) == (MINUTE * 10**6, 5 * MINUTE * 10**6)
    assert (ended.starts_at, ended.ends_at) == (MINUTE * 10**6, 2 * MINUTE * 10**6)


async def test_a_firing_alert_is_told_again_after_the_delay(manual_clock: ManualClock) -> None:
    stage = Stage(manual_clock, {"x": vector(({}, 1.0))}, group(alerting("Down", "x"), interval=15_000))
    await stage.turns(*range(0, 150_000, 15_000))
    assert [alert.updated_at // 10**6 for alert in stage.told.alerts] == [0, 75_000]


async def test_after_a_restart_alerts_get_their_age_back_after_two_turns(manual_clock: ManualClock) -> None:
    rule = alerting("Down", "x", hold=HOUR)
    spec = group(rule)
    first = Stage(manual_clock, {"x": vector(({}, 1.0))}, spec)
    start = manual_clock.now_ms()
    await first.turns(start)
    await manual_clock.advance(40 * MINUTE)
    await first.turns(start + 40 * MINUTE)
    second = Stage(manual_clock, {"x": vector(({}, 1.0))}, spec, restored=False)
    second.store.samples = first.store.samples
    second.store.series[:] = first.store.series
    before = {series: len(samples) for series, samples in second.store.shown().items()}
    await manual_clock.advance(10 * MINUTE)
    now = manual_clock.now_ms()
    await second.turns(now - MINUTE, now)
    assert {series: len(samples) for series, samples in second.store.shown().items()} == before
    assert second.group.restored
    await second.turns(now + MINUTE)
    since = second.store.shown()['ALERTS_FOR_STATE{alertname="Down"}'][-1]
    assert since == (now + MINUTE, float((start + 10 * MINUTE) // 1000))


async def test_an_alert_that_had_ended_before_the_restart_begins_anew(manual_clock: ManualClock) -> None:
    spec = group(alerting("Down", "x", hold=HOUR))
    start = manual_clock.now_ms()
    answers = {"x": during([(0, start + MINUTE)], vector(({}, 1.0)))}
    first = Stage(manual_clock, answers, spec)
    await first.turns(start, start + MINUTE)
    second = Stage(manual_clock, {"x": vector(({}, 1.0))}, spec, restored=False)
    second.store.samples = first.store.samples
    second.store.series[:] = first.store.series
    await manual_clock.advance(10 * MINUTE)
    now = manual_clock.now_ms()
    await second.turns(now - MINUTE, now, now + MINUTE)
    assert second.store.shown()['ALERTS_FOR_STATE{alertname="Down"}'][-1][1] == (now - MINUTE) // 1000


@pytest.fixture
async def supervisor(manual_clock: ManualClock) -> AsyncIterator[Supervisor]:
    supervisor = Supervisor(manual_clock)
    yield supervisor
    await supervisor.stop_all()
    assert supervisor.crashes == {}


async def test_a_group_is_evaluated_at_its_slots(manual_clock: ManualClock, supervisor: Supervisor) -> None:
    stage = Stage(manual_clock, {"x": vector(({}, 1.0))}, group(recording("a", "x"), interval=15_000))
    supervisor.start("group", stage.group.run)
    start = manual_clock.now_ms()
    await manual_clock.advance(60_000)
    times = [time for _, time in stage.evaluate.asked]
    assert len(times) == 4
    assert {time % 15_000 for time in times} == {slots.offset("f.yml", "g", 15_000)}
    assert start < times[0] <= start + 15_000
    assert (stage.group.counts.iterations, stage.group.counts.missed) == (4, 0)


async def test_slots_that_a_slow_turn_overran_are_missed_and_counted(
    manual_clock: ManualClock, supervisor: Supervisor
) -> None:
    stage = Stage(manual_clock, {"x": vector(({}, 1.0))}, group(recording("a", "x"), interval=10_000))
    quick = stage.evaluate
    times: list[int] = []

    async def slow(query: object, time: int) -> Result:
        times.append(time)
        if len(times) == 1:
            await manual_clock.sleep(35)
        return await quick("x", time)

    stage.group = Group(
        stage.group.spec,
        Parts(clock=manual_clock, store=stage.store, evaluate=slow, expand=braces, notify=stage.told),
        restored=True,
    )
    supervisor.start("group", stage.group.run)
    await manual_clock.advance(60_000)
    assert [time - times[0] for time in times] == [0, 30_000, 40_000, 50_000]
    assert (stage.group.counts.missed, stage.group.counts.iterations) == (2, 6)
    assert stage.group.counts.last_seconds == 0.0


async def test_nobody_stops_a_group_in_the_middle_of_a_turn(manual_clock: ManualClock, supervisor: Supervisor) -> None:
    stage = Stage(manual_clock, {"x": vector(({}, 1.0))}, group(recording("a", "x"), interval=10_000))
    held = asyncio.Event()

    async def slow(query: object, time: int) -> Result:
        await held.wait()
        return vector(({}, 1.0))(time)

    stage.group = Group(
        stage.group.spec,
        Parts(clock=manual_clock, store=stage.store, evaluate=slow, expand=braces, notify=stage.told),
        restored=True,
    )
    supervisor.start("group", stage.group.run)
    await manual_clock.advance(10_000)
    assert stage.group.lock.locked()
    held.set()
    async with stage.group.lock:
        assert len(stage.store.shown()["a"]) == 1


instants = st.integers(0, 10**13)
intervals = st.integers(1, 10**8)


@given(time=instants, interval=intervals, name=st.text())
def test_a_slot_is_the_newest_that_is_not_ahead(time: int, interval: int, name: str) -> None:
    shift = slots.offset("file", name, interval)
    found = slots.slot(time, interval, shift)
    assert 0 <= shift < interval
    assert time - interval < found <= time
    assert (found - shift) % interval == 0


@given(last=instants, interval=intervals, late=st.integers(0, 10**9))
def test_missed_slots_are_those_between_the_last_and_the_newest(last: int, interval: int, late: int) -> None:
    now = last + interval + late
    skipped = slots.missed(now, last, interval)
    assert last + (skipped + 1) * interval <= now < last + (skipped + 2) * interval


async def test_a_group_with_an_offset_looks_and_writes_so_long_before(manual_clock: ManualClock) -> None:
    evaluate = FakeEvaluator({"x": vector(({"job": "a"}, 1.0))})
    store = FakeStore()
    parts = Parts(clock=manual_clock, store=store, evaluate=evaluate, expand=braces, notify=Told())
    spec = replace(group(recording("r", "x"), alerting("Down", "x", hold=MINUTE)), query_offset=30_000)
    ours = Group(spec, parts, restored=True)
    for minute in (1, 2):
        await ours.evaluate(minute * MINUTE)
    assert evaluate.asked == [("x", minute * MINUTE - 30_000) for minute in (1, 1, 2, 2)]
    assert store.shown()['r{job="a"}'] == [(30_000, 1.0), (90_000, 1.0)]
    since = 'ALERTS_FOR_STATE{alertname="Down", job="a"}'
    assert store.shown()[since] == [(30_000, 60.0), (90_000, 60.0)]
