"""Self-metrics of rules and notifications."""

from __future__ import annotations

from collections.abc import Iterable

from engine.foundation.supervise import Supervisor
from engine.rules.manager import Durations, RuleManager
from engine.rules.metrics import notifier_families, rule_families
from engine.rules.notifier import Notifier
from engine.rules.ports import Parts
from engine.rules.templates import Expander
from engine.testing.manual_clock import ManualClock
from exporters.exposition.families import Family
from promql.errors import EvaluationError
from promql.model.results import Result
from tests.rules.fakes import FakeEvaluator, FakeStore, Told, alerting, group, recording, vector
from tests.rules.test_notifier import Recorder, alert

MINUTE = 60_000


def values(families: Iterable[Family]) -> dict[str, float]:
    return {
        sample.name.removeprefix("prometheus_") + "".join(f" {value}" for _, value in sample.labels): sample.value
        for family in families
        for sample in family.samples
    }


async def test_groups_are_counted_under_their_file_and_name(manual_clock: ManualClock) -> None:
    def broken(_time: int) -> Result:
        raise EvaluationError("it is broken")

    evaluate = FakeEvaluator({"x": vector(({}, 1.0), ({"a": "b"}, 2.0)), "y": vector(({}, 1.0)), "z": broken})
    expander = Expander(evaluate)
    parts = Parts(clock=manual_clock, store=FakeStore(), evaluate=evaluate, expand=expander, notify=Told())
    manager = RuleManager(parts, Supervisor(manual_clock))
    texts = {"good": "{{ $value }}", "bad": '{{ query "z" }}'}
    await manager.apply([])
    await manager.apply([group(recording("a", "x"), recording("b", "z"), alerting("Down", "y", annotations=texts))])
    await manual_clock.advance(2 * MINUTE)
    shown = values(rule_families(manager.groups(), manager.durations(), expander.counts))
    assert shown.pop("rule_group_last_evaluation_timestamp_seconds f.yml;g") > 1.7e9
    assert shown == {
        "rule_evaluations_total f.yml;g": 6.0,
        "rule_evaluation_failures_total f.yml;g": 2.0,
        "rule_group_interval_seconds f.yml;g": 60.0,
        "rule_group_iterations_total f.yml;g": 2.0,
        "rule_group_iterations_missed_total f.yml;g": 0.0,
        "rule_group_last_duration_seconds f.yml;g": 0.0,
        "rule_group_last_evaluation_samples f.yml;g": 4.0,
        "rule_group_rules f.yml;g": 3.0,
        "rule_evaluation_duration_seconds_sum": 0.0,
        "rule_evaluation_duration_seconds_count": 6.0,
        "rule_group_duration_seconds_sum": 0.0,
        "rule_group_duration_seconds_count": 2.0,
        "template_text_expansions_total": 4.0,
        "template_text_expansion_failures_total": 2.0,
    }
    before = manager.durations()
    await manager.apply([])
    assert manager.durations() == before != Durations()
    await manager.stop()


async def test_notifications_are_counted_by_alertmanager_from_its_discovery_on(manual_clock: ManualClock) -> None:
    notifier, recorder = Notifier(manual_clock), Recorder()
    notifier.discovered([recorder])
    shown = values(notifier_families(notifier))
    assert shown[f"notifications_sent_total {recorder.url}"] == shown[f"notifications_errors_total {recorder.url}"] == 0
    notifier.send([alert("Down")])
    assert values(notifier_families(notifier))["notifications_queue_length"] == 1.0
    await notifier.drain()
    assert values(notifier_families(notifier)) == {
        "notifications_alertmanagers_discovered": 1.0,
        "notifications_dropped_total": 0.0,
        "notifications_queue_capacity": 10_000.0,
        "notifications_queue_length": 0.0,
        f"notifications_sent_total {recorder.url}": 1.0,
        f"notifications_errors_total {recorder.url}": 0.0,
        f"notifications_latency_seconds_sum {recorder.url}": 0.0,
        f"notifications_latency_seconds_count {recorder.url}": 1.0,
    }
