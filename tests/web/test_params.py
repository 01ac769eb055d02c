"""Parameters of the API."""

import pytest

from engine.web.api import params


@pytest.mark.parametrize(
    ("text", "ms"),
    [
        ("1435781451.7814", 1435781451781),
        ("0", 0),
        ("-1.5", -1500),
        ("1e3", 1_000_000),
        ("1_0", 10_000),
        ("2015-07-01T20:10:51,781Z", 1435781451781),
        ("292277025-08-18T07:12:54.999999999Z", params.MAX_TIME),
        ("2015-07-01T20:10:51.781Z", 1435781451781),
        ("2015-07-01T22:10:51+02:00", 1435781451000),
    ],
)
def test_instants_are_seconds_or_rfc3339(text: str, ms: int) -> None:
    assert params.parse_time(text) == ms


@pytest.mark.parametrize(
    "text", ["", "x", "NaN", "-Inf", "1e20", " 5", "٣", "2015-13-01T00:00:00Z", "2015-07-01t20:10:51z", "2015-07-01"]
)
def test_other_texts_are_refused_in_prometheus_words(text: str) -> None:
    with pytest.raises(ValueError, match=f'cannot parse "{text}" to a valid timestamp'):
        params.parse_time(text)


@pytest.mark.parametrize(("text", "seconds"), [("15", 15), ("0.5", 0.5), ("1m30s", 90), ("1ms", 0.001), ("-1", -1)])
def test_durations_are_seconds_or_written_with_units(text: str, seconds: float) -> None:
    assert params.parse_duration(text) == seconds


@pytest.mark.parametrize("text", ["", "x", "1h30"])
def test_other_durations_are_refused(text: str) -> None:
    with pytest.raises(ValueError, match=f'cannot parse "{text}" to a valid duration$'):
        params.parse_duration(text)


def test_durations_that_overflow_are_refused() -> None:
    with pytest.raises(ValueError, match="It overflows int64"):
        params.parse_duration("1e30")
