from __future__ import annotations

import pytest

from engine.alerting.alert import Alert, fingerprint
from engine.alerting.kept.store import AlertInvalidError, AlertReport, AlertStore, merge, normalise
from engine.foundation.clock import SECOND
from promql.model.labels import Labels
from tests.alerting.world import START, alert

NOW = START + 100 * SECOND


def span(made: Alert) -> tuple[float, float]:
    return ((made.starts_at - START) / SECOND, (made.ends_at - START) / SECOND)


# old (starts, ends, updated, timeout), new, what becomes of both at 100 s
MERGES = [
    ("the earlier start is kept", (10, 200, 1, False), (20, 200, 2, False), (10, 200)),
    ("the earlier start is kept, even if it is new", (20, 200, 1, False), (10, 200, 2, False), (10, 200)),
    ("a given end that is later is kept", (10, 300, 1, False), (20, 200, 2, False), (10, 300)),
    ("an assumed end is not", (10, 300, 1, True), (20, 200, 2, False), (10, 200)),
    ("a later end wins", (10, 200, 1, False), (20, 300, 2, False), (10, 300)),
    ("one that resolves has its own end", (10, 300, 1, False), (20, 90, 2, False), (10, 90)),
    ("of two that have resolved the later end counts", (10, 95, 1, False), (20, 90, 2, False), (10, 95)),
    ("what was updated later is the base", (10, 90, 2, False), (20, 300, 1, False), (10, 90)),
]


@pytest.mark.parametrize(("old", "new", "expected"), [row[1:] for row in MERGES], ids=[row[0] for row in MERGES])
def test_two_reports_of_one_alert_become_one(
    old: tuple[float, float, float, bool], new: tuple[float, float, float, bool], expected: tuple[float, float]
) -> None:
    assert span(merge(alert(*old), alert(*new), NOW)) == expected


def test_annotations_and_link_come_from_the_newest_report() -> None:
    old = Alert(Labels.of(a="b"), (("x", "1"),), START, NOW, 1, "old")
    new = Alert(Labels.of(a="b"), (("x", "2"),), START, NOW, 2, "new")
    assert (merge(old, new, NOW).annotations, merge(old, new, NOW).generator_url) == ((("x", "2"),), "new")


def test_reports_that_do_not_overlap_begin_a_new_life() -> None:
    store = AlertStore()
    store.put([alert(10, 50)], NOW)
    assert [span(one) for one in store.put([alert(60, 200, updated=1)], NOW)] == [(60, 200)]
    assert len(store) == 1


def test_alerts_that_have_resolved_are_forgotten_when_they_are_collected() -> None:
    store = AlertStore()
    store.put([alert(10, 50, alertname="over"), alert(10, 200, alertname="on")], NOW)
    store.collect(NOW)
    assert [kept.name for kept in store] == ["on"]


def test_a_report_without_times_begins_now_and_lasts_for_the_resolve_timeout() -> None:
    made = normalise(AlertReport({"a": "b"}, {}), NOW, 5 * SECOND)
    assert (made.starts_at, made.ends_at, made.updated_at, made.timeout) == (NOW, NOW + 5 * SECOND, NOW, True)


def test_a_report_with_an_end_alone_begins_there() -> None:
    made = normalise(AlertReport({"a": "b"}, {}, None, NOW), NOW, 5 * SECOND)
    assert (made.starts_at, made.ends_at, made.timeout) == (NOW, NOW, False)


def test_empty_labels_vanish_and_empty_annotations_stay() -> None:
    made = normalise(AlertReport({"a": "b", "c": "", "no-name": ""}, {"x": ""}), NOW, 0)
    assert (made.labels, made.annotations) == (Labels.of(a="b"), (("x", ""),))


@pytest.mark.parametrize(
    ("report", "message"),
    [
        (AlertReport({}, {}), "at least one label pair required"),
        (AlertReport({"a": ""}, {}), "at least one label pair required"),
        (AlertReport({"a-b": "c"}, {}), 'invalid label set: invalid name "a-b"'),
        (AlertReport({"a": "b"}, {"x-y": ""}), 'invalid annotations: invalid name "x-y"'),
        (AlertReport({"a": "b"}, {}, NOW, START), "start time must be before end time"),
    ],
)
def test_a_wrong_report_is_refused_in_alertmanagers_words(report: AlertReport, message: str) -> None:
    with pytest.raises(AlertInvalidError) as caught:
        normalise(report, NOW, 0)
    assert str(caught.value) == message


def test_fingerprints_are_those_of_the_original() -> None:
    labels = Labels.of(alertname='Disk <Full> & "q"', instance="b:1", severity="warn")
    assert fingerprint(labels) == "a28ed3688cab32b6"
