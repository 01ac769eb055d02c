"""What is kept with rows that are met again changes no answer."""

from __future__ import annotations

import pytest

from promql.errors import EvaluationError
from promql.execute.matching import Pairing
from promql.model.labels import Labels
from promql.model.results import Vector
from promql.model.rows import Rows, once, without_names
from promql.model.staleness import STALE_NAN
from promql.syntax.ast import VectorMatching
from tests.promql.memory_store import MemoryStore

QUERIES = (
    "x",
    "-x",
    "x / on (i) y",
    "x > on (i) y",
    "x / ignoring (side) group_left (side) y",
    "y * on (i) group_right () x",
    "x - x",
    "x == bool x",
    "x and on (i) y",
    "x or y",
    "sum by (side) (x)",
    "max without (i) (x)",
    "count(x)",
    "topk(2, x)",
    "abs(x) + on (i, side) x",
    "x > 3",
    "sum(x) / sum(y)",
)


def filled() -> MemoryStore:
    """Eight series of x in two groups, four of y that come and go."""
    store = MemoryStore()
    for at in range(1, 5):
        for i in range(8):
            labels = Labels.of(__name__="x", i=str(i), side="ab"[i % 2])
            store.append(labels, at * 1000, STALE_NAN if (at, i) == (3, 0) else float(i * at))
        for i in range(4):
            store.append(Labels.of(__name__="y", i=str(i)), at * 1000, STALE_NAN if at == i + 1 else 2.0 + i)
    return store


@pytest.mark.parametrize("query", QUERIES)
def test_a_store_that_was_asked_before_answers_as_a_new_one(query: str) -> None:
    asked = filled()
    for time in (4000, 3000, 2000, 3000, 4000):
        got, want = asked.query(query, time), filled().query(query, time)
        assert isinstance(got, Vector)
        assert isinstance(want, Vector)
        assert list(got.labels) == list(want.labels)
        assert got.values.tobytes() == want.values.tobytes()


def test_that_two_rows_match_is_told_anew_each_time() -> None:
    asked = filled()
    for time in (4000, 3000, 4000):
        with pytest.raises(EvaluationError, match="many-to-many matching not allowed"):
            asked.query("x + on (side) x", time)


def test_what_is_made_of_rows_is_made_once_and_of_other_sequences_each_time() -> None:
    made: list[int] = []

    def make() -> int:
        made.append(len(made))
        return made[-1]

    labels = [Labels.of(__name__="x", a="b")]
    rows = Rows(labels)
    assert [once(rows, "key", make) for _ in range(3)] == [0, 0, 0]
    assert [once(labels, "key", make) for _ in range(2)] == [1, 2]
    assert without_names(rows) is without_names(rows)
    assert list(without_names(rows)) == list(without_names(labels)) == [Labels.of(a="b")]


def test_of_the_same_rows_only_so_much_is_kept() -> None:
    rows = Rows([Labels()])
    for number in range(100):
        assert rows.once(number, lambda number=number: number) == number  # type: ignore[misc]
    assert rows.once(99, lambda: -1) == 99
    assert rows.once(0, lambda: -1) == -1


def test_pairs_are_kept_only_where_no_row_meets_more_than_one() -> None:
    many = Rows(Labels.of(__name__="x", i=str(i)) for i in range(3))
    each, same = VectorMatching(labels=("i",), on=True), VectorMatching(on=True)
    found = [Pairing.of(many, many, matching, drops_names=True) for matching in (each, each, same, same)]
    assert found[0] is found[1]
    assert found[2] is not found[3]
    assert len(found[2].labels) == 9
