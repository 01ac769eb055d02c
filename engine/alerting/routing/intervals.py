"""Times of the week, the month and the year at which routes are heard or mute.

An interval holds an instant when each of its kinds of ranges does, and one range of each kind is enough; what has no
ranges at all holds always. Instants are seen in the interval's own time zone, UTC where it names none.
"""

from __future__ import annotations

import calendar
from collections.abc import Iterable, Mapping, Sequence
from datetime import UTC, datetime
from typing import Final
from zoneinfo import ZoneInfo

from engine.alerting.routing.interval_config import DayOfMonthRange, NamedTimeIntervals, TimeInterval
from engine.alerting.routing.route import Route
from engine.foundation.clock import SECOND

_LOCAL: Final = "Local"


class Intervals:
    """The intervals of a config by name."""

    def __init__(self, named: Iterable[NamedTimeIntervals]) -> None:
        self._named: Mapping[str, Sequence[TimeInterval]] = {one.name: one.time_intervals for one in named}

    def closed_by(self, route: Route, instant: int) -> str:
        """Why the route is not heard at this instant (Unix ns); nothing while it is."""
        if route.active_intervals and not any(self._holds(name, instant) for name in route.active_intervals):
            return f"outside of the route's active_time_intervals ({', '.join(route.active_intervals)})"
        muting = next((name for name in route.mute_intervals if self._holds(name, instant)), None)
        return "" if muting is None else f"inside of the time interval {muting}, which mutes the route"

    def _holds(self, name: str, instant: int) -> bool:
        return any(holds(interval, instant) for interval in self._named[name])


def holds(interval: TimeInterval, instant: int) -> bool:
    """Whether the instant (Unix ns) lies in the interval."""
    at = _seen_in(interval.location, instant)
    minute, weekday = at.hour * 60 + at.minute, at.isoweekday() % 7
    last = calendar.monthrange(at.year, at.month)[1]
    return (
        (not interval.times or any(r.start_time <= minute < r.end_time for r in interval.times))
        and (not interval.days_of_month or any(_has_day(r, at.day, last) for r in interval.days_of_month))
        and (not interval.months or any(r.begin <= at.month <= r.end for r in interval.months))
        and (not interval.weekdays or any(r.begin <= weekday <= r.end for r in interval.weekdays))
        and (not interval.years or any(r.begin <= at.year <= r.end for r in interval.years))
    )


def _seen_in(location: str, instant: int) -> datetime:
    utc = datetime.fromtimestamp(instant // SECOND, UTC)
    if location == _LOCAL:
        return utc.astimezone()
    return utc.astimezone(ZoneInfo(location)) if location else utc


def _has_day(days: DayOfMonthRange, day: int, last: int) -> bool:
    """Days below 0 count from the month's end; a range that begins after it holds no day of this month."""
    begin, end = (edge + last + 1 if edge < 0 else edge for edge in (days.begin, days.end))
    return begin <= last and begin <= day <= min(end, last)
