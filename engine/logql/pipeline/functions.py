"""What templates of `line_format` and `label_format` may call beside what those of pipelines may: Loki's own.

`__line__`, `__timestamp__` and `now` are those of the line and of the query, which the caller gives.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from typing import Final
from urllib.parse import unquote_plus
from zoneinfo import ZoneInfo

from engine.foundation.regexes import Regex, RegexError
from engine.gotemplate.errors import CallError
from engine.gotemplate.functions.builtins import url_escape
from engine.gotemplate.functions.lines import LINES
from engine.gotemplate.functions.texts import aligned
from engine.gotemplate.timeparse import parse
from engine.gotemplate.times import TIME, GoTime
from engine.gotemplate.types import INT, STRING, Function
from engine.logql import units
from promql.model.labels import quote


def functions(line: Callable[[], str], time: Callable[[], int], now: int) -> Mapping[str, Function]:
    """The whole table. `line` and `time` (ns) are asked when a template is filled; `now` in ns."""
    return {
        **_FIXED,
        "__line__": Function(line),
        "__timestamp__": Function(lambda: GoTime(time())),
        "now": Function(lambda: GoTime(now)),
    }


def _count(pattern: str, text: str) -> int:
    try:
        regex = Regex(pattern, anchored=False)
    except RegexError as error:
        raise CallError(str(error)) from None
    return regex.count(text)


def _seconds(text: str) -> float:
    return units.go_duration(text) / 1e9


def _measured(read: Callable[[str], float]) -> Callable[[str], float]:
    def call(text: str) -> float:
        try:
            return read(text)
        except ValueError as error:
            raise CallError(str(error)) from None

    return call


def _epoch_time(text: str) -> GoTime:
    """Seconds, milliseconds, microseconds or nanoseconds, by the number of digits."""
    scale = {5: 86_400 * 10**9, 10: 10**9, 13: 10**6, 16: 1000, 19: 1}.get(len(text))
    if scale is None or not (text.isascii() and text.isdigit()):
        raise CallError(f'unable to parse time "{text}": want days, or seconds to nanoseconds since 1970')
    return GoTime(int(text) * scale)


def _read_time(layout: str, text: str, zone: ZoneInfo | None = None) -> GoTime:
    """The zero time where the text is not as the layout says."""
    found = parse(layout, text, zone)
    return GoTime.zero() if found is None else GoTime(found.ns, found.offset, found.zone)


def _read_time_in(layout: str, place: str, text: str) -> GoTime:
    """A place that nobody knows counts as UTC."""
    try:
        zone = ZoneInfo(place) if place else None
    except (KeyError, ValueError, OSError):
        zone = None
    return _read_time(layout, text, zone)


_NO_ESCAPE: Final = re.compile(r"%(?![0-9A-Fa-f]{2}).{0,2}", re.DOTALL)  # noqa: TID251 - ours, linear


def _unescaped(text: str) -> str:
    if (odd := _NO_ESCAPE.search(text)) is not None:
        raise CallError(f"invalid URL escape {quote(odd[0])}")
    return unquote_plus(text)


_FIXED: Final[Mapping[str, Function]] = {
    **LINES,
    "alignLeft": Function(lambda count, text: aligned(count, text, left=True), (INT, STRING)),
    "alignRight": Function(lambda count, text: aligned(count, text, left=False), (INT, STRING)),
    "bytes": Function(_measured(units.size), (STRING,)),
    "count": Function(_count, (STRING, STRING), price=1),
    "date": Function(lambda layout, time: GoTime(time.ns).format(layout), (STRING, TIME)),
    "duration": Function(_measured(_seconds), (STRING,)),
    "duration_seconds": Function(_measured(_seconds), (STRING,)),
    "toDate": Function(_read_time, (STRING, STRING)),
    "toDateInZone": Function(_read_time_in, (STRING, STRING, STRING)),
    "unixEpoch": Function(lambda time: str(time.ns // 10**9), (TIME,)),
    "unixEpochMillis": Function(lambda time: str(time.ns // 10**6), (TIME,)),
    "unixEpochNanos": Function(lambda time: str(time.ns), (TIME,)),
    "unixToTime": Function(_epoch_time, (STRING,)),
    "urldecode": Function(_unescaped, (STRING,)),
    "urlencode": Function(url_escape, (STRING,)),
}
