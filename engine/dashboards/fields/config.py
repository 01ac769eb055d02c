"""What a panel says of its fields: defaults, and overrides for those that a matcher names."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from types import MappingProxyType
from typing import Any, Final

from msgspec import Struct, field
from msgspec.structs import replace

from engine.dashboards.fields import mappings, thresholds
from engine.dashboards.fields.reducers import reduced
from engine.dashboards.frames.frame import Field, Frame
from engine.dashboards.json import Json, at, child, mapping, number, objects, text, texts
from engine.dashboards.patterns import Pattern


class ColorMode(Struct, frozen=True):
    """`mode` as Grafana names it; `by` is the value whose colour a whole series gets."""

    mode: str = ""
    fixed: str = ""
    by: str = "last"


class Config(Struct, frozen=True):
    """Of one field. `decimals`, `low` and `high` are None where they are left to its values."""

    unit: str = ""
    decimals: int | None = None
    low: float | None = None
    high: float | None = None
    no_value: str = ""
    display_name: str = ""
    mappings: tuple[mappings.ValueMapping, ...] = ()
    thresholds: thresholds.Thresholds = thresholds.DEFAULT
    color: ColorMode = ColorMode()
    links: tuple[Json, ...] = ()
    custom: Json = field(default_factory=dict)


def config(defaults: Json, properties: Sequence[Json] = ()) -> Config:
    """Defaults with properties of overrides over them, in order."""
    found = {**defaults, "custom": _copied(mapping(defaults.get("custom")))}
    for one in properties:
        _set(found, text(one.get("id")), one.get("value"))
    color, decimals = mapping(found.get("color")), number(found.get("decimals"))
    return Config(
        unit=text(found.get("unit")),
        decimals=None if decimals is None else int(decimals),
        low=number(found.get("min")),
        high=number(found.get("max")),
        no_value=str(found["noValue"]) if found.get("noValue") is not None else "",
        display_name=text(found.get("displayName")),
        mappings=mappings.read(found.get("mappings")),
        thresholds=thresholds.read(found.get("thresholds")) or thresholds.DEFAULT,
        color=ColorMode(text(color.get("mode")), text(color.get("fixedColor")), text(color.get("seriesBy"), "last")),
        links=tuple(objects(found.get("links"))),
        custom=found["custom"],
    )


def properties(overrides: Sequence[Json], one: Field, frame: Frame, name: str) -> list[Json]:
    """Those of all overrides that match the field, which is shown under this name."""
    found: list[Json] = []
    for override in overrides:
        matcher = mapping(override.get("matcher"))
        fits = MATCHERS.get(text(matcher.get("id")))
        if fits is not None and fits(matcher.get("options"), one, frame, name):
            found += objects(override.get("properties"))
    return found


def extent(values: Sequence[Field]) -> tuple[float, float]:
    """The smallest and the largest of all these; 0 and 100 where there are none."""
    lows = [low for one in values if (low := reduced(one, "min")) is not None]
    highs = [high for one in values if (high := reduced(one, "max")) is not None]
    return min(lows, default=0.0), max(highs, default=100.0)


def bounded(found: Config, low: float, high: float) -> Config:
    """Minimum and maximum, where they are left to the values of the whole panel."""
    if found.low is not None and found.high is not None:
        return found
    return replace(found, low=low if found.low is None else found.low, high=high if found.high is None else found.high)


Matcher = Callable[[Any, Field, Frame, str], bool]


def _by_names(options: Any, one: Field, _: Frame, name: str) -> bool:
    names = texts(options) or texts(at(options, "names"))
    inside = name in names or one.name in names
    return inside is not bool(at(options, "mode") == "exclude")


def _by_value(options: Any, one: Field, *_: Any) -> bool:
    value, limit = reduced(one, text(at(options, "reducer"), "lastNotNull")), number(at(options, "value"))
    if one.kind != "number" or limit is None:
        return False
    if value is None:
        return False
    compare = {
        "gte": value >= limit, "gt": value > limit, "lte": value <= limit, "lt": value < limit, "eq": value == limit,
        "ne": value != limit,
    }  # fmt: skip
    named = {">=": "gte", ">": "gt", "<=": "lte", "<": "lt", "==": "eq", "=": "eq", "!=": "ne"}
    operator = text(at(options, "op"), "gte")
    return bool(compare.get(named.get(operator, operator), False))


MATCHERS: Final[Mapping[str, Matcher]] = MappingProxyType({
    "byName": lambda options, one, _, name: options in (name, one.name) and bool(options),
    "byRegexp": lambda options, _, __, name: Pattern.of(text(options)).finds(name),
    "byNames": _by_names,
    "byType": lambda options, one, *_: one.kind == options,
    "byTypes": lambda options, one, *_: one.kind in texts(options),
    "byFrameRefID": lambda options, _, frame, __: frame.ref == options,
    "byValue": _by_value,
    "numeric": lambda _, one, *__: one.kind == "number",
    "time": lambda _, one, *__: one.kind == "time",
    "first": lambda _, one, frame, __: bool(frame.fields) and frame.fields[0] is one,
    "firstTimeField": lambda _, one, frame, __: frame.first("time") is one,
})  # fmt: skip


def _set(found: Json, name: str, value: Any) -> None:
    """`custom.hideFrom.viz` and the like are paths."""
    *path, last = name.split(".")
    child(found, *path)[last] = value


def _copied(given: Json) -> Json:
    return {key: dict(value) if isinstance(value, dict) else value for key, value in given.items()}
