"""Grouping by the numbers that the index gives to values, beside grouping by the labels themselves."""

from __future__ import annotations

import numpy as np
from hypothesis import given
from hypothesis import strategies as st

from engine.names.index import Index
from engine.tsdb.names.names import SeriesNames
from promql.execute.grouping import Grouping
from promql.model.labels import Labels

SERIES = 300


def fleet(seed: int) -> list[Labels]:
    """Some labels are missing here and there, one differs from series to series."""
    random = np.random.default_rng(seed)
    texts = [["", *(f"{name}{i}" for i in range(random.integers(1, 8)))] for name in "abc"]
    picked = [[random.choice(some) for some in texts] for _ in range(SERIES)]
    return [Labels.of(zip("abcz", [*row, f"{nth}"], strict=True)) for nth, row in enumerate(picked)]


@given(
    seed=st.integers(0, 1000),
    names=st.sets(st.sampled_from(["a", "b", "c", "d", "z"])),
    cut=st.integers(130, 170),
    rotated=st.integers(0, SERIES),
)
def test_numbers_of_values_group_as_the_labels_do(seed: int, names: set[str], cut: int, rotated: int) -> None:
    labels, index = fleet(seed), Index()
    index.add(list(range(SERIES)), labels)
    rows = np.roll(np.arange(SERIES), rotated)
    coded = SeriesNames(labels, np.arange(SERIES), index, index.removals).take(rows)
    by_codes, by_labels = Grouping(names, without=False), Grouping(names, without=False)
    for part in (slice(0, cut), slice(cut, None)):
        assert by_codes.assign(coded[part]).tolist() == by_labels.assign(list(coded)[part]).tolist()
    assert by_codes.labels == by_labels.labels


def test_series_that_have_left_the_index_since_are_grouped_all_the_same() -> None:
    labels, index = fleet(1), Index()
    index.add(list(range(SERIES)), labels)
    selected = SeriesNames(labels, np.arange(SERIES), index, index.removals)
    assert selected.codes("a") is not None
    index.remove([5, 6, 7], labels[5:8])
    assert selected.codes("a") is None
    grouping = Grouping(("a",), without=False)
    groups = grouping.assign(selected).tolist()
    assert [grouping.labels[group] for group in groups] == [one.keep(("a",)) for one in labels]


def test_numbers_follow_series_that_come_later() -> None:
    labels, index = fleet(2), Index()
    index.add(list(range(200)), labels[:200])
    SeriesNames(labels, np.arange(200), index, index.removals).codes("b")
    index.add(list(range(200, SERIES)), labels[200:])
    codes = SeriesNames(labels, np.arange(SERIES), index, index.removals).codes("b")
    assert codes is not None
    numbers: dict[str, int] = {"": 0}
    for one, code in zip(labels, codes[0].tolist(), strict=True):
        assert numbers.setdefault(one.get("b"), code) == code < codes[1]
    assert len(set(numbers.values())) == len(numbers)


def test_a_few_series_of_many_are_not_numbered() -> None:
    labels, index = fleet(3), Index()
    index.add(list(range(SERIES)), labels)
    assert SeriesNames(labels[:10], np.arange(10), index, index.removals).codes("a") is None
