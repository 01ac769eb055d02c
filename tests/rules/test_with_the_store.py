"""Groups over the real store: what the fake one promises, it keeps."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from engine.rules.group import Group
from engine.rules.ports import Parts
from engine.rules.spec import GroupSpec
from engine.testing.manual_clock import ManualClock
from engine.tsdb.store import Store
from promql.model.labels import METRIC_NAME
from promql.model.matchers import Matcher, MatchOp
from promql.model.panel import Kind, Need
from promql.model.staleness import is_stale
from tests.rules.fakes import FakeEvaluator, Told, alerting, braces, during, group, recording, vector

MINUTE, HOUR = 60_000, 3_600_000
ON = vector(({"job": "a"}, 1.0))


@pytest.fixture
def store() -> Iterator[Store]:
    store = Store.open(None)
    yield store
    store.close()


def shown(store: Store, name: str) -> dict[str, list[tuple[int, float | str]]]:
    need = Need((Matcher(METRIC_NAME, MatchOp.EQUAL, name),), 0, 10**15, Kind.INSTANT)
    found: dict[str, list[tuple[int, float | str]]] = {}
    for one in store.select(need):
        for _, labels, times, values in one.series():
            texts = ["stale" if is_stale(values[at : at + 1])[0] else float(values[at]) for at in range(len(values))]
            found.setdefault(str(labels), []).extend(zip(times.tolist(), texts, strict=True))
    return found


def working(store: Store, clock: ManualClock, spec: GroupSpec, answers: FakeEvaluator, *, restored: bool) -> Group:
    parts = Parts(clock=clock, store=store, evaluate=answers, expand=braces, notify=Told())
    return Group(spec, parts, restored=restored)


async def test_rules_of_one_turn_share_its_instant_and_ends_are_marked(store: Store, manual_clock: ManualClock) -> None:
    evaluate = FakeEvaluator({"x": during([(0, 3 * MINUTE)], ON), "y": vector(({}, 2.0))})
    spec = group(recording("a", "x"), recording("b", "y"), alerting("Down", "x", hold=MINUTE))
    ours = working(store, manual_clock, spec, evaluate, restored=True)
    for minute in (1, 2, 3):
        await ours.evaluate(minute * MINUTE)
    assert [rule.progress.last_error for rule in ours.rules] == ["", "", ""]
    assert shown(store, "a") == {'a{job="a"}': [(MINUTE, 1.0), (2 * MINUTE, 1.0), (3 * MINUTE, "stale")]}
    assert shown(store, "b") == {"b": [(minute * MINUTE, 2.0) for minute in (1, 2, 3)]}
    assert shown(store, "ALERTS") == {
        'ALERTS{alertname="Down", alertstate="pending", job="a"}': [(MINUTE, 1.0), (2 * MINUTE, "stale")],
        'ALERTS{alertname="Down", alertstate="firing", job="a"}': [(2 * MINUTE, 1.0), (3 * MINUTE, "stale")],
    }


async def test_one_series_from_two_rules_is_refused_the_second_time(store: Store, manual_clock: ManualClock) -> None:
    evaluate = FakeEvaluator({"x": ON, "y": vector(({"job": "a"}, 2.0))})
    spec = group(recording("a", "x"), recording("a", "y"))
    ours = working(store, manual_clock, spec, evaluate, restored=True)
    await ours.evaluate(MINUTE)
    assert [rule.progress.last_error for rule in ours.rules] == ["", "duplicate sample for timestamp"]
    assert shown(store, "a") == {'a{job="a"}': [(MINUTE, 1.0)]}


async def test_a_series_that_moves_to_a_rule_before_goes_on_without_an_error(
    store: Store, manual_clock: ManualClock
) -> None:
    evaluate = FakeEvaluator(
        {"x": during([(2 * MINUTE, HOUR)], ON), "y": during([(0, 2 * MINUTE)], vector(({"job": "a"}, 2.0)))}
    )
    ours = working(store, manual_clock, group(recording("a", "x"), recording("a", "y")), evaluate, restored=True)
    for minute in (1, 2, 3):
        await ours.evaluate(minute * MINUTE)
        assert [rule.progress.last_error for rule in ours.rules] == ["", ""]
    assert shown(store, "a") == {'a{job="a"}': [(MINUTE, 2.0), (2 * MINUTE, 1.0), (3 * MINUTE, 1.0)]}


async def test_a_series_that_another_group_has_taken_over_does_not_end(store: Store, manual_clock: ManualClock) -> None:
    evaluate = FakeEvaluator({"x": ON})
    old = working(store, manual_clock, group(recording("a", "x"), name="old"), evaluate, restored=True)
    new = working(store, manual_clock, group(recording("a", "x"), name="new"), evaluate, restored=True)
    await old.evaluate(MINUTE)
    await new.evaluate(2 * MINUTE)
    old.end_all(MINUTE + 1)
    await new.evaluate(3 * MINUTE)
    assert shown(store, "a") == {'a{job="a"}': [(minute * MINUTE, 1.0) for minute in (1, 2, 3)]}


async def test_the_age_of_an_alert_survives_a_restart(tmp_path: Path, manual_clock: ManualClock) -> None:
    evaluate, spec = FakeEvaluator({"x": ON}), group(alerting("Down", "x", hold=HOUR))
    start = manual_clock.now_ms()
    before = Store.open(tmp_path)
    await working(before, manual_clock, spec, evaluate, restored=True).evaluate(start)
    before.close()
    await manual_clock.advance(20 * MINUTE)
    now = manual_clock.now_ms()
    after = Store.open(tmp_path)
    ours = working(after, manual_clock, spec, evaluate, restored=False)
    for time in (now - MINUTE, now, now + MINUTE):
        await ours.evaluate(time)
    since = shown(after, "ALERTS_FOR_STATE")['ALERTS_FOR_STATE{alertname="Down", job="a"}'][-1]
    after.close()
    assert since == (now + MINUTE, now // 1000)


async def test_alerts_of_many_series_are_written_as_one(store: Store, manual_clock: ManualClock) -> None:
    evaluate = FakeEvaluator({"x": vector(*(({"n": str(number)}, 1.0) for number in range(500)))})
    ours = working(store, manual_clock, group(alerting("Down", "x")), evaluate, restored=True)
    for minute in (1, 2):
        await ours.evaluate(minute * MINUTE)
    assert ours.counts.samples == 1000
    assert len(shown(store, "ALERTS")) == 500
