"""What Prometheus 3 added to the language: limits on rows, information of targets, and its own meanings on demand."""

from __future__ import annotations

import math

import pytest

from promql.errors import EvaluationError
from promql.functions.dialects import Dialect
from promql.model.labels import Labels
from promql.model.results import Matrix, Vector
from promql.model.staleness import STALE_NAN
from tests.promql.memory_store import MemoryStore

MINUTE = 60_000
THREE = Dialect.PROMETHEUS_3
STALE = float(STALE_NAN)


def stored(**series: list[float | None]) -> MemoryStore:
    """Series by their text, one value a minute; None for none."""
    store = MemoryStore()
    for name, values in series.items():
        store.extend(labels_of(name), ((i * MINUTE, v) for i, v in enumerate(values) if v is not None))
    return store


def labels_of(text: str) -> Labels:
    """`name__label_value__label_value`."""
    name, *pairs = text.split("__")
    return Labels.of({"__name__": name, **dict(pair.split("_", 1) for pair in pairs)})


def rows(result: object) -> dict[str, list[float | None]]:
    assert isinstance(result, Matrix)
    return {
        str(labels): [v if here else None for v, here in zip(row.tolist(), present, strict=True)]
        for labels, row, present in zip(result.labels, result.values, result.present, strict=True)
    }


@pytest.fixture
def many() -> MemoryStore:
    return stored(**{f"x__g_{g}__i_{i}": [float(i)] * 3 for g in "ab" for i in range(50)})


def names(store: MemoryStore, query: str) -> set[str]:
    result = store.query(query, 0)
    assert isinstance(result, Vector)
    return set(map(str, result.labels))


def test_limitk_keeps_so_many_rows_of_each_group(many: MemoryStore) -> None:
    assert len(names(many, "limitk(3, x)")) == 3
    assert len(names(many, "limitk by (g) (3.9, x)")) == 6
    assert names(many, "limitk(1000, x)") == names(many, "x")
    assert not names(many, "limitk(0, x)")
    assert not names(many, "limitk(-1, x)")


def test_limitk_counts_only_rows_that_have_a_value_at_a_step() -> None:
    store = stored(x__a_1=[1.0, STALE, 1.0], x__a_2=[2.0, 2.0, 2.0])
    result = store.query("limitk(1, x)", 0, 2 * MINUTE, MINUTE)
    assert rows(result) == {'x{a="1"}': [1.0, None, 1.0], 'x{a="2"}': [None, 2.0, None]}


def test_the_limit_of_limitk_may_change_from_step_to_step() -> None:
    store = stored(k=[0.0, 1.0, 2.0], x__a_1=[1.0] * 3, x__a_2=[2.0] * 3)
    counts = rows(store.query("count(limitk(scalar(k), x))", 0, 2 * MINUTE, MINUTE))
    assert counts == {"{}": [None, 1.0, 2.0]}


def test_a_limit_must_be_a_number_that_can_be_counted_to(many: MemoryStore) -> None:
    with pytest.raises(EvaluationError, match="Scalar value NaN overflows int64"):
        many.query("limitk(NaN, x)", 0)
    with pytest.raises(EvaluationError, match="Ratio value NaN"):
        many.query("limit_ratio(NaN, x)", 0)


@pytest.mark.parametrize("ratio", [0.0, 0.1, 0.5, 0.8, 1.0])
def test_a_ratio_and_its_counterpart_share_the_rows_between_them(many: MemoryStore, ratio: float) -> None:
    some, others = names(many, f"limit_ratio({ratio}, x)"), names(many, f"limit_ratio({ratio} - 1, x)")
    assert some | others == names(many, "x") if ratio > 0 else True
    assert not some & others or ratio in (0.0, 1.0)
    assert abs(len(some) - ratio * 100) < 20


def test_a_ratio_beyond_one_is_all(many: MemoryStore) -> None:
    assert names(many, "limit_ratio(1.5, x)") == names(many, "limit_ratio(-2, x)") == names(many, "x")


def test_info_adds_labels_of_the_same_job_and_instance() -> None:
    store = stored(
        x__instance_a__job_1__data_own=[1.0],
        x__instance_b__job_1=[2.0],
        target_info__instance_a__job_1__data_other__os_linux=[1.0],
        build_info__instance_a__job_1__version_7=[1.0],
    )
    own, other = 'x{data="own", instance="a", job="1"', 'x{instance="b", job="1"}'
    assert names(store, "info(x)") == {own + ', os="linux"}', other}
    assert names(store, 'info(x, {data=~".+"})') == {own + "}"}
    assert names(store, 'info(x, {__name__="build_info"})') == {own + ', version="7"}', other}
    assert names(store, 'info(x, {__name__!="target_info"})') == {own + ', version="7"}', other}
    both = {own + ', os="linux", version="7"}', other}
    assert names(store, 'info(x, {__name__=~".+_info"})') == both


def test_information_follows_the_steps() -> None:
    store = stored(
        x__instance_a=[0.0, 1.0, 2.0, 3.0],
        target_info__instance_a__v_old=[1.0, 1.0, STALE],
        target_info__instance_a__v_new=[None, None, 1.0, STALE],
    )
    assert rows(store.query("info(x)", 0, 3 * MINUTE, MINUTE)) == {
        'x{instance="a"}': [None, None, None, 3.0],
        'x{instance="a", v="new"}': [None, None, 2.0, None],
        'x{instance="a", v="old"}': [0.0, 1.0, None, None],
    }
    assert rows(store.query("info(x @ 0)", 0, 3 * MINUTE, MINUTE)) == {'x{instance="a", v="old"}': [0.0] * 4}
    shifted = rows(store.query("info(x offset 1m)", 2 * MINUTE, 3 * MINUTE, MINUTE))
    assert shifted == {'x{instance="a", v="old"}': [1.0, None], 'x{instance="a", v="new"}': [None, 2.0]}


def test_contradicting_information_is_an_error() -> None:
    twice = stored(x__instance_a=[1.0], target_info__instance_a__v_1=[1.0], target_info__instance_a__v_2=[1.0])
    with pytest.raises(EvaluationError, match="found duplicate series for info metric"):
        twice.query("info(x)", 0)
    apart = stored(x__instance_a=[1.0], target_info__instance_a__v_1=[1.0], build_info__instance_a__v_2=[1.0])
    with pytest.raises(EvaluationError, match="conflicting label: v"):
        apart.query('info(x, {__name__=~".+_info"})', 0)


def value(store: MemoryStore, query: str, at: int, dialect: Dialect) -> float | None:
    result = store.query(query, at, dialect=dialect)
    assert isinstance(result, Vector)
    return float(result.values[0]) if len(result.values) else None


@pytest.mark.parametrize(
    ("query", "two", "three"),
    [
        ("count_over_time(x[2m])", 3.0, 2.0),
        ("count_over_time(x[2m:1m])", 3.0, 2.0),
        ("increase(x[2m])", 20.0, 20.0),
        ("delta(x[2m])", 20.0, 20.0),
        ("x offset 1m", 40.0, 40.0),
        ("old", 7.0, None),
        ("first_over_time(x[1m])", 40.0, 50.0),
    ],
)
def test_windows_are_open_at_their_left_in_prometheus_3(query: str, two: float, three: float | None) -> None:
    store = stored(x=[10.0 * i for i in range(6)], old=[7.0])
    assert value(store, query, 5 * MINUTE, Dialect.PROMETHEUS_2) == two
    assert value(store, query, 5 * MINUTE, THREE) == three


@pytest.mark.parametrize(
    ("first", "window", "two", "three"),
    [(10.0, 30, 30.0, 30.0), (6.0, 60, 18.0, 15.0), (1000.0, 60, 25.0, 25.0)],
    ids=["began at the edge", "began far inside", "began long before"],
)
def test_prometheus_3_cuts_at_zero_after_it_has_judged_the_distance(
    first: float, window: int, two: float, three: float
) -> None:
    step = first if first < 1000 else 10.0
    store = MemoryStore()
    store.extend(Labels.of(__name__="x"), [(40_000, first), (50_000, first + step), (60_000, first + 2 * step)])
    query = f"increase(x[{window}s])"
    assert value(store, query, MINUTE, Dialect.PROMETHEUS_2) == pytest.approx(two)
    assert value(store, query, MINUTE, THREE) == pytest.approx(three)
    rate = value(store, query.replace("increase", "rate"), MINUTE, THREE)
    assert rate == pytest.approx(three / window)


def test_a_dot_matches_a_newline_and_atan2_drops_the_name_in_prometheus_3() -> None:
    store = MemoryStore()
    store.append(Labels.of(__name__="x", a="b\nc"), 0, 1.0)
    for dialect, found in ((Dialect.PROMETHEUS_2, None), (THREE, 1.0)):
        assert value(store, 'x{a=~"b.c"}', 0, dialect) == found
        replaced = store.query('label_replace(x, "n", "found", "a", "b.c")', 0, dialect=dialect)
        assert isinstance(replaced, Vector)
        assert replaced.labels[0].get("n") == ("found" if found else "")
    kept = store.query("x atan2 x", 0)
    dropped = store.query("x atan2 x", 0, dialect=THREE)
    assert isinstance(kept, Vector)
    assert isinstance(dropped, Vector)
    assert [labels.name for labels in (*kept.labels, *dropped.labels)] == ["x", ""]
    assert dropped.values.tolist() == [math.pi / 4]
