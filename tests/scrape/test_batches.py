"""A scrape as batches, against an obvious twin."""

from __future__ import annotations

import numpy as np
from hypothesis import given
from hypothesis import strategies as st

from engine.scrape.batches import compose, samples_of, vanished
from engine.scrape.series import DROPPED, NO_SERIES, SeriesCache
from exporters.exposition.page import Page
from promql.model.staleness import is_stale

NOW, LATEST = 1000, 2000
ROWS = st.lists(
    st.tuples(
        st.sampled_from([b"a", b"b", b"c", b"d", b"dropped"]),
        st.floats(allow_nan=False),
        st.none() | st.sampled_from([900, 950, NOW, 1500, 2500]),
    ),
    max_size=8,
)
COLUMNS = {b"a": 0, b"b": 1, b"c": 2, b"d": 1, b"dropped": DROPPED}  # b and d are two names of one series
REPORTS = (np.array([7, 0]), np.array([1.0, 2.0]))  # the page may bear a report's name


def page(rows: list[tuple[bytes, float, int | None]]) -> Page:
    keys = [key for key, _, _ in rows]
    stamped = np.array([stamp is not None for _, _, stamp in rows], np.bool_)
    times = np.array([stamp or 0 for _, _, stamp in rows], np.int64)
    values = np.array([value for _, value, _ in rows], np.float64)
    return Page(keys, values, times if stamped.any() else None, stamped if stamped.any() else None)


def twin(
    rows: list[tuple[bytes, float, int | None]], before: set[int], *, honor: bool
) -> dict[tuple[int, int], object]:
    """What is written, by time and column: the first stands; then stale markers, then reports."""
    wanted: list[tuple[int, int, object]] = []
    for key, value, stamp in rows:
        time = stamp if honor and stamp is not None else NOW
        if COLUMNS[key] != DROPPED and time <= LATEST:
            wanted.append((time, COLUMNS[key], value))
    alive = {COLUMNS[key] for key, _, stamp in rows if stamp is None or not honor}
    too_late = {column for time, column, _ in wanted if time >= NOW}
    wanted += [(NOW, column, "stale") for column in before - alive - too_late - set(REPORTS[0].tolist())]
    wanted += [(NOW, int(column), float(value)) for column, value in zip(*REPORTS, strict=True)]
    written: dict[tuple[int, int], object] = {}
    for time, column, value in wanted:
        written.setdefault((time, column), value)
    return written


@given(rows=ROWS, before=st.sets(st.integers(0, 5)), honor=st.booleans())
def test_batches_hold_what_a_plain_loop_would_write(
    rows: list[tuple[bytes, float, int | None]], before: set[int], honor: bool
) -> None:
    cache = SeriesCache()
    parsed = page(rows)
    cache.learn(new := cache.unknown(parsed.keys), [COLUMNS[key] for key in new])
    samples = samples_of(parsed, cache.resolve(parsed.keys), NOW, honor_timestamps=honor, latest=LATEST)
    stale = vanished(np.array(sorted(before), np.int64), samples.alive)
    batches = compose(NOW, samples, stale, REPORTS)
    assert [batch.time for batch in batches] == sorted({batch.time for batch in batches})
    written: dict[tuple[int, int], object] = {}
    for batch in batches:
        assert len(set(batch.columns.tolist())) == len(batch.columns)
        ended = is_stale(batch.values)
        for column, value, end in zip(batch.columns.tolist(), batch.values.tolist(), ended.tolist(), strict=True):
            written[batch.time, column] = "stale" if end else value
    assert written == twin(rows, before, honor=honor)


def test_the_same_list_of_keys_is_looked_up_once() -> None:
    cache = SeriesCache()
    keys = [b"a", b"b", b"a"]
    assert cache.unknown(keys) == [b"a", b"b"]
    cache.learn([b"a", b"b"], [0, DROPPED])
    resolved = cache.resolve(keys)
    assert (resolved.columns.tolist(), resolved.alive.tolist(), resolved.count) == ([0, -1, 0], [0], 2)
    assert not resolved.distinct
    assert cache.resolve(keys) is resolved


def test_keys_that_a_good_page_does_not_bear_are_forgotten() -> None:
    cache = SeriesCache()
    cache.learn([b"a", b"b"], [0, 1])
    cache.resolve([b"a"])
    cache.settle()
    assert (len(cache), cache.unknown([b"a", b"b"])) == (1, [b"b"])


def test_nothing_vanishes_from_what_is_still_there() -> None:
    alive = np.array([1, 2])
    assert len(vanished(alive, alive)) == 0
    assert vanished(alive, NO_SERIES.alive).tolist() == [1, 2]
