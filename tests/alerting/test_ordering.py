from __future__ import annotations

from itertools import permutations

from engine.alerting.dispatch.ordering import alert_order, by_label_set
from promql.model.labels import Labels
from tests.alerting.world import alert


def test_alerts_are_listed_by_job_then_instance_and_those_without_come_last() -> None:
    expected = [
        alert(job="a", instance="z"),
        alert(job="b", instance="a"),
        alert(job="b", other="x"),
        alert(instance="a", x="1", y="1"),
        alert(instance="b"),
        alert(b="1"),
        alert(a="1"),
    ]
    for shuffled in list(permutations(expected))[::97]:
        assert sorted(shuffled, key=alert_order) == expected


def test_label_sets_are_listed_by_size_then_by_what_they_lack_then_by_value() -> None:
    expected = [Labels(), Labels.of(q="1"), Labels.of(a="1"), Labels.of(a="2"), Labels.of(a="0", b="0")]
    for shuffled in permutations(expected):
        assert sorted(shuffled, key=by_label_set) == expected
