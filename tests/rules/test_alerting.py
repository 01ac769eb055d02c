"""Alerting rules: identities, what is written, what is told."""

from __future__ import annotations

import pytest

from engine.rules.alerting import AlertTable, Instance, identity
from engine.rules.errors import RuleError
from engine.rules.recording import Samples
from engine.rules.states import Phase
from promql.model.labels import Labels
from tests.rules.fakes import alerting

MINUTE = 60_000


def instance(value: float = 1.0, note: str = "", **labels: str) -> Instance:
    return Instance(Labels.of(labels, alertname="Down"), (("note", note),), value)


def shown(samples: Samples) -> dict[str, float]:
    return dict(zip(map(str, samples.labels), samples.values.tolist(), strict=True))


def test_an_alert_is_known_by_its_samples_labels_under_the_rules() -> None:
    rule = alerting("Down", "x", labels={"severity": "page"})
    sample = Labels.of({"__name__": "up", "job": "a", "severity": "none", "alertname": "other", "zone": "z"})
    labels = identity(rule, sample, {"severity": "page", "zone": ""})
    assert labels.as_dict() == {"alertname": "Down", "job": "a", "severity": "page"}


def test_a_pending_alert_becomes_firing_and_its_series_change() -> None:
    table = AlertTable(alerting("Down", "x", hold=MINUTE), restored=True)
    assert shown(table.advance([instance(job="a")], 5 * MINUTE, 0)) == {
        'ALERTS{alertname="Down", alertstate="pending", job="a"}': 1.0,
        'ALERTS_FOR_STATE{alertname="Down", job="a"}': 300.0,
    }
    assert table.phase is Phase.PENDING
    assert shown(table.advance([instance(job="a")], 6 * MINUTE, 0)) == {
        'ALERTS{alertname="Down", alertstate="firing", job="a"}': 1.0,
        'ALERTS_FOR_STATE{alertname="Down", job="a"}': 300.0,
    }
    assert table.phase is Phase.FIRING


def test_nothing_is_written_until_the_rule_is_restored() -> None:
    table = AlertTable(alerting("Down", "x"), restored=False)
    assert shown(table.advance([instance()], 0, 0)) == {}
    table.restore({}, 0, 0)
    assert len(shown(table.advance([instance()], MINUTE, 0))) == 2


def test_value_and_annotations_are_those_of_the_newest_evaluation() -> None:
    table = AlertTable(alerting("Down", "x", keep_firing=MINUTE), restored=True)
    table.advance([instance(1.0, "one")], 0, 0)
    table.advance([instance(2.0, "two")], MINUTE, 0)
    [alert] = table.active
    assert (alert.value, alert.annotations, alert.entry.active_at) == (2.0, (("note", "two"),), 0)
    table.advance([], 2 * MINUTE, 0)
    [alert] = table.active
    assert (alert.value, alert.entry.keep_firing_since) == (2.0, 2 * MINUTE)


def test_equal_alerts_are_refused_and_nothing_changes() -> None:
    table = AlertTable(alerting("Down", "x", hold=MINUTE), restored=True)
    table.advance([instance(1.0)], 0, 0)
    with pytest.raises(
        RuleError, match=r"^vector contains metrics with the same labelset after applying alert labels$"
    ):
        table.advance([instance(2.0), instance(3.0)], MINUTE, 0)
    assert [alert.value for alert in table.active] == [1.0]
    assert table.phase is Phase.PENDING


def test_over_the_limit_all_alerts_are_dropped() -> None:
    table = AlertTable(alerting("Down", "x"), restored=True)
    table.advance([instance(job="a")], 0, 1)
    with pytest.raises(RuleError, match=r"^exceeded limit of 1 with 2 alerts$"):
        table.advance([instance(job="a"), instance(job="b")], MINUTE, 1)
    assert table.active == []


def test_ended_alerts_do_not_count_towards_the_limit() -> None:
    table = AlertTable(alerting("Down", "x"), restored=True)
    table.advance([instance(job="a")], 0, 1)
    table.advance([instance(job="b")], MINUTE, 1)
    assert [alert.labels.get("job") for alert in table.active] == ["b"]


def test_what_is_due_counts_as_told() -> None:
    table = AlertTable(alerting("Down", "x"), restored=True)
    table.advance([instance()], 0, 0)
    assert len(table.due(0, MINUTE)) == 1
    assert table.due(0, MINUTE) == []
    table.advance([], MINUTE, 0)
    assert [alert.entry.phase for alert in table.due(MINUTE, MINUTE)] == [Phase.RESOLVED]


def test_rules_with_a_short_for_start_anew_after_a_restart() -> None:
    table = AlertTable(alerting("Down", "x", hold=5 * MINUTE), restored=False)
    table.advance([instance()], 60 * MINUTE, 0)
    assert not table.has_past(grace=10 * MINUTE), "the store need not be asked"
    table.restore({}, 60 * MINUTE, grace=10 * MINUTE)
    assert [alert.entry.active_at for alert in table.active] == [60 * MINUTE]


def test_rules_with_a_long_for_go_on_after_a_restart() -> None:
    table = AlertTable(alerting("Down", "x", hold=30 * MINUTE, labels={"severity": "page"}), restored=False)
    ours = [instance(severity="page", job=job) for job in "ab"]
    table.advance(ours, 60 * MINUTE, 0)
    assert table.has_past(grace=10 * MINUTE)
    labels = {"__name__": "ALERTS_FOR_STATE", "alertname": "Down", "severity": "page", "job": "a"}
    table.restore({Labels.of(labels): (50 * MINUTE, 0)}, 60 * MINUTE, grace=10 * MINUTE)
    table.advance(ours, 61 * MINUTE, 0)
    phases = {alert.labels.get("job"): alert.entry.phase for alert in table.active}
    assert phases == {"a": Phase.FIRING, "b": Phase.PENDING}
