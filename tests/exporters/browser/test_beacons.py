"""What a posted body tells."""

from __future__ import annotations

import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from exporters.browser.beacons import ENDPOINTS, MOST_BYTES, BeaconError, Observation, observations
from exporters.browser.table import INTERACTION, MEASURES, PAGE_LOAD, RENDERING, VITALS


@pytest.mark.parametrize(
    ("endpoint", "body", "expected"),
    [
        ("page-load", '{"page": "/home", "loadTime": 1234}', Observation(PAGE_LOAD, "/home", 1.234)),
        ("user-interaction", '{"action": "save", "duration": 80.5}', Observation(INTERACTION, "save", 0.0805)),
        ("component-render", '{"component": "List", "renderTime": 16}', Observation(RENDERING, "List", 0.016)),
        ("web-vitals", '{"name": "CLS", "value": 0.1, "page": "/"}', Observation(VITALS["CLS"], "/", 0.1)),
    ],
)
def test_milliseconds_become_seconds_and_the_layout_shift_stays(
    endpoint: str, body: str, expected: Observation
) -> None:
    assert observations(endpoint, body.encode()) == [expected]


def test_objects_of_the_web_vitals_library_are_taken_one_by_one_or_as_a_list() -> None:
    lcp = {"name": "LCP", "value": 2500, "rating": "good", "delta": 2500, "id": "v4-1", "entries": [], "page": "/a"}
    inp = {"name": "INP", "value": 200, "navigationType": "navigate"}
    assert observations("web-vitals", json.dumps([lcp, inp]).encode()) == [
        Observation(VITALS["LCP"], "/a", 2.5),
        Observation(VITALS["INP"], "", 0.2),
    ]


@pytest.mark.parametrize(
    ("endpoint", "body", "status", "outcome", "text"),
    [
        ("page-load", "not json", 400, "malformed", "page-load: JSON is malformed"),
        ("page-load", '{"page": "/"}', 400, "malformed", "page-load: Object missing required field `loadTime`"),
        ("page-load", '{"page": "/", "loadTime": null}', 400, "malformed", "page-load: Expected `float`, got `null`"),
        ("web-vitals", '{"name": "FID", "value": 1}', 400, "malformed", "web-vitals: Invalid enum value 'FID'"),
        ("page-load", '{"page": "\\ud800", "loadTime": 1}', 400, "malformed", "page-load: JSON is malformed"),
        (
            "page-load",
            '{"page": "/", "loadTime": -1700000000000}',
            422,
            "out of range",
            "page_load_time: -1.7e+12 ms is not between 0 and 3.6e+06 ms: is it read after the load event has ended?",
        ),
        ("page-load", " " * (MOST_BYTES + 1), 413, "too large", "a body of 16385 bytes: 16384 are taken"),
    ],
)
def test_what_can_not_be_counted_is_refused_in_words(
    endpoint: str, body: str, status: int, outcome: str, text: str
) -> None:
    with pytest.raises(BeaconError) as caught:
        observations(endpoint, body.encode())
    assert (caught.value.status, caught.value.outcome) == (status, outcome)
    assert str(caught.value).startswith(text)


@given(endpoint=st.sampled_from(sorted(ENDPOINTS)), body=st.binary(max_size=200))
def test_nothing_but_a_beacon_error_comes_of_any_bytes(endpoint: str, body: bytes) -> None:
    try:
        found = observations(endpoint, body)
    except BeaconError:
        return
    assert all(0 <= one.value <= 3_600_000 for one in found)


def test_the_bounds_of_every_measure_rise() -> None:
    for measure in MEASURES:
        assert list(measure.bounds) == sorted(set(measure.bounds)), measure.name
