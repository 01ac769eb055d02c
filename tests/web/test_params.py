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
        ("2015-07-01T20:10:51.781Z", 1435781451781),
        ("2015-07-01T22:10:51+02:00", 1435781451000),
    ],
)
def test_instants_are_seconds_or_rfc3339(text: str, ms: int) -> None:
    assert params.parse_time(text) == ms


@pytest.mark.parametrize("text", ["", "x", "NaN", "1_000", "2015-13-01T00:00:00Z", "2015-07-01"])
def test_other_texts_are_refused_in_prometheus_words(text: str) -> None:
    with pytest.raises(ValueError, match=f'cannot parse "{text}" to a valid timestamp'):
        params.parse_time(text)


@pytest.mark.parametrize(("text", "ms"), [("15", 15_000), ("0.5", 500), ("1m30s", 90_000)])
def test_steps_are_seconds_or_durations(text: str, ms: int) -> None:
    assert params.parse_step(text) == ms


@pytest.mark.parametrize("text", ["", "x", "1h30"])
def test_other_steps_are_refused(text: str) -> None:
    with pytest.raises(ValueError, match=f'cannot parse "{text}" to a valid duration'):
        params.parse_step(text)
