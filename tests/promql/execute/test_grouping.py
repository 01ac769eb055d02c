from __future__ import annotations

from promql.execute.grouping import Grouping
from promql.model.labels import Labels

NODE = Labels.of(__name__="up", job="node", instance="a")
API = Labels.of(__name__="up", job="api", instance="a", zone="x")
BARE = Labels.of(__name__="up")


def test_groups_are_numbered_as_they_are_met() -> None:
    grouping = Grouping(("job",), without=False)
    assert grouping.assign([NODE, API, NODE]).tolist() == [0, 1, 0]
    assert grouping.assign([API, BARE]).tolist() == [1, 2]
    assert grouping.labels == [Labels.of(job="node"), Labels.of(job="api"), Labels()]


def test_without_always_drops_the_name() -> None:
    grouping = Grouping(("instance",), without=True)
    grouping.assign([NODE, API])
    assert grouping.labels == [Labels.of(job="node"), Labels.of(job="api", zone="x")]


def test_by_the_name_keeps_it() -> None:
    grouping = Grouping(("__name__",), without=False)
    grouping.assign([NODE])
    assert grouping.labels == [Labels.of(__name__="up")]


def test_no_labels_make_one_group() -> None:
    grouping = Grouping((), without=False)
    assert grouping.assign([NODE, API]).tolist() == [0, 0]
    assert grouping.labels == [Labels()]


def test_a_label_that_moves_among_others_is_still_found() -> None:
    first = Labels.of(job="a", zone="z")
    moved = Labels.of(alpha="1", job="a", zone="z")
    short = Labels.of(zone="z")
    for sets in ([first, moved], [moved, short], [short, first], [moved, first, short]):
        grouping = Grouping(("job",), without=False)
        numbers = grouping.assign(sets).tolist()
        assert [grouping.labels[n] for n in numbers] == [one.keep(("job",)) for one in sets]


def test_nothing_to_group_makes_no_group() -> None:
    grouping = Grouping(("job",), without=False)
    assert grouping.assign([]).tolist() == []
    assert len(grouping) == 0
