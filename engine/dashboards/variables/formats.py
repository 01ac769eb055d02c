"""The formats of `${name:format}`, one table."""

from __future__ import annotations

import html
import re
from collections.abc import Callable, Mapping, Sequence
from types import MappingProxyType
from typing import Final
from urllib.parse import quote

import msgspec

from engine.dashboards.units.dates import written
from engine.dashboards.variables.value import ALL, Value

_SPECIAL: Final = re.compile(r"[\\^$*+?.()|\[\]{}/]")  # noqa: TID251 - ours, linear
_LUCENE: Final = re.compile(r"""[!*+\-=<>\s&|()\[\]{}^~?:\\/"]""")  # noqa: TID251 - ours, linear
_PROMETHEUS: Final = re.compile(r"[$^*{}\[\]'+?.()|]")  # noqa: TID251 - ours, linear

Format = Callable[[Value, str, str], str]
"""From the value, the variable's name and what follows the format's name."""


def each(change: Callable[[str], str], joint: str = ",", before: str = "", behind: str = "") -> Format:
    """All values, changed and joined; `before` and `behind` stand around more than one."""

    def of(value: Value, *_: str) -> str:
        found = [change(one) for one in value.values]
        return before + joint.join(found) + behind if len(found) > 1 else "".join(found)

    return of


def prometheus(value: Value, *_: str) -> str:
    """What stands in a PromQL or LogQL string without a format of its own."""
    if not value.several:
        return "".join(one.replace("\\", "\\\\").replace("'", "\\\\'") for one in value.values)
    found = [_PROMETHEUS.sub(r"\\\\\g<0>", one.replace("\\", "\\\\\\\\")) for one in value.values]
    return found[0] if len(found) == 1 else f"({'|'.join(found)})" if found else ""


def glob(value: Value, *_: str) -> str:
    found: Sequence[str] = value.values
    return f"{{{','.join(found)}}}" if len(found) > 1 else "".join(found)


def readable(value: Value, *_: str) -> str:
    """For titles and texts: `a + b`."""
    return value.shown


def _json(value: Value, *_: str) -> str:
    found: object = list(value.values) if value.several else "".join(value.values)
    return found if isinstance(found, str) else msgspec.json.encode(found).decode()


def _lucene(value: Value, *_: str) -> str:
    found = [_LUCENE.sub(r"\\\g<0>", one) for one in value.values]
    if not found:
        return "__empty__"
    return found[0] if len(found) == 1 else "(" + " OR ".join(f'"{one}"' for one in found) + ")"


def _distributed(value: Value, name: str, _: str) -> str:
    return ",".join(one if at == 0 else f"{name}={one}" for at, one in enumerate(value.values))


def _percent(value: Value, *_: str) -> str:
    return quote(glob(value), safe="-_.~")


def _query(value: Value, name: str, _: str) -> str:
    found = (ALL,) if value.is_all else value.values
    return "&".join(f"var-{quote(name, safe='')}={quote(one, safe='-_.!~*()')}" for one in found)


def _date(value: Value, _: str, argument: str) -> str:
    try:
        ms = int("".join(value.values))
    except ValueError:
        return "NaN"
    if argument == "seconds":
        return str(ms // 1000)
    return written(ms, "YYYY-MM-DD[T]HH:mm:ss.SSS[Z]" if argument in ("", "iso") else argument)


FORMATS: Final[Mapping[str, Format]] = MappingProxyType({
    "csv": each(str), "raw": each(str), "pipe": each(str, "|"), "glob": glob, "json": _json, "lucene": _lucene,
    "regex": each(lambda one: _SPECIAL.sub(r"\\\g<0>", one), "|", "(", ")"), "distributed": _distributed,
    "singlequote": each(lambda one: "'" + one.replace("'", "\\'") + "'"),
    "doublequote": each(lambda one: '"' + one.replace('"', '\\"') + '"'),
    "sqlstring": each(lambda one: "'" + one.replace("'", "''") + "'"), "percentencode": _percent,
    "uriencode": lambda value, *_: quote(glob(value), safe="-_.!~*'();/?:@&=+$,#"),
    "queryparam": _query, "html": each(html.escape, ", "), "text": readable, "date": _date,
})  # fmt: skip
VERBATIM_STILL: Final = ("text", "percentencode", "queryparam", "uriencode")
"""Formats that hold for a dashboard's own text for all, too."""
