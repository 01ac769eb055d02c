from __future__ import annotations

from datetime import datetime

import pytest

from engine.alerting.routing.interval_config import (
    DayOfMonthRange,
    Location,
    MonthRange,
    TimeInterval,
    TimeOfDay,
    TimeRange,
    WeekdayRange,
    YearRange,
)
from engine.alerting.routing.intervals import holds


def interval(
    *, times: str = "", weekdays: str = "", days: str = "", months: str = "", years: str = "", location: str = ""
) -> TimeInterval:
    """Ranges as they are written, with blanks between them; times of day with a dash inside."""
    ends = [[TimeOfDay.from_text(end) for end in text.split("-")] for text in times.split()]
    return TimeInterval(
        times=tuple(TimeRange(start_time=start, end_time=end) for start, end in ends),
        weekdays=tuple(map(WeekdayRange.from_text, weekdays.split())),
        days_of_month=tuple(map(DayOfMonthRange.from_text, days.split())),
        months=tuple(map(MonthRange.from_text, months.split())),
        years=tuple(map(YearRange.from_text, years.split())),
        location=Location.from_text(location),
    )


# the interval, instants that it holds, instants that it does not
CASES = [
    (interval(), ["2024-02-29T12:00:00Z"], []),
    (
        interval(times="09:00-17:00 23:00-24:00"),
        ["2024-01-01T09:00:00Z", "2024-01-01T16:59:59Z", "2024-01-01T23:59:59Z"],
        ["2024-01-01T08:59:59Z", "2024-01-01T17:00:00Z", "2024-01-01T00:00:00Z"],
    ),
    (
        interval(weekdays="Monday:friday sunday"),
        ["2024-01-01T00:00:00Z", "2024-01-05T23:59:59Z", "2024-01-07T12:00:00Z"],
        ["2024-01-06T12:00:00Z"],
    ),
    (
        interval(days="1:3 -2:-1"),
        ["2024-02-01T00:00:00Z", "2024-02-28T00:00:00Z", "2024-02-29T23:00:00Z", "2023-02-27T00:00:00Z"],
        ["2024-02-04T00:00:00Z", "2024-02-27T00:00:00Z"],
    ),
    (interval(days="29:31"), ["2024-02-29T00:00:00Z", "2024-01-31T00:00:00Z"], ["2023-02-28T00:00:00Z"]),
    (interval(days="15:-1"), ["2023-02-15T00:00:00Z", "2023-02-28T00:00:00Z"], ["2023-02-14T00:00:00Z"]),
    (interval(days="-31:-1"), ["2023-02-01T00:00:00Z", "2023-02-28T00:00:00Z"], []),
    (interval(months="january:march 12"), ["2024-03-31T00:00:00Z", "2024-12-01T00:00:00Z"], ["2024-04-01T00:00:00Z"]),
    (interval(years="2023:2024 2030"), ["2023-06-01T00:00:00Z", "2030-01-01T00:00:00Z"], ["2025-01-01T00:00:00Z"]),
    (
        interval(location="America/New_York", times="09:00-17:00"),
        ["2024-01-01T14:00:00Z", "2024-07-01T13:00:00Z"],
        ["2024-01-01T13:59:59Z", "2024-07-01T21:00:00Z"],
    ),
    (
        interval(location="Asia/Seoul", weekdays="monday", days="1"),
        ["2023-12-31T15:00:00Z", "2024-01-01T14:59:59Z"],
        ["2024-01-01T15:00:00Z", "2024-02-01T00:00:00Z"],
    ),
]
ROWS = [(one, at, inside) for one, ins, outs in CASES for inside, ats in ((True, ins), (False, outs)) for at in ats]


@pytest.mark.parametrize(("one", "at", "inside"), ROWS)
def test_an_interval_holds_an_instant(one: TimeInterval, at: str, inside: bool) -> None:
    assert holds(one, int(datetime.fromisoformat(at).timestamp()) * 10**9) is inside
