"""Beacons counted."""

from __future__ import annotations

import pytest

from exporters.browser.beacons import BeaconError
from exporters.browser.metrics import Beacons, OwnCounts
from exporters.exposition.negotiate import Format
from exporters.exposition.render import render


def page(counts: OwnCounts) -> list[str]:
    return render(counts.families(), Format.TEXT).decode().splitlines()


def test_there_is_nothing_to_show_before_the_first_beacon() -> None:
    assert OwnCounts().families() == []


def test_a_page_load_is_counted_in_its_histogram_in_seconds() -> None:
    counts = OwnCounts()
    Beacons(counts).take("page-load", b'{"page": "/orders/7", "loadTime": 1234}')
    lines = page(counts)
    assert "# TYPE page_load_time histogram" in lines
    assert 'page_load_time_bucket{page="/orders/:id",le="1"} 0' in lines
    assert 'page_load_time_bucket{page="/orders/:id",le="1.5"} 1' in lines
    assert 'page_load_time_sum{page="/orders/:id"} 1.234' in lines
    assert 'browser_beacons_total{endpoint="page-load",outcome="taken"} 1' in lines


def test_a_refused_beacon_changes_no_histogram_and_is_counted() -> None:
    counts = OwnCounts()
    with pytest.raises(BeaconError):
        Beacons(counts).take("web-vitals", b'[{"name": "LCP", "value": 1}, {"name": "LCP", "value": -1}]')
    assert [family.name for family in counts.families()] == ["browser_beacons_total"]
    assert 'browser_beacons_total{endpoint="web-vitals",outcome="out of range"} 1' in page(counts)


def test_more_pages_than_a_family_may_have_are_counted_as_one() -> None:
    counts = OwnCounts()
    beacons = Beacons(counts, most_values=2)
    for name in "abcd":
        beacons.take("user-interaction", b'{"action": "%s", "duration": 1}' % name.encode())
    lines = page(counts)
    assert 'user_interaction_time_count{action="other"} 2' in lines
    assert 'browser_label_values_folded_total{family="user_interaction_time"} 2' in lines
    assert not any('action="c"' in line for line in lines)
