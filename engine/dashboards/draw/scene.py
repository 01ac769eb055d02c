"""What a panel is drawn from, and the parts that several kinds have in common."""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping, Sequence
from typing import Any, TypeAlias

import numpy as np
from msgspec import Struct, field

from engine.dashboards.fields.config import Config
from engine.dashboards.fields.display import Shown
from engine.dashboards.fields.reducers import reduced, title
from engine.dashboards.frames.frame import Frame
from engine.dashboards.json import Json, at, flag, mapping, text, texts
from engine.dashboards.model import Panel
from engine.dashboards.times import TimeRange
from engine.dashboards.units import format as units
from engine.dashboards.variables.formats import readable
from engine.dashboards.variables.interpolate import interpolate
from engine.dashboards.variables.value import Lookup


class Scene(Struct, frozen=True):
    """`rows` are the fields of the frames, as they are shown. `extra` is what only one kind has (alerts, boards)."""

    panel: Panel
    frames: Sequence[Frame]
    rows: Sequence[Sequence[Shown]]
    within: TimeRange
    setting: units.Setting
    lookup: Lookup
    extra: Mapping[str, Any] = field(default_factory=dict)

    @property
    def options(self) -> Json:
        return self.panel.options

    @property
    def numbers(self) -> list[Shown]:
        return [one for row in self.rows for one in row if one.field.kind in ("number", "boolean")]

    def words(self, written: str) -> str:
        """A text for people, with values for its variables."""
        return interpolate(written, self.lookup, readable)


Drawer: TypeAlias = Callable[[Scene], dict[str, Any]]


class Formats:
    """The formats that a panel's answer lists once each."""

    def __init__(self) -> None:
        self.found: list[Mapping[str, Any]] = []
        self._places: dict[tuple[str, int | None, str], int] = {}

    def place(self, config: Config) -> int:
        key = (config.unit, config.decimals, repr(config.mappings) + config.no_value)
        if key not in self._places:
            self._places[key] = len(self.found)
            told = dict(units.described(config.unit))
            mappings = [one for one in _mappings(config) if one["text"] is not None]
            told |= {"decimals": config.decimals, "noValue": config.no_value, "mappings": mappings}
            self.found.append(told)
        return self._places[key]


def _mappings(config: Config) -> list[Json]:
    """Those that a browser can apply to a number by itself."""
    made: list[Json] = []
    for one in config.mappings:
        if one.kind == "value":
            made += [
                {"value": value, "text": at(result, "text"), "color": text(at(result, "color"))}
                for value, result in one.exact.items()
            ]
        elif one.kind == "range":
            told: Json = {"from": finite(one.low), "to": finite(one.high)}
            made.append(told | {"text": at(one.result, "text"), "color": text(one.result.get("color"))})
        elif one.kind == "special":
            made.append(
                {"special": one.special, "text": at(one.result, "text"), "color": text(one.result.get("color"))}
            )
    return made


def finite(value: float | None) -> float | None:
    return value if value is not None and math.isfinite(value) else None


def compact(values: Any) -> list[float | int | None]:
    """A column of numbers for JSON: NaN and infinities are null, whole numbers have no point."""
    found = np.asarray(values, dtype=np.float64)
    good = np.isfinite(found)
    if good.all():
        whole = (found == np.trunc(found)) & (np.abs(found) < 2**53)
        plain: list[float | int | None] = found.astype(np.int64).tolist() if whole.all() else found.tolist()
        return plain
    return [value if fine else None for value, fine in zip(found.tolist(), good.tolist(), strict=True)]


def legend(options: Json) -> dict[str, Any]:
    given = mapping(options.get("legend"))
    return {
        "show": flag(given.get("showLegend"), True),
        "mode": text(given.get("displayMode"), "list"),
        "placement": text(given.get("placement"), "bottom"),
        "calcs": [title(name) for name in texts(given.get("calcs"))],
        "sortBy": text(given.get("sortBy")),
        "sortDesc": flag(given.get("sortDesc")),
    }


def tooltip(options: Json) -> dict[str, Any]:
    given = mapping(options.get("tooltip"))
    return {"mode": text(given.get("mode"), "single"), "sort": text(given.get("sort"), "none")}


def calculations(one: Shown, options: Json) -> list[dict[str, Any]]:
    """Of a series, as its legend tells them, and as it sorts by them."""
    found = [(title(name), reduced(one.field, name)) for name in texts(at(options, "legend", "calcs"))]
    return [
        {
            "calc": name,
            "text": str(one.cell(value).text),
            "value": finite(value) if isinstance(value, int | float) else None,
        }
        for name, value in found
    ]


def hidden(one: Shown, where: str) -> bool:
    """Whether a field is kept out of the picture (`viz`), the legend or the tooltip."""
    return flag(at(one.config.custom, "hideFrom", where))


def links(given: Sequence[Json], scene: Scene, lookup: Lookup | None = None) -> list[dict[str, Any]]:
    """Titles and addresses with values for their variables; addresses that could run code are left out."""
    found = []
    for one in given:
        url = interpolate(text(one.get("url")), lookup or scene.lookup).strip()
        if url.lower().split(":", 1)[0] in ("javascript", "data", "vbscript"):
            continue
        found.append({"title": scene.words(text(one.get("title"))), "url": url, "newTab": flag(one.get("targetBlank"))})
    return found
