"""Durations as Prometheus writes them."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from promql.model.durations import Duration, format_duration


@pytest.mark.parametrize(
    ("text", "printed"),
    [
        ("90d", "90d"),
        ("36h", "1d12h"),
        ("90s", "1m30s"),
        ("0", "0s"),
        ("365d", "1y"),
        ("14d", "2w"),
        ("1h30m", "1h30m"),
    ],
)
def test_the_canonical_text_has_years_and_weeks_only_where_they_are_exact(text: str, printed: str) -> None:
    assert str(Duration.from_text(text)) == printed


@pytest.mark.parametrize("text", ["5", "1h30", "30m1h", "1.5m", "-5m", " 5m", "5m ", "5x", "٣m"])
def test_what_is_no_duration_is_refused_in_prometheus_words(text: str) -> None:
    with pytest.raises(ValueError, match=f'not a valid duration string: "{text}"'):
        Duration.from_text(text)


def test_an_empty_text_and_one_that_overflows_are_refused() -> None:
    with pytest.raises(ValueError, match="empty duration string"):
        Duration.from_text("")
    with pytest.raises(ValueError, match="duration out of range"):
        Duration.from_text("999y")


@given(st.integers(0, 200 * 365 * 86_400_000))
def test_what_is_printed_reads_back_as_the_same(ms: int) -> None:
    assert Duration.from_text(format_duration(ms)) == ms
