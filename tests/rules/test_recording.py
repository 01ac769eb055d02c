"""Recording rules: a result in, samples out."""

from __future__ import annotations

import numpy as np
import pytest

from engine.rules.errors import RuleError
from engine.rules.recording import Relabelled, record, relabelling
from promql.model.labels import Labels
from promql.model.results import RawMatrix, Result, Scalar, String
from tests.rules.fakes import recording, vector


def recorded(result: Result, limit: int = 0, **labels: str) -> dict[str, float]:
    samples = record(result, relabelling(recording("job:x:sum", "x", **labels)), limit)
    return dict(zip(map(str, samples.labels), samples.values.tolist(), strict=True))


def test_the_rules_name_and_labels_win_and_empty_labels_vanish() -> None:
    result = vector(({"__name__": "x", "job": "a", "env": "prod", "zone": "z"}, 2.0))(0)
    assert recorded(result, env="test", zone="") == {'job:x:sum{env="test", job="a"}': 2.0}


def test_a_scalar_is_one_sample_without_labels() -> None:
    assert recorded(Scalar(0, 4.5)) == {"job:x:sum": 4.5}


@pytest.mark.parametrize("result", [String(0, "x"), RawMatrix(())])
def test_other_results_are_refused(result: Result) -> None:
    with pytest.raises(RuleError, match=r"^rule result is not a vector or scalar$"):
        recorded(result)


def test_label_sets_that_become_equal_are_refused() -> None:
    result = vector(({"job": "a"}, 1.0), ({"job": "b"}, 2.0))(0)
    text = r"^vector contains metrics with the same labelset after applying rule labels$"
    with pytest.raises(RuleError, match=text):
        recorded(result, job="c")


def test_a_limit_is_not_passed() -> None:
    result = vector(({"job": "a"}, 1.0), ({"job": "b"}, 2.0))(0)
    assert len(recorded(result, limit=2)) == 2
    with pytest.raises(RuleError, match=r"^exceeded limit of 1 with 2 series$"):
        recorded(result, limit=1)


def test_changed_labels_are_remembered_for_one_turn() -> None:
    asked = []

    def change(labels: Labels) -> Labels:
        asked.append(labels)
        return labels.set("seen", "yes")

    a, b = Labels.of(x="a"), Labels.of(x="b")
    relabelled = Relabelled(change)
    for labels in ([a, b], [a, b], [b], [a, b]):
        assert relabelled(labels) == [one.set("seen", "yes") for one in labels]
    assert asked == [a, b, a]


def test_values_pass_through_untouched() -> None:
    samples = record(vector(({"a": "b"}, float("nan")))(0), relabelling(recording("r", "x")), 0)
    assert np.isnan(samples.values).all()
