"""`out_of_order_time_window` beside the real Prometheus: which late samples are taken, and what is counted."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.end_to_end.processes import wait_for
from tests.peers.stamped_pair import StampedPair, stamped_pair

pytestmark = pytest.mark.peer
COUNTED = (
    "prometheus_tsdb_head_out_of_order_samples_appended_total",
    "prometheus_tsdb_out_of_bound_samples_total",
    "prometheus_tsdb_too_old_samples_total",
)


def window(text: str) -> str:
    return f"storage: {{tsdb: {{out_of_order_time_window: {text}}}}}"


def test_late_samples_are_taken_as_there_and_a_reload_changes_the_window(tmp_path: Path) -> None:
    with stamped_pair(tmp_path, storage=window("30m")) as pair:
        pair.put("m 1 100")
        pair.put("m 2 110")
        pair.put("m 3 105")  # late
        pair.put("m 9 105")  # late once more: the first stays
        pair.put("m 4 50")
        pair.put("m 9 110")  # another value for the newest
        pair.put("m 5 120")
        assert pair.same("m") == [(50, "4"), (100, "1"), (105, "3"), (110, "2"), (120, "5")]
        pair.put("fresh 1 -2000")  # beyond the window, but nothing of its series is later
        assert pair.same("fresh") == [(-2000, "1")]
        pair.configure(window("3h"))
        pair.put("old 1 -5000")
        pair.put("old 3 -4900")
        pair.put("old 2 -4950")
        pair.put("old 4 10")
        assert pair.same("old") == [(-5000, "1"), (-4950, "2"), (-4900, "3"), (10, "4")]
        same_counts(pair)
        pair.configure("")
        pair.put("m 6 115", "other 1 115")
        assert len(pair.same("m")) == 5
        assert pair.same("other") == [(115, "1")]
        same_counts(pair)


def same_counts(pair: StampedPair) -> None:
    for name in COUNTED:
        assert (name, pair.ours.metric(name)) == (name, pair.real.metric(name))


def test_a_sample_that_is_too_old_costs_itself_alone_where_the_real_one_gives_up_the_page(tmp_path: Path) -> None:
    with stamped_pair(tmp_path, storage=window("15m")) as pair:
        pair.put("m 1 100")
        pair.offer("m 2 -1000", "other 1 100")
        wait_for("the scrape that fails", lambda: pair.real.value("up") == "0")
        assert pair.real.samples("other") == []
        wait_for("the rest of the page", lambda: pair.ours.samples("other") == [(100, "1")])
        assert pair.ours.samples("m") == [(100, "1")]
        for side in (pair.real, pair.ours):
            assert side.metric("prometheus_tsdb_too_old_samples_total") > 0
