"""Lists of target groups, right and wrong."""

from __future__ import annotations

from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from engine.discovery.file import read_groups
from engine.discovery.groups import TargetGroup
from engine.discovery.ports import DiscoveryError
from engine.discovery.told import from_json, from_yaml, news
from promql.model.labels import Labels


@pytest.mark.parametrize(
    ("name", "counts"), [("valid.json", [2, 1]), ("valid.yml", [2, 1]), ("valid2.yml", [1, 1, 1]), ("valid3.yml", [2, 1])]
)  # fmt: skip
def test_the_originals_good_files_are_read(name: str, counts: list[int], conformance: Path) -> None:
    path = conformance / "prometheus" / "file_sd" / name
    groups = read_groups(path)
    assert [len(group.targets) for group in groups] == counts
    assert [group.source for group in groups] == [f"{path}:{place}" for place in range(len(counts))]
    assert {group.labels.get("__meta_filepath") for group in groups} == {str(path)}


@pytest.mark.parametrize("name", ["invalid_nil.json", "invalid_nil.yml"])
def test_the_originals_bad_files_are_refused_for_their_own_cause(name: str, conformance: Path) -> None:
    with pytest.raises(DiscoveryError, match=rf"{name}.*: nil target group item found"):
        read_groups(conformance / "prometheus" / "file_sd" / name)


@pytest.mark.parametrize(
    ("text", "cause"),
    [
        ("[{", "truncated"),
        ('{"targets": []}', "Expected `array"),
        ('[{"targets": ["a:1"], "lables": {}}]', "unknown field `lables`"),
        ('[{"targets": [1]}]', "Expected `str`, got `int`"),
        ('[{"targets": [], "labels": {"a-b": "c"}}]', '"a-b" is not a valid label name'),
        ("[null]", "nil target group item found"),
    ],
)
def test_a_wrong_json_list_is_refused_whole_with_its_source(text: str, cause: str) -> None:
    with pytest.raises(DiscoveryError, match=r"^here: ") as caught:
        from_json(text.encode(), "here")
    assert cause in str(caught.value)


@pytest.mark.parametrize(
    ("text", "cause"),
    [
        ("- targets: [a:1]\n  lables: {}", 'here:2:3: [0]: unknown key "lables" (did you mean "labels"?)'),
        ("- targets: a:1", "here:1:12: [0].targets: "),
        ("targets: [a:1]", "here:1:1: "),
    ],
)
def test_a_wrong_yaml_list_is_refused_with_line_and_column(text: str, cause: str) -> None:
    with pytest.raises(DiscoveryError) as caught:
        from_yaml(text.encode(), "here")
    assert str(caught.value).startswith(cause)


@pytest.mark.parametrize("text", ["", "[]", "null"])
def test_an_empty_list_has_no_groups(text: str) -> None:
    assert from_yaml(text.encode(), "here") == []


GROUPS = st.dictionaries(st.sampled_from("abcd"), st.integers(0, 2))


def told(groups: dict[str, int]) -> list[TargetGroup]:
    return [TargetGroup(name, (Labels.of(n=str(at)),)) for name, at in groups.items()]


@given(GROUPS, GROUPS)
def test_news_lead_from_what_was_known_to_what_is_known(before: dict[str, int], now: dict[str, int]) -> None:
    held = {group.source: group for group in told(before)}
    changes = news(told(before), told(now))
    for group in changes:
        if group.targets:
            held[group.source] = group
        else:
            del held[group.source]
    assert held == {group.source: group for group in told(now)}
    assert bool(changes) == (before != now)
