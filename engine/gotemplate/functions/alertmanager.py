"""The functions that Alertmanager 0.25 adds to Go's own, and some of later releases (`trimSpace`, `date`,
`humanizeDuration`). `now` and `since` need the time, so the caller gives it.
"""

from __future__ import annotations

from collections.abc import Mapping
from types import MappingProxyType
from typing import Final, cast

from engine.gotemplate.containers import GoList, Html
from engine.gotemplate.errors import TooLargeError
from engine.gotemplate.functions.builtins import BUILTINS
from engine.gotemplate.functions.humanize import humanize_duration
from engine.gotemplate.functions.words import lower, matches, replace_all, titled, upper
from engine.gotemplate.printing import MAX_TEXT
from engine.gotemplate.times import TIME
from engine.gotemplate.types import ANY, STRING, STRINGS, Function
from engine.gotemplate.values import Strings


def _join(separator: str, values: GoList) -> str:
    words = [cast("str", v) for v in values]
    if len(separator) * len(words) > MAX_TEXT:
        raise TooLargeError(f"a text would be longer than {MAX_TEXT} characters")
    return separator.join(words)


ALERTMANAGER: Final[Mapping[str, Function]] = MappingProxyType(
    {
        **BUILTINS,
        "date": Function(lambda layout, time: time.format(layout), (STRING, TIME)),
        "humanizeDuration": Function(humanize_duration, (ANY,)),
        "join": Function(_join, (STRING, STRINGS)),
        "match": Function(matches, (STRING, STRING)),
        "reReplaceAll": Function(replace_all, (STRING, STRING, STRING), price=1),
        "safeHtml": Function(Html, (STRING,)),
        "stringSlice": Function(lambda *words: Strings(words), (), STRING),
        "title": Function(titled, (STRING,), price=4),
        "toLower": Function(lower, (STRING,)),
        "toUpper": Function(upper, (STRING,)),
        "trimSpace": Function(str.strip, (STRING,)),
    }
)
