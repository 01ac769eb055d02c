"""Times that are read in a row are those that are read one by one."""

from __future__ import annotations

import tracemalloc
from zoneinfo import ZoneInfo

from hypothesis import given
from hypothesis import strategies as st

from engine.gotemplate.layout import RFC3339_NANO
from engine.gotemplate.timeparse import parse_time
from engine.gotemplate.timeread import TimeReader

LAYOUTS = st.sampled_from(
    [RFC3339_NANO, "2006-01-02T15:04:05Z07:00", "2006-01-02 15:04:05,000", "02/Jan/2006:15:04:05 -0700",
     "02.01.2006 15:04:05", "Mon, 02 Jan 2006 15:04:05.999 MST", "2006-01-02 3:04:05 PM", "15:04:05", "2006-1-2 15:04:05.00",
     "05.000 2006", "2006-01-02 15:04:05 05"]
)  # fmt: skip
PIECES = st.sampled_from(
    ["2026-11-26", "T", " ", "04:05:06", "4:05:06", "04:05:60", ".", ",", "1", "25", "120", "123456789", "1234567890", "Z",
     "+01:00", " -0700", "26/Nov/2026:04:05:06", "26.11.2026", " PM", " CET", "Thu, 26 Nov 2026 04:05:06", "06.120 2026", "\u0663"]
)  # fmt: skip
TEXTS = st.lists(PIECES, min_size=1, max_size=5).map("".join) | st.builds(
    "{}{}{}:{:02}:{:02}{}{}{}".format, st.sampled_from(["2026-11-26", "26.11.2026"]), st.sampled_from("T "),
    st.sampled_from(["04", "4", "24"]), st.integers(0, 61), st.integers(0, 61), st.sampled_from(["", ".", ","]),
    st.sampled_from(["", "0", "5", "120", "123456", "1234567891"]), st.sampled_from(["", "Z", "+02:00", ".5", " 06"]),
)  # fmt: skip


@given(layout=LAYOUTS, zone=st.sampled_from(["", "Europe/Berlin"]), texts=st.lists(TEXTS, min_size=1, max_size=12))
def test_times_are_read_in_a_row_as_one_by_one(layout: str, zone: str, texts: list[str]) -> None:
    place = ZoneInfo(zone) if zone else None
    one_by_one = [parse_time(layout, text, place) for text in texts]
    times = TimeReader(layout, place)
    assert [times.read(text) for text in texts * 2] == one_by_one * 2
    assert times.read_all(texts) == TimeReader(layout, place).read_all(texts) == one_by_one


def test_what_is_no_time_is_not_kept() -> None:
    """It may be a whole line."""
    times = TimeReader("2006-01-02")
    tracemalloc.start()
    try:
        assert [times.read(f"{number}{'x' * 10_000}") for number in range(200)] == [None] * 200
        held, _ = tracemalloc.get_traced_memory()
    finally:
        tracemalloc.stop()
    assert held < 1_000_000
