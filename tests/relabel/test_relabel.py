"""Relabelling rule by rule, with the cases that Prometheus holds itself to."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from engine.foundation.regexes import Regex
from engine.foundation.values import LabelName
from engine.relabel.config import ACTIONS, RelabelAction, RelabelConfig
from engine.relabel.relabel import ACTIONS as TABLE
from engine.relabel.relabel import relabel
from promql.model.labels import Labels


def rule(action: str = "replace", *, source: str = "", regex: str = "(.*)", **keys: object) -> RelabelConfig:
    names = tuple(LabelName(name) for name in source.split(",") if name)
    return RelabelConfig(source_labels=names, regex=Regex(regex), action=RelabelAction(action), **keys)  # type: ignore[arg-type]


ABC = {"a": "foo", "b": "bar", "c": "baz"}
CASES = [
    (ABC, [rule(source="a", regex="f(.*)", target_label="d", separator=";", replacement="ch${1}-ch${1}")], ABC | {"d": "choo-choo"}),
    (
        ABC,
        [
            rule(source="a,b", regex="f(.*);(.*)r", target_label="a", replacement="b${1}${2}m"),
            rule(source="c,a", regex="(b).*b(.*)ba(.*)", target_label="d", replacement="$1$2$2$3"),
        ],
        {"a": "boobam", "b": "bar", "c": "baz", "d": "boooom"},
    ),
    ({"a": "foo"}, [rule("drop", source="a", regex=".*o.*"), rule(source="a", target_label="d")], None),
    ({"a": "foo", "b": "bar"}, [rule("drop", source="a", regex="no-match")], {"a": "foo", "b": "bar"}),
    ({"a": "foo"}, [rule("drop", source="a", regex="f|o")], {"a": "foo"}),
    ({"a": "foo"}, [rule("keep", source="a", regex="no-match")], None),
    ({"a": "foo"}, [rule("keep", source="a", regex=".*o.*")], {"a": "foo"}),
    ({"a": "foo"}, [rule(source="a", regex="no-match", target_label="b", replacement="bar")], {"a": "foo"}),
    ({"a": "foo"}, [rule(source="a", regex="(f).*", target_label="b", replacement="")], {"a": "foo"}),
    ({"a": "foo", "b": "old"}, [rule(source="a", regex="f.*", target_label="b", replacement="")], {"a": "foo"}),
    ({"a": "foo", "x_foo": "1"}, [rule(source="a", target_label="x_$1", replacement="$2")], {"a": "foo", "x_foo": "1"}),
    ({"a": "foo"}, [rule(target_label="b", replacement="bar")], {"a": "foo", "b": "bar"}),
    (ABC, [rule("hashmod", source="c", target_label="d", modulus=1000)], ABC | {"d": "976"}),
    ({"a": "foo\nbar"}, [rule("hashmod", source="a", target_label="b", modulus=1000)], {"a": "foo\nbar", "b": "734"}),
    ({"a": "foo", "b1": "bar", "b2": "baz"}, [rule("labelmap", regex="(b.*)", replacement="bar_${1}")], {"a": "foo", "b1": "bar", "b2": "baz", "bar_b1": "bar", "bar_b2": "baz"}),
    (
        {"a": "foo", "__meta_my_bar": "aaa", "__meta_my_baz": "bbb", "__meta_other": "ccc"},
        [rule("labelmap", regex="__meta_(my.*)")],
        {"a": "foo", "__meta_my_bar": "aaa", "__meta_my_baz": "bbb", "__meta_other": "ccc", "my_bar": "aaa", "my_baz": "bbb"},
    ),
    ({"a": "some-name-value"}, [rule(source="a", regex="some-([^-]+)-([^,]+)", target_label="${1}", replacement="${2}")], {"a": "some-name-value", "name": "value"}),
    ({"a": "some-name-0"}, [rule(source="a", regex="some-([^-]+)-([^,]+)", target_label="${3}", replacement="${2}")], {"a": "some-name-0"}),
    ({"a": "some-name-0"}, [rule(source="a", regex="some-([^-]+)-([^,]+)", target_label="${1}-x", replacement="${2}")], {"a": "some-name-0"}),
    ({"a": "foo", "b": "1"}, [rule(source="a", target_label="b", replacement="$1_x")], {"a": "foo"}),
    ({"a": "foo"}, [rule(source="a", target_label="b", replacement="$$1")], {"a": "foo", "b": "$1"}),
    ({"a": "foo", "b1": "bar", "b2": "baz"}, [rule("labelkeep", regex="b.*")], {"b1": "bar", "b2": "baz"}),
    ({"a": "foo", "b1": "bar", "b2": "baz"}, [rule("labeldrop", regex="b.*")], {"a": "foo"}),
    ({"foo": "bAr123Foo"}, [rule("lowercase", source="foo", target_label="low"), rule("uppercase", source="foo", target_label="up")], {"foo": "bAr123Foo", "low": "bar123foo", "up": "BAR123FOO"}),
    ({"a": "straße"}, [rule("uppercase", source="a", target_label="a")], {"a": "STRAßE"}),
    ({"a": "x", "b": "x"}, [rule("keepequal", source="a", target_label="b")], {"a": "x", "b": "x"}),
    ({"a": "x", "b": "y"}, [rule("keepequal", source="a", target_label="b")], None),
    ({"a": "x", "b": "x"}, [rule("dropequal", source="a", target_label="b")], None),
    ({"a": "x", "b": "y"}, [rule("dropequal", source="a", target_label="b")], {"a": "x", "b": "y"}),
    ({"a": "x"}, [rule("dropequal", source="b", target_label="c")], None),
]  # fmt: skip


@pytest.mark.parametrize(("labels", "rules", "expected"), CASES)
def test_rules_do_what_prometheus_does(
    labels: dict[str, str], rules: list[RelabelConfig], expected: dict[str, str] | None
) -> None:
    done = relabel(Labels.of(labels), rules)
    assert (None if done is None else done.as_dict()) == (None if expected is None else dict(sorted(expected.items())))


def test_every_action_of_the_configuration_is_built() -> None:
    assert TABLE.keys() == ACTIONS


SETS = st.dictionaries(st.sampled_from("abcd"), st.text(max_size=3), max_size=4).map(Labels.of)


@given(labels=SETS)
def test_no_rules_change_nothing(labels: Labels) -> None:
    assert relabel(labels, []) is labels


@given(labels=SETS, regex=st.sampled_from([".*", "x.*", "[ab]+"]))
def test_keep_and_drop_are_opposites(labels: Labels, regex: str) -> None:
    kept = relabel(labels, [rule("keep", source="a", regex=regex)])
    dropped = relabel(labels, [rule("drop", source="a", regex=regex)])
    assert (kept is None) != (dropped is None)


@given(labels=SETS, modulus=st.integers(1, 50))
def test_hashmod_stays_under_its_modulus(labels: Labels, modulus: int) -> None:
    done = relabel(labels, [rule("hashmod", source="a,b", target_label="h", modulus=modulus)])
    assert done is not None
    assert 0 <= int(done.get("h")) < modulus
