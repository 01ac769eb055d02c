"""What an instant selector gives at a single step is what windows over the same samples give."""

from __future__ import annotations

import sys

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from promql.errors import TooManySamplesError
from promql.execute.edges import Reach
from promql.execute.laying import joined
from promql.execute.limits import Limits
from promql.execute.lookback import newest_of
from promql.execute.rollup import Rolling
from promql.functions.overtime import newest
from promql.model.grid import Steps
from promql.model.labels import Labels
from promql.model.panel import Later, Panel, Selected
from promql.model.staleness import STALE_NAN

AT = Steps(100, 0, 1)
REACH = Reach(AT, 30, AT)


def panels(sizes: list[tuple[int, int]], *, first: int = 70, stale: int = 3) -> list[Selected]:
    """Of so many series and samples each; numbers of series go round among them, each third series has ended."""
    found: list[Selected] = []
    for nth, (series, samples) in enumerate(sizes):
        refs = nth + len(sizes) * np.arange(series)
        values = np.add.outer(refs * 100.0, np.arange(samples))
        values[refs % stale == 0, -1:] = STALE_NAN
        labels = [Labels.of(__name__="x", nth=str(ref)) for ref in refs.tolist()]
        found.append(Panel(first + np.arange(samples), values, labels, refs))
    return found


def limits(samples: int = sys.maxsize) -> Limits:
    return Limits(samples, lambda: None)


@given(sizes=st.lists(st.tuples(st.integers(1, 20), st.integers(0, 30)), max_size=5), laid=st.booleans())
def test_the_newest_samples_are_those_of_windows(sizes: list[tuple[int, int]], laid: bool) -> None:
    selected = panels(sizes)
    if laid and any(one.values.size for one in selected):
        selected = [joined([one for one in selected if one.values.size])]
    got, want = newest_of(selected, REACH, limits()), Rolling.over(selected, REACH, newest, (), limits())
    grid = want.grid(keeps_name=True)
    assert got is not None
    assert list(got.labels) == list(grid.labels)
    assert got.values.tobytes() == grid.values.tobytes()
    assert got.present.all()


def test_where_not_all_samples_are_in_the_window_it_says_nothing() -> None:
    assert newest_of(panels([(2, 3)], first=60), REACH, limits()) is None
    assert newest_of(panels([(2, 3)], first=99), REACH, limits()) is None
    later = Later([Labels()], np.zeros(1, np.int64), np.zeros(1, np.int64), np.zeros(1, np.int64), list)
    assert newest_of([later], REACH, limits()) is None


def test_more_series_than_a_query_may_hold_are_refused() -> None:
    with pytest.raises(TooManySamplesError):
        newest_of(panels([(2, 3), (3, 1)]), REACH, limits(4))
