"""What becomes of the groups when metrics are pushed."""

from __future__ import annotations

import pytest

from engine.remote.pushes.groups import FAILED, SUCCEEDED, Groups, UnfitError
from engine.remote.pushes.path import PushError
from promql.model.labels import Labels

JOB = {"job": "backup"}


def names(groups: Groups) -> list[str]:
    return sorted(name for group in groups for name in group.families)


def test_a_group_wins_over_the_labels_of_what_is_pushed() -> None:
    groups = Groups()
    groups.push({**JOB, "host": "a"}, b'size{job="x",disk="1"} 5\n', 1000, replace=False)
    (group,) = groups
    series = dict(group.series())
    assert series[Labels.of(__name__="size", job="backup", host="a", disk="1")] == 5
    assert series[Labels.of(__name__=SUCCEEDED, job="backup", host="a")] == 1
    assert series[Labels.of(__name__=FAILED, job="backup", host="a")] == 0
    assert group.last_push_successful


def test_a_push_replaces_the_names_that_it_brings_and_a_replacement_all() -> None:
    groups = Groups()
    groups.push(JOB, b"a 1\nb 1\n", 1, replace=False)
    groups.push(JOB, b'a{x="2"} 2\n', 2, replace=False)
    (group,) = groups
    assert {labels.as_dict().get("x") for labels, _ in group.series() if labels.name == "a"} == {"2"}
    assert names(groups) == ["a", "b", FAILED, SUCCEEDED]
    groups.push(JOB, b"c 1\n", 3, replace=True)
    assert names(groups) == ["c", FAILED, SUCCEEDED]


def test_a_deleted_group_is_in_nobodys_way() -> None:
    groups = Groups()
    groups.push({**JOB, "instance": "a"}, b"# TYPE m gauge\nm 1\n", 1, replace=False)
    for body in (b'# TYPE m gauge\nm{instance="a"} 1\n', b"# TYPE m counter\nm 1\n"):
        with pytest.raises(UnfitError):
            groups.push(JOB, body, 2, replace=False)
    groups.delete({**JOB, "instance": "a"})
    groups.push(JOB, b'# TYPE m counter\nm{instance="a"} 1\n', 3, replace=False)


def test_nobody_else_tells_when_a_push_failed() -> None:
    groups = Groups()
    group = groups.push(JOB, f"# TYPE {FAILED} counter\n{FAILED} 9e9\n".encode(), 1000, replace=False)
    assert group.last_push_successful
    assert group.moment(FAILED) == 0


def test_groups_are_apart_and_a_deletion_takes_one() -> None:
    groups = Groups()
    groups.push(JOB, b"a 1\n", 1, replace=False)
    groups.push({**JOB, "host": "a"}, b"a 1\n", 1, replace=False)
    groups.delete(JOB)
    groups.delete({"job": "nope"})
    assert [dict(group.labels) for group in groups] == [{**JOB, "host": "a"}]


@pytest.mark.parametrize(
    ("body", "message"),
    [
        (b"a 1 5\n", "must not have timestamps"),
        (b"a 1\na 2\n", 'a{job="backup"} was collected before with the same name and label values'),
        (b'a{host="b"} 1\n', "was collected before"),
        (b"# TYPE taken counter\ntaken 1\n", "taken has type COUNTER but should have GAUGE"),
    ],
)
def test_what_does_not_fit_changes_the_time_of_the_last_failure_alone(body: bytes, message: str) -> None:
    groups = Groups()
    groups.push({**JOB, "host": "b"}, b"# TYPE taken gauge\ntaken 1\na 3\n", 1, replace=False)
    groups.push(JOB, b"old 1\n", 1000, replace=False)
    with pytest.raises(
        UnfitError, match="pushed metrics are invalid or inconsistent with existing metrics: "
    ) as caught:
        groups.push(JOB, body, 5000, replace=True)
    assert message in str(caught.value)
    group = next(group for group in groups if group.labels == (("job", "backup"),))
    assert sorted(group.families) == ["old", FAILED, SUCCEEDED]
    assert (group.moment(SUCCEEDED), group.moment(FAILED), group.last_push_successful) == (1, 5, False)


def test_what_cannot_be_read_changes_nothing() -> None:
    groups = Groups()
    for body in (b"a\n", b"\xff 1\n", b"a 1"):
        with pytest.raises(PushError):
            groups.push(JOB, body, 1, replace=False)
    assert names(groups) == []
