from __future__ import annotations

import numpy as np
import pytest

from promql.errors import EvaluationError
from promql.functions.relabelling import label_join, label_replace
from promql.model.grid import Grid
from promql.model.labels import Labels

NOW = np.zeros(1, dtype=np.int64)
GRID = Grid([Labels.of(__name__="up", job="node", instance="a:9100")], np.ones((1, 1)), np.ones((1, 1), dtype=np.bool_))


def replaced(*args: str) -> Labels:
    out = label_replace()(NOW, [GRID, *args])
    assert isinstance(out, Grid)
    return out.labels[0]


def test_the_whole_value_must_match() -> None:
    assert replaced("host", "$1", "instance", "(.*):.*").get("host") == "a"
    assert replaced("host", "$1", "instance", "(.*):") == GRID.labels[0]


def test_groups_have_names_and_dollars_are_doubled() -> None:
    assert replaced("x", "${h}-$$", "instance", "(?P<h>.*):.*").get("x") == "a-$"


def test_an_empty_text_takes_the_label_away_and_the_name_may_be_set() -> None:
    assert replaced("job", "", "job", ".*").get("job") == ""
    assert replaced("__name__", "down", "", "").name == "down"


@pytest.mark.parametrize(
    ("args", "error"),
    [
        (("a-b", "", "job", ".*"), "invalid destination label name in label_replace(): a-b"),
        (("a", "", "job", "("), "invalid regular expression in label_replace(): ("),
    ],
)
def test_mistakes_are_told_even_of_nothing(args: tuple[str, ...], error: str) -> None:
    with pytest.raises(EvaluationError) as caught:
        label_replace()(NOW, [Grid.empty(1), *args])
    assert str(caught.value) == error


def test_joining_takes_missing_labels_as_empty() -> None:
    out = label_join(NOW, [GRID, "both", "/", "job", "none", "instance"])
    assert isinstance(out, Grid)
    assert out.labels[0].get("both") == "node//a:9100"
    with pytest.raises(EvaluationError, match=r"invalid source label name in label_join\(\): b-d"):
        label_join(NOW, [GRID, "both", "/", "b-d"])
