"""Labels to series: the index beside a plain loop over all series."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from engine.names.index import Index
from engine.names.matching import Matching, prefix_of
from engine.tsdb.stats import label_tables
from promql.model.labels import Labels
from promql.model.matchers import Matcher, MatchOp, match_all

NAMES = st.sampled_from(["a", "b", "c"])
TEXTS = st.sampled_from(["", "x", "y", "xy", "yy"])
LABELS = st.dictionaries(NAMES, TEXTS, max_size=3).map(Labels.of)
PATTERNS = st.sampled_from(
    ["", "x", "x|y", "x|", ".*", ".+", "x.*", "[xy]y", "(x|y)y?", "xy*", "xy?", "xy{0,1}", "xy+"]
)
MATCHERS = st.lists(
    st.one_of(
        st.builds(Matcher, NAMES, st.sampled_from([MatchOp.EQUAL, MatchOp.NOT_EQUAL]), TEXTS),
        st.builds(Matcher, NAMES, st.sampled_from([MatchOp.REGEX, MatchOp.NOT_REGEX]), PATTERNS),
    ),
    max_size=3,
)


def apart(series: list[tuple[int, Labels]]) -> tuple[list[int], list[Labels]]:
    return [ref for ref, _ in series], [labels for _, labels in series]


def slow(series: dict[int, Labels], matchers: list[Matcher]) -> list[int]:
    return [ref for ref, labels in sorted(series.items()) if match_all(matchers, labels)]


@given(
    series=st.lists(LABELS, max_size=12),
    more=st.lists(LABELS, max_size=5),
    gone=st.sets(st.integers(0, 11)),
    matchers=MATCHERS,
)
def test_matchers_find_what_a_loop_over_all_series_finds(
    series: list[Labels], more: list[Labels], gone: set[int], matchers: list[Matcher]
) -> None:
    index, kept = Index(), dict(enumerate(series))
    matching = Matching(index)
    if kept:
        index.add(list(kept), list(kept.values()))
    assert matching.find(matchers).tolist() == slow(kept, matchers)
    dead = {ref: labels for ref, labels in kept.items() if ref in gone}
    if dead:
        index.remove(list(dead), list(dead.values()))
    kept = {ref: labels for ref, labels in kept.items() if ref not in gone}
    assert matching.find(matchers).tolist() == slow(kept, matchers)
    new = {20 + ref: labels for ref, labels in enumerate(more)}
    if new:
        index.add(list(new), list(new.values()))
    if dead:
        index.add(list(dead), list(dead.values()))
    assert matching.find(matchers).tolist() == slow(kept | new | dead, matchers)


def test_a_posting_that_a_reader_holds_is_not_changed_by_later_series() -> None:
    index = Index()
    index.add(*apart([(0, Labels.of(a="x")), (1, Labels.of(a="x"))]))
    held = index.having("a", "x")
    index.add(*apart([(n, Labels.of(a="x")) for n in range(2, 50)]))
    index.remove(*apart([(0, Labels.of(a="x"))]))
    assert held.tolist() == [0, 1]
    assert index.having("a", "x").tolist() == list(range(1, 50))


def test_a_label_without_series_is_gone_from_names_and_values() -> None:
    index = Index()
    index.add(*apart([(0, Labels.of(a="x", b="y")), (1, Labels.of(a="z"))]))
    index.remove(*apart([(0, Labels.of(a="x", b="y"))]))
    assert index.names() == ["a"]
    assert index.values("a") == ["z"]
    assert index.having("b", "y").tolist() == []
    assert len(index) == 1


@pytest.mark.parametrize(("pattern", "wanted"), [("x|y", {0, 1}), ("x|nothing", {0}), ("nothing", set())])
def test_words_between_bars_are_looked_up_and_not_searched(pattern: str, wanted: set[int]) -> None:
    index = Index()
    index.add(*apart([(0, Labels.of(a="x")), (1, Labels.of(a="y")), (2, Labels.of(a="z"))]))
    assert set(Matching(index).find([Matcher("a", MatchOp.REGEX, pattern)]).tolist()) == wanted


@pytest.mark.parametrize(
    ("pattern", "prefix"),
    [
        ("/api/.*", "/api/"),
        (r"10\.0\.0\..+", "10.0.0."),
        (r"a\d", "a"),
        ("ab*", "a"),
        ("ab?", "a"),
        ("ab{2}", "a"),
        ("ab+", "ab"),
        ("a|b", ""),
        ("(?i)a", ""),
        (".*a", ""),
        ("plain", "plain"),
        ("a\\", "a"),
    ],
)
def test_a_patterns_beginning_is_seen_where_it_is_plain(pattern: str, prefix: str) -> None:
    assert prefix_of(pattern) == prefix


def test_the_tables_about_labels_are_sorted_by_count_then_name() -> None:
    index = Index()
    index.add(*apart([(n, Labels.of(__name__="up" if n else "a", pod=f"p{n}")) for n in range(12)]))
    tables = label_tables(index)
    assert tables.label_pairs == 14
    assert tables.series_by_metric == (("up", 11), ("a", 1))
    assert tables.values_by_label == (("pod", 12), ("__name__", 2))
    assert tables.bytes_by_label == (("pod", 26), ("__name__", 3))
    assert tables.series_by_pair[:2] == (("__name__=up", 11), ("__name__=a", 1))
    assert len(tables.series_by_pair) == 10
