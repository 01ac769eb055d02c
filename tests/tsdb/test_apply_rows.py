"""Rows of one series set, taken in many at once, leave a source as it is when they come one by one."""

from __future__ import annotations

import numpy as np
from hypothesis import given
from hypothesis import strategies as st

from engine.tsdb.commit import Commit, Layout
from engine.tsdb.log.pages import Rows
from engine.tsdb.names.catalog import Catalog
from engine.tsdb.options import StoreOptions
from engine.tsdb.source import Source
from promql.model.staleness import STALE_NAN, is_stale
from tests.tsdb.twin import named

WIDTH = 12
Step = tuple[list[int], list[int], list[list[float]]]
"""Columns, times, rows of values."""


@st.composite
def steps(draw: st.DrawFn) -> list[Step]:
    made: list[Step] = []
    time, taken = 0, set[int]()
    for _ in range(draw(st.integers(1, 6))):
        if len(taken) == WIDTH or draw(st.booleans()):  # else it begins at the instant of the one before
            time, taken = time + 1, set()
        columns = draw(st.lists(st.sampled_from(sorted(set(range(WIDTH)) - taken)), min_size=1, unique=True))
        times = [time, *(time + np.cumsum(draw(st.lists(st.integers(1, 3), max_size=9)))).tolist()]
        taken = set(columns) | (taken if len(times) == 1 else set())
        time = times[-1]
        values = st.sampled_from([1.0, 2.0, 3.0, *[STALE_NAN] * draw(st.integers(0, 2))])
        cells = draw(st.lists(values, min_size=len(columns) * len(times), max_size=len(columns) * len(times)))
        made.append((columns, times, np.array(cells).reshape(len(times), len(columns)).tolist()))
    return made


def source(options: StoreOptions) -> Source:
    catalog = Catalog()
    made = Source("s", 0, catalog, options)
    made.columns([named("m", i=str(i)) for i in range(WIDTH)])
    return made


def shown(one: Source) -> list[object]:
    """All that a source shows and knows, as plain values."""
    view = one.view
    parts = [(part.start, part.end, part.through, part.segment) for part in view.parts]
    tables = [
        (table.times.tolist(), [[array.tobytes() for array in table.column(at)] for at in range(len(table.columns))])
        for table in [view.table, *(part.table for part in view.parts)]
        if table is not None
    ]
    newest = None if view.newest is None else (view.newest.time, [a.tobytes() for a in view.newest.joined()])
    ragged = [part.ragged for part in view.parts if part.ragged is not None]
    loose = [block.times.tolist() for block in ragged]
    return [parts, tables, newest, loose, one.through, one.latest, one.logged_from, one.open_since()]


@given(steps=steps(), seal_rows=st.integers(2, 12), seal_samples=st.integers(4, 60))
def test_many_rows_at_once_leave_what_one_by_one_leaves(steps: list[Step], seal_rows: int, seal_samples: int) -> None:
    options = StoreOptions(seal_rows=seal_rows, seal_samples=seal_samples)
    one_by_one, at_once = source(options), source(options)
    number = 0
    for columns, times, values in steps:
        array = np.array(columns, np.int64)
        layout = Layout(array, array)
        numbers = list(range(number, number + len(times)))
        number += len(times)
        for at, time in enumerate(times):
            row = np.array(values[at])
            one_by_one.apply(Commit(time, layout, row, int(is_stale(row).sum())), numbers[at], 3)
        at_once.apply_rows(Rows(0, numbers, np.array(times), array, np.array(values)), layout, 3)
        assert shown(at_once) == shown(one_by_one)
