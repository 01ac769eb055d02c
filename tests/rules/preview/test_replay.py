"""Replays beside groups that were evaluated instant by instant over the same store."""

from __future__ import annotations

import random
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import pytest

from engine.config.prometheus import GlobalConfig
from engine.config.written import groups_of
from engine.foundation.workers import InlineWorkers
from engine.query.engine import QueryEngine
from engine.query.querylog import QueryLog
from engine.rules import slots
from engine.rules.group import Group
from engine.rules.ports import Parts
from engine.rules.preview.document import document
from engine.rules.preview.replay import GroupReplay, Life, Replay
from engine.rules.running import RunningAlerting
from engine.rules.spec import AlertingRule, GroupSpec
from engine.rules.states import Phase
from engine.rules.templates import Expander
from engine.testing.manual_clock import ManualClock
from engine.tsdb.batch import Batch
from engine.tsdb.options import StoreOptions
from engine.tsdb.store import Store
from promql.model.durations import Duration
from promql.model.labels import Labels

MINUTE, HOUR = 60_000, 3_600_000
START = 1_700_000_040_000  # a whole minute
RULES = """
groups:
- name: g
  rules:
  - {record: "job:x:sum", expr: "sum by (job) (x)"}
  - {alert: High, expr: "job:x:sum > 2", for: 3m, annotations: {is: "{{ $labels.job }} {{ $value }}"}}
  - {alert: Each, expr: "x > 1", labels: {level: "{{ $value }}", job: ""}}
  - {alert: Kept, expr: "x > 2", for: 1m, keep_firing_for: 4m}
  - {alert: Slow, expr: "avg_over_time(job:x:sum[5m]) > 2", for: 10m}
- name: late
  query_offset: 150s
  rules:
  - {record: "late:x", expr: "x"}
  - {alert: Late, expr: "late:x > 1 and x > 0", for: 2m}
- name: few
  limit: 2
  rules:
  - {alert: Many, expr: "x > 0", for: 2m}
"""


@dataclass
class Lived:
    """What was seen of one alert."""

    active_at: int
    fired_at: int | None
    ended_at: int | None = None


@pytest.fixture
def store() -> Iterator[Store]:
    store = Store.open(None, StoreOptions(bounds_ms=10**12))
    yield store
    store.close()


def filled(store: Store, seed: int, minutes: int) -> None:
    """Four series that go up and down, with gaps."""
    chance = random.Random(seed)
    source = store.source("test")
    series = [Labels.of(__name__="x", job=job, n=str(n)) for job in "ab" for n in range(2)]
    columns = source.columns(series)
    values = np.zeros(4)
    for minute in range(minutes):
        values = np.clip(values + np.array([chance.choice((-1, 0, 0, 1)) for _ in series]), 0, 4)
        there = np.array([chance.random() < 0.9 for _ in series])
        store.append(source, [Batch(START + minute * MINUTE, columns[there], values[there])])


def queries(store: Store) -> QueryEngine:
    return QueryEngine(store, InlineWorkers(), ManualClock())


def groups(text: str = RULES) -> list[GroupSpec]:
    return groups_of(text.encode(), "r.yml", GlobalConfig(evaluation_interval=Duration(MINUTE)))


async def stepped(store: Store, specs: Sequence[GroupSpec], start: int, end: int) -> dict[str, list[tuple[str, Lived]]]:
    """The lives of every alert, by watching groups at work."""
    engine = queries(store)
    parts = Parts(
        clock=ManualClock(),
        store=store,
        evaluate=engine.instant,
        expand=Expander(engine.instant),
        notify=lambda _: None,
    )
    lives: dict[str, list[tuple[str, Lived]]] = {}
    for spec in specs:
        group = Group(spec, parts, restored=True)
        active: dict[tuple[str, Labels], Lived] = {}
        first = slots.slot(start - 1, spec.interval, slots.offset(spec.file, spec.name, spec.interval)) + spec.interval
        for time in range(first, end + 1, spec.interval):
            await group.evaluate(time)
            for rule in group.rules:
                if isinstance(rule, RunningAlerting):
                    watch(rule, time, active, lives)
    return lives


def watch(
    rule: RunningAlerting, time: int, active: dict[tuple[str, Labels], Lived], lives: dict[str, list[tuple[str, Lived]]]
) -> None:
    name = rule.rule.name
    now = {alert.labels: alert.entry for alert in rule.alerts.active}
    for key in [key for key in active if key[0] == name and key[1] not in now]:
        active.pop(key).ended_at = time
    for labels, entry in now.items():
        life = active.get((name, labels))
        if life is None:
            life = active[name, labels] = Lived(time, None)
            lives.setdefault(name, []).append((str(labels), life))
        if life.fired_at is None and entry.phase is Phase.FIRING:
            life.fired_at = time


def alerts_of(found: Sequence[GroupReplay]) -> dict[str, list[Life]]:
    return {
        one.rule.name: list(one.lives) for group in found for one in group.rules if isinstance(one.rule, AlertingRule)
    }


@pytest.mark.parametrize("seed", range(6))
async def test_a_replay_lives_as_the_groups_do(seed: int, store: Store) -> None:
    minutes = 90
    filled(store, seed, minutes)
    specs, end = groups(), START + minutes * MINUTE
    replayed = alerts_of(await Replay(queries(store), {})(specs, START - 30 * MINUTE, end))
    watched = await stepped(store, specs, START - 30 * MINUTE, end)
    for name, lives in replayed.items():
        seen = sorted((one.active_at, str(one.labels), one.fired_at, one.ended_at) for one in lives)
        assert seen == sorted(
            (life.active_at, labels, life.fired_at, life.ended_at) for labels, life in watched.get(name, [])
        )


async def test_texts_are_those_of_the_instant_at_which_it_fired(store: Store) -> None:
    source = store.source("test")
    columns = source.columns([Labels.of(__name__="x", job="a")])
    for minute in range(20):
        store.append(source, [Batch(START + minute * MINUTE, columns, np.array([float(minute)]))])
    text = 'groups: [{name: g, rules: [{alert: A, expr: "x > 4", for: 3m, annotations: {is: "{{ $value }}"}}]}]'
    (life,) = alerts_of(await Replay(queries(store), {})(groups(text), START, START + 19 * MINUTE))["A"]
    assert life.fired_at == life.active_at + 3 * MINUTE
    assert life.annotations == {"is": f"{life.value:g}"}
    assert life.ended_at is None
    assert life.labels == Labels.of(alertname="A", job="a")


async def test_the_first_instant_shows_what_was_firing_already(store: Store) -> None:
    source = store.source("test")
    columns = source.columns([Labels.of(__name__="x")])
    for minute in range(60):
        store.append(source, [Batch(START + minute * MINUTE, columns, np.array([1.0]))])
    text = "groups: [{name: g, rules: [{alert: A, expr: x > 0, for: 10m}]}]"
    (life,) = alerts_of(await Replay(queries(store), {})(groups(text), START + 40 * MINUTE, START + 59 * MINUTE))["A"]
    assert life.active_at < START + 40 * MINUTE
    assert life.fired_at is not None
    assert life.fired_at <= START + 41 * MINUTE


async def test_a_rule_that_fails_is_told_and_ends_nothing(store: Store) -> None:
    filled(store, 1, 10)
    text = """
groups:
- name: g
  rules:
  - {record: r, expr: "x * on(job) x"}
  - {alert: Twice, expr: "x > -1", labels: {n: ""}}
  - {alert: A, expr: "x >= 0"}
"""
    (group,) = await Replay(queries(store), {})(groups(text), START, START + 9 * MINUTE)
    failed, twice, fine = group.rules
    assert "many-to-many" in failed.error
    assert "same labelset" in twice.error
    assert "instants)" in twice.error
    assert (len(fine.lives), fine.error) == (4, "")


async def test_a_document_leaves_out_what_did_not_happen(store: Store) -> None:
    filled(store, 2, 30)
    span = (START, START + 30 * MINUTE)
    found = document(await Replay(queries(store), {})(groups(), *span), *span)
    rules = [rule for group in found["groups"] for rule in group["rules"]]
    assert [rule["type"] for rule in rules] == ["recording", *["alerting"] * 4, "recording", *["alerting"] * 2]
    assert [rule["name"] for rule in rules if "error" in rule] == ["Each", "Many"]
    for life in (life for rule in rules for life in rule.get("alerts", ())):
        assert set(life) - {"firedAt", "endedAt"} == {"labels", "annotations", "value", "activeAt"}


async def test_a_label_that_tells_the_time_names_another_alert_at_each_instant(store: Store) -> None:
    filled(store, 1, 5)
    text = "groups: [{name: g, rules: [{alert: A, expr: 'sum(x) > -1', labels: {at: '{{ now }}'}}]}]"
    lives = alerts_of(await Replay(queries(store), {})(groups(text), START, START + 4 * MINUTE))["A"]
    assert [life.ended_at and life.ended_at - life.active_at for life in lives] == [MINUTE] * 3 + [None]
    assert len({life.labels for life in lives}) == 4


async def test_what_would_be_too_much_is_told_of_the_rule_alone(store: Store) -> None:
    filled(store, 1, 5)
    text = """
groups:
- name: g
  interval: 1s
  rules:
  - {alert: Long, expr: "x > -1", for: 100y}
  - {alert: A, expr: "x >= 0"}
- name: h
  interval: 1ms
  rules:
  - {alert: Each, expr: "sum(x)", labels: {at: "{{ now }}"}, for: 1m}
"""
    (long, fine), (each,) = [one.rules for one in await Replay(queries(store), {})(groups(text), START, START + MINUTE)]
    assert "more than 60000 evaluations" in long.error
    assert (len(fine.lives) > 0, fine.error) == (True, "")
    assert "evaluations" in each.error


async def test_what_a_replay_asks_is_not_in_the_log_of_queries(store: Store, tmp_path: Path) -> None:
    filled(store, 1, 30)
    asking = queries(store)
    asking.log = QueryLog(tmp_path / "q.log", asking.clock)
    await Replay(asking, {})(groups(), START, START + 10 * MINUTE)
    assert not (tmp_path / "q.log").exists()
