"""Frames of answers: gaps stay gaps, and a step without a value is no row."""

from __future__ import annotations

import numpy as np

from engine.dashboards.frames.results import series_frames, table_frame
from promql.model.labels import Labels
from promql.model.results import Matrix, RawMatrix, Series

TIMES = np.array([0, 15, 30, 90, 105], dtype=np.int64)
GAPPED = RawMatrix([Series(Labels.of({"a": "b"}), TIMES, np.arange(5.0))])
SPARSE = Matrix(np.array([0, 15]), [Labels.of({"a": "b"})], np.array([[1.0, 2.0]]), np.array([[True, False]]))


def test_between_values_further_apart_than_a_step_there_is_none() -> None:
    (frame,) = series_frames(GAPPED, "A", "", "q", step=15)
    time, value = frame.fields
    assert list(time.values) == [0, 15, 30, 45, 90, 105]
    assert [str(one) for one in value.values] == ["0.0", "1.0", "2.0", "nan", "3.0", "4.0"]


def test_values_of_no_known_step_stay_as_they_came() -> None:
    (frame,) = series_frames(GAPPED, "A", "", "q")
    assert list(frame.fields[0].values) == list(TIMES)


def test_a_table_has_rows_of_samples_alone() -> None:
    frame = table_frame(SPARSE, "A")
    assert [list(one.values) for one in frame.fields if one.kind == "number"] == [[1.0]]
