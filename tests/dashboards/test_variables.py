"""Options of variables and what is chosen among them; queries in all their forms."""

from __future__ import annotations

from typing import Any

import pytest

from engine.dashboards.model import variable
from engine.dashboards.variables import options, queries
from engine.dashboards.variables.value import ALL


def made(**more: Any) -> Any:
    return variable({"name": "v", "type": "query", **more})


@pytest.mark.parametrize(
    ("query", "asked"),
    [
        ("label_names()", queries.LabelNames()),
        ("label_values(job)", queries.LabelValues("job")),
        ('label_values(up{job=~"$job", x="a,b"}, instance)', queries.LabelValues("instance", 'up{job=~"$job", x="a,b"}')),
        ("label_values(a,b) ", queries.LabelValues("b", "a")),
        ("metrics(node_.*)", queries.Metrics("node_.*")),
        ("query_result(sum by (x) (rate(y[5m])))", queries.QueryResult("sum by (x) (rate(y[5m]))")),
        ("up{a='b'}", queries.SeriesNames("up{a='b'}")),
        ({"query": "label_values(job)", "refId": "A"}, queries.LabelValues("job")),
        ({"qryType": 1, "label": "job", "metric": "up", "labelFilters": [{"label": "a", "op": "=", "value": "b"}]},
         queries.LabelValues("job", 'up{a="b"}')),
        ({"type": 1, "label": "job", "stream": '{a="b"}', "refId": "x"}, queries.LabelValues("job", '{a="b"}')),
        ({"type": 0, "refId": "x"}, queries.LabelNames()),
    ],
)  # fmt: skip
def test_all_forms_of_queries_are_understood(query: Any, asked: queries.Ask) -> None:
    assert queries.ask(made(query=query)) == asked


def test_a_pattern_keeps_what_it_matches_and_takes_its_first_group() -> None:
    found, problem = options.from_answer(made(regex="/([^:]+):.*/"), ["web:1", "db:2", "none"])
    assert (found, problem) == ([("web", "web"), ("db", "db")], "")


def test_named_groups_are_text_and_value() -> None:
    regex = "/(?<text>\\w+)=(?<value>\\d+)/"
    assert options.from_answer(made(regex=regex), ["a=1", "b=2"])[0] == [("a", "1"), ("b", "2")]


def test_a_pattern_that_can_not_be_used_says_so() -> None:
    found, problem = options.from_answer(made(regex="/^(?!x)/"), ["a"])
    assert found == []
    assert "(?!" in problem


@pytest.mark.parametrize(
    ("sort", "said"),
    [
        (0, ["b10", "a2", "B1"]), (1, ["a2", "B1", "b10"]), (2, ["b10", "B1", "a2"]), (3, ["B1", "a2", "b10"]),
        (4, ["b10", "a2", "B1"]), (5, ["a2", "B1", "b10"]), (7, ["a2", "B1", "b10"]), (8, ["b10", "B1", "a2"]),
    ],
)  # fmt: skip
def test_options_are_sorted_as_the_number_says(sort: int, said: list[str]) -> None:
    assert [text for text, _ in options.arranged([(one, one) for one in ("b10", "a2", "B1")], sort)] == said


def test_custom_options_may_have_texts_of_their_own() -> None:
    assert options.custom("1, five : 5, a\\,b") == [("1", "1"), ("five", "5"), ("a,b", "a,b")]


def test_what_is_no_option_gives_way_to_the_first() -> None:
    pair = [("a", "a"), ("b", "b")]
    assert options.chosen(made(), pair, ["gone"]).values == ("a",)
    assert options.chosen(made(multi=True), pair, ["b", "gone", "a"]).values == ("b", "a")
    assert options.chosen(made(), [], ["x"]).values == ("",)


def test_all_stands_for_every_option_or_for_a_text_of_its_own() -> None:
    pair = [("a", "a"), ("b", "b")]
    every = options.chosen(made(includeAll=True, multi=True), pair, [ALL])
    assert (every.values, every.is_all, every.text) == (("a", "b"), True, "All")
    assert options.chosen(made(includeAll=True, allValue=".*"), pair, ["All"]).verbatim == ".*"
