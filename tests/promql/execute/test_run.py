"""Whole queries: what a run promises beyond the conformance scripts."""

from __future__ import annotations

import numpy as np
import pytest

from promql.errors import EvaluationError, PromQLError, QueryTimeoutError, TooManySamplesError
from promql.execute.run import run
from promql.model.labels import Labels
from promql.model.results import Matrix, RawMatrix, Scalar, String, Vector
from promql.model.staleness import STALE_NAN
from promql.plan.build import build
from promql.plan.window import Window
from promql.syntax.parser import parse
from tests.promql.memory_store import MemoryStore

STEP = 15_000


def series(**labels: str) -> Labels:
    return Labels.of({"__name__": labels.pop("name", "x"), **labels})


@pytest.fixture
def store() -> MemoryStore:
    store = MemoryStore()
    for mode in ("idle", "user"):
        for cpu in range(20):
            store.extend(series(mode=mode, cpu=f"{cpu:02}"), ((i * STEP, float(i * cpu)) for i in range(100)))
    return store


def ended(*, name: str, start: int, stop: int, value: float = 1.0) -> MemoryStore:
    store = MemoryStore()
    store.extend(series(name=name), ((i * STEP, value) for i in range(start, stop)))
    return store


def labels_and_values(result: object) -> list[tuple[str, list[float]]]:
    assert isinstance(result, Matrix)
    return [
        (str(labels), row[there].tolist())
        for labels, row, there in zip(result.labels, result.values, result.present, strict=True)
    ]


def test_kinds_of_answers(store: MemoryStore) -> None:
    assert store.query("1 + 1", 5000) == Scalar(5000, 2.0)
    assert store.query('"text"', 5000) == String(5000, "text")
    assert isinstance(store.query("x", 5000), Vector)
    assert isinstance(store.query("x[1m]", 5000), RawMatrix)
    assert isinstance(store.query("x", 0, 60_000, 1000), Matrix)
    assert labels_and_values(store.query("time()", 0, 2000, 1000)) == [("{}", [0.0, 1.0, 2.0])]


def test_a_range_query_of_one_step_is_still_a_matrix(store: MemoryStore) -> None:
    assert isinstance(store.query("x", 5000, 5000, 15_000), Matrix)


@pytest.mark.parametrize(
    ("query", "kind"), [("x[5m]", "range vector"), ("x[5m:1m]", "range vector"), ('"a"', "string")]
)
def test_a_range_query_of_a_range_is_refused(store: MemoryStore, query: str, kind: str) -> None:
    with pytest.raises(PromQLError) as caught:
        store.query(query, 0, 1000, 1000)
    assert str(caught.value) == f'invalid expression type "{kind}" for range query, must be Scalar or instant Vector'


def test_the_limit_on_samples_is_told_before_anything_is_computed(store: MemoryStore) -> None:
    for query in ("x", "rate(x[5m])", "sum(rate(x[5m]))", "sum(max_over_time(x[5m:1s]))"):
        with pytest.raises(TooManySamplesError):
            store.query(query, 0, 600_000, 1000, max_samples=20_000)
    with pytest.raises(TooManySamplesError):
        store.query("x[10m]", 600_000, max_samples=1000)


def test_what_is_below_an_aggregation_that_occurs_twice_is_added_up_piece_by_piece_and_not_kept(
    store: MemoryStore,
) -> None:
    total = "sum(rate(x[5m]))"
    query = f"{total} + {total} + sum(increase(x[5m]))"
    assert isinstance(store.query(query, 0, 600_000, 1000, max_samples=30_000), Matrix)


def test_a_deadline_ends_the_run(store: MemoryStore) -> None:
    def late() -> None:
        raise QueryTimeoutError("query timed out in expression evaluation")

    plan = build(parse("sum(rate(x[5m]))"), Window(0, 600_000, 15_000))
    with pytest.raises(QueryTimeoutError):
        run(plan, store.answers(plan.needs), late)


def test_a_stale_marker_ends_a_series_at_once() -> None:
    store = ended(name="x", start=0, stop=4)
    store.append(series(), 4 * STEP, float(STALE_NAN))
    result = store.query("x", 0, 5 * STEP, STEP)
    assert isinstance(result, Matrix)
    assert result.present.tolist() == [[True] * 4 + [False] * 2]


def test_names_that_take_turns_become_one_row_when_the_name_is_dropped() -> None:
    store = ended(name="a", start=0, stop=4)
    store.append(series(name="a"), 4 * STEP, float(STALE_NAN))
    store.extend(series(name="b"), ((i * STEP, 2.0) for i in range(4, 8)))
    assert labels_and_values(store.query('-{__name__=~"a|b"}', 0, 7 * STEP, STEP)) == [("{}", [-1.0] * 4 + [-2.0] * 4)]
    with pytest.raises(EvaluationError, match="vector cannot contain metrics with the same labelset"):
        store.query('rate({__name__=~"a|b"}[5m])', 0, 7 * STEP, STEP)
    with pytest.raises(EvaluationError, match="vector cannot contain metrics with the same labelset"):
        store.query('sum(rate({__name__=~"a|b"}[5m]))', 0, 7 * STEP, STEP)


def test_two_series_at_once_with_the_same_labels_are_an_error() -> None:
    store = ended(name="a", start=0, stop=4)
    store.extend(series(name="b"), ((i * STEP, 2.0) for i in range(4)))
    for query in (
        '-{__name__=~"a|b"}',
        'abs({__name__=~"a|b"})',
        '{__name__=~"a|b"} + 1',
        'timestamp({__name__=~"a|b"})',
    ):
        with pytest.raises(EvaluationError, match="vector cannot contain metrics with the same labelset"):
            store.query(query, 0, STEP, STEP)


def test_a_sum_by_pieces_is_the_sum_of_the_grid(store: MemoryStore) -> None:
    pieces = store.query("sum by (mode) (rate(x[5m]))", 0, 1_500_000, 60_000)
    whole = store.query("sum by (mode) (rate(x[5m]) + 0)", 0, 1_500_000, 60_000)
    assert labels_and_values(pieces) == labels_and_values(whole)


def test_a_part_that_is_wanted_twice_is_evaluated_once(store: MemoryStore) -> None:
    plan = build(parse("sum(rate(x[5m])) / sum(rate(x[5m]))"), Window(0, 600_000, 15_000))
    calls = []
    run(plan, store.answers(plan.needs), lambda: calls.append(1))
    once = build(parse("sum(rate(x[5m])) / 2"), Window(0, 600_000, 15_000))
    other: list[int] = []
    run(once, store.answers(once.needs), lambda: other.append(1))
    assert len(plan.needs) == 1
    assert len(calls) <= len(other) + 1


def test_rows_come_in_the_order_of_creation() -> None:
    store = MemoryStore()
    for name in ("z", "a", "m"):
        for offset in (0, 1):
            store.extend(series(job=name, n=str(offset)), [(STEP + offset, 1.0)])
    result = store.query("x", STEP + 5)
    assert isinstance(result, Vector)
    assert [labels.get("job") + labels.get("n") for labels in result.labels] == ["z0", "z1", "a0", "a1", "m0", "m1"]


def test_an_order_counts_for_instant_queries_alone(store: MemoryStore) -> None:
    instant = store.query('sort_desc(x{mode="idle"})', 300_000)
    assert isinstance(instant, Vector)
    assert instant.values.tolist() == sorted(instant.values.tolist(), reverse=True)
    result = store.query('sort_desc(x{mode="idle"})', 0, 300_000, 60_000)
    assert isinstance(result, Matrix)
    assert list(result.labels) == sorted(result.labels)


def test_topk_keeps_the_earlier_of_equals_at_each_step() -> None:
    store = MemoryStore()
    for one in "abcd":
        store.extend(series(one=one), [(0, 1.0), (STEP, 2.0 if one == "d" else 1.0)])
    result = labels_and_values(store.query("topk(2, x)", 0, STEP, STEP))
    assert result == [('x{one="a"}', [1.0, 1.0]), ('x{one="b"}', [1.0]), ('x{one="d"}', [2.0])]


def test_the_k_of_topk_may_change_from_step_to_step() -> None:
    store = MemoryStore()
    for n, one in enumerate("abc"):
        store.extend(series(one=one), [(i * 1000, float(n)) for i in range(5)])
    result = store.query("topk(time(), x)", 0, 4000, 1000)
    assert isinstance(result, Matrix)
    assert result.present.sum(axis=0).tolist() == [0, 1, 2, 3, 3]


def test_an_empty_store_answers_everything_with_nothing() -> None:
    store = MemoryStore()
    for query in (
        "x", "rate(x[5m])", "sum(x)", "sum by (a) (rate(x[5m]))", "topk(1, x)", "quantile(0.5, x)", 'count_values("v", x)',
        "x + y", "x or y", "x and y", "x unless y", "x * on(a) group_left y", "abs(x)", "histogram_quantile(0.5, x)",
        "sort(x)", 'label_replace(x, "a", "b", "c", "d")', "max_over_time(x[5m:1m])", "-x", "x > 1", "timestamp(x)",
    ):  # fmt: skip
        assert labels_and_values(store.query(query, 0, 60_000, 1000)) == []
        result = store.query(query, 0)
        assert isinstance(result, Vector)
        assert len(result.labels) == result.values.size == 0


def test_matching_is_judged_at_each_step_by_itself() -> None:
    """Two series of one group that never have a value at the same step are no error."""
    store = MemoryStore()
    store.extend(series(name="many", job="j"), ((i * STEP, 10.0) for i in range(8)))
    store.extend(series(name="one", job="j", version="1"), ((i * STEP, 1.0) for i in range(4)))
    store.append(series(name="one", job="j", version="1"), 4 * STEP, float(STALE_NAN))
    store.extend(series(name="one", job="j", version="2"), ((i * STEP, 2.0) for i in range(4, 8)))
    assert labels_and_values(store.query("many * on(job) one", 0, 7 * STEP, STEP)) == [
        ('{job="j"}', [10.0] * 4 + [20.0] * 4)
    ]
    assert labels_and_values(store.query("many * on(job) group_left(version) one", 0, 7 * STEP, STEP)) == [
        ('{job="j", version="1"}', [10.0] * 4),
        ('{job="j", version="2"}', [20.0] * 4),
    ]


def test_a_side_that_is_not_unique_is_named() -> None:
    store = MemoryStore()
    store.extend(series(name="many", job="j"), [(0, 10.0)])
    for version in "12":
        store.extend(series(name="one", job="j", version=version), [(0, 1.0)])
    with pytest.raises(EvaluationError) as caught:
        store.query("many * on(job) one", 0)
    assert str(caught.value) == (
        'found duplicate series for the match group {job="j"} on the right hand-side of the operation: '
        '[{__name__="one", job="j", version="2"}, {__name__="one", job="j", version="1"}];'
        "many-to-many matching not allowed: matching labels must be unique on one side"
    )
    with pytest.raises(EvaluationError, match=r"^multiple matches for labels: many-to-one matching must be explicit"):
        store.query("one * on(job) many", 0)


def test_scalars_broadcast_over_nan_and_keep_the_vectors_value() -> None:
    store = ended(name="x", start=0, stop=2, value=3.0)
    assert labels_and_values(store.query("2 < x", 0, STEP, STEP)) == [("x", [3.0, 3.0])]
    assert labels_and_values(store.query("2 < bool x", 0, STEP, STEP)) == [("{}", [1.0, 1.0])]
    assert labels_and_values(store.query("x == NaN", 0, STEP, STEP)) == []


def test_results_share_no_memory_with_the_store(store: MemoryStore) -> None:
    plan = build(parse("x"), Window(0, 150_000, 15_000))
    answers = store.answers(plan.needs)
    before = [panel.values.copy() for panels in answers.values() for panel in panels]
    result = run(plan, answers)
    assert isinstance(result, Matrix)
    result.values[:] = -1.0
    after = [panel.values for panels in answers.values() for panel in panels]
    assert all(np.array_equal(a, b) for a, b in zip(before, after, strict=True))


def test_what_is_divided_by_zero_is_not_what_is_divided_by_minus_zero(store: MemoryStore) -> None:
    assert store.query("scalar(x{cpu='01', mode='idle'} / 0) > bool scalar(x{cpu='01', mode='idle'} / -0)", 60_000) == (
        Scalar(60_000, 1.0)
    )


def test_a_clamp_that_leaves_nothing_finds_no_series_twice(store: MemoryStore) -> None:
    store.extend(series(name="y", mode="idle", cpu="00"), [(0, 1.0)])
    result = store.query("clamp({mode='idle', cpu='00'}, 2, 1)", 0)
    assert isinstance(result, Vector)
    assert list(result.labels) == []


@pytest.mark.parametrize("op", ["topk", "bottomk"])
def test_what_is_chosen_of_many_rows_is_what_sorting_chooses(op: str) -> None:
    chance, store, steps = np.random.default_rng(3), MemoryStore(), 7
    values = chance.integers(-20, 20, (500, steps)).astype(np.float64)
    values[chance.random(values.shape) < 0.1] = np.nan
    values[:, 5], values[3:, 6] = np.nan, np.nan
    for nth, row in enumerate(values):
        store.extend(
            series(nth=f"{nth:03}"), ((i * STEP, v) for i, v in enumerate(row.tolist()) if chance.random() < 0.9)
        )
    whole = store.query("x", 0, (steps - 1) * STEP, STEP, lookback_ms=1)
    got = store.query(f"{op}(5, x)", 0, (steps - 1) * STEP, STEP, lookback_ms=1)
    assert isinstance(whole, Matrix)
    assert isinstance(got, Matrix)
    for at in range(steps):
        rows = [(v, nth) for nth, v in enumerate(whole.values[:, at].tolist()) if whole.present[nth, at]]
        key = (
            (lambda one: (np.isnan(one[0]), -one[0], one[1]))
            if op == "topk"
            else (lambda one: (np.isnan(one[0]), *one))
        )
        want = {whole.labels[nth] for _, nth in sorted(rows, key=key)[:5]}
        assert {one for one, there in zip(got.labels, got.present[:, at].tolist(), strict=True) if there} == want
