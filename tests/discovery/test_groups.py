from __future__ import annotations

from engine.discovery.groups import GroupTable, TargetGroup
from promql.model.labels import Labels


def group(source: str, *addresses: str) -> TargetGroup:
    return TargetGroup(source, tuple(Labels.of({"__address__": address}) for address in addresses))


def test_a_group_replaces_the_older_one_of_its_name_and_an_empty_one_takes_it_away() -> None:
    table = GroupTable()
    table.put("file/0", [group("a", "h:1"), group("b", "h:2")])
    table.put("file/0", [group("a", "h:3"), group("c")])
    assert list(table) == [group("a", "h:3"), group("b", "h:2")]
    table.put("file/0", [group("b")])
    assert list(table) == [group("a", "h:3")]


def test_sources_may_give_their_groups_the_same_names() -> None:
    table = GroupTable()
    table.put("file/0", [group("a", "h:1")])
    table.put("file/1", [group("a", "h:2")])
    assert len(table) == 2
    table.forget(["file/0"])
    assert list(table) == [group("a", "h:2")]
