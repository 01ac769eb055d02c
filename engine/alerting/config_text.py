"""A config in force as YAML, with its defaults and without its secrets: what `amtool config show` prints.

What is empty is left out, and so are keys that only this engine knows, so that the original's tools can read the text.
"""

from __future__ import annotations

import calendar
from collections.abc import Callable, Mapping
from types import MappingProxyType
from typing import Annotated, Any, Final, get_args, get_origin

import msgspec
import yaml

from engine.alerting.config import AlertmanagerConfig
from engine.alerting.config_intervals import DayOfMonthRange, MonthRange, TimeOfDay, WeekdayRange, YearRange
from engine.foundation.decode import OnlyHere
from engine.foundation.regexes import Regex
from engine.foundation.values import Secret
from promql.model.durations import Duration

_ALWAYS: Final = frozenset({"templates"})


def plain_config(config: AlertmanagerConfig) -> Any:
    """The same as mappings, lists and scalars."""
    return _plain(config)


def config_text(config: AlertmanagerConfig) -> str:
    return yaml.safe_dump(_plain(config), sort_keys=False, allow_unicode=True, default_flow_style=False)


def _plain(value: Any) -> Any:
    """The value as lists, mappings and scalars that YAML knows."""
    for kind, show in _SHOWN.items():
        if isinstance(value, kind):
            return show(value)
    return value


def _struct(value: msgspec.Struct) -> dict[str, Any]:
    shown = {}
    for field in msgspec.structs.fields(value):
        plain = _plain(getattr(value, field.name))
        if not _only_here(field.type) and (field.encode_name in _ALWAYS or _says_something(plain)):
            shown[field.encode_name] = plain
    return shown


def _says_something(plain: Any) -> bool:
    if isinstance(plain, dict):
        return any(value is not False for value in plain.values())
    return plain not in (None, "", [])


def _only_here(annotation: Any) -> bool:
    return get_origin(annotation) is Annotated and any(isinstance(a, OnlyHere) for a in get_args(annotation)[1:])


def _range(show: Callable[[int], str]) -> Callable[[Any], str]:
    return lambda r: show(r.begin) if r.begin == r.end else f"{show(r.begin)}:{show(r.end)}"


def _weekday(day: int) -> str:
    return calendar.day_name[day - 1].lower()


_SHOWN: Final[Mapping[type, Callable[[Any], Any]]] = MappingProxyType(
    {
        Secret: str,
        Regex: lambda regex: regex.pattern,
        Duration: str,
        TimeOfDay: lambda minutes: f"{minutes // 60:02d}:{minutes % 60:02d}",
        WeekdayRange: _range(_weekday),
        DayOfMonthRange: _range(str),
        MonthRange: _range(str),
        YearRange: _range(str),
        msgspec.Struct: _struct,
        Mapping: lambda mapping: {_plain(key): _plain(item) for key, item in mapping.items()},
        str: "".join,
        tuple: lambda items: [_plain(item) for item in items],
    }
)
