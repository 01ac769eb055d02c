"""A field ready to be shown: its name, and the text and colour of each of its values."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from msgspec import Struct
from msgspec.structs import replace

from engine.dashboards.fields import colors, mappings
from engine.dashboards.fields.config import Config, bounded, config, extent, properties
from engine.dashboards.fields.names import calculated, shown
from engine.dashboards.fields.reducers import reduced
from engine.dashboards.frames.frame import Field, Frame
from engine.dashboards.json import Json, objects
from engine.dashboards.json import shown as plain
from engine.dashboards.units import dates
from engine.dashboards.units import format as units
from engine.dashboards.units.numbers import Text
from engine.dashboards.variables.value import Lookup


class Cell(Struct, frozen=True):
    """One value, ready. `share` is its place between minimum and maximum."""

    text: Text
    color: str
    share: float | None


class Shown(Struct, frozen=True):
    """A field of a frame with what holds for it; `index` counts the fields that have numbers, for palettes."""

    field: Field
    frame: Frame
    config: Config
    name: str
    index: int
    setting: units.Setting

    def cell(self, value: Any) -> Cell:
        """The text and colour of a value; the unit's, unless a mapping says otherwise."""
        mapped = mappings.find(self.config.mappings, value)
        text = self._text(value) if mapped is None or mapped.text is None else Text(mapped.text)
        amount = value if isinstance(value, int | float) and not isinstance(value, bool) else None
        color = colors.hexed(mapped.color) if mapped is not None and mapped.color else self.color_of(amount)
        return Cell(text, color, None if amount is None else self._share(float(amount)))

    def color_of(self, value: float | None) -> str:
        """By the field's colour mode."""
        config, mode = self.config, self.config.color.mode
        if mode == "fixed":
            return colors.hexed(config.color.fixed or "text")
        if mode in colors.CONTINUOUS:
            return colors.blended(colors.CONTINUOUS[mode], 0.0 if value is None else self._share(value))
        if mode.startswith("palette-classic") and mode != "palette-classic-by-name":
            return colors.classic(self.index)
        if mode == "palette-classic-by-name":
            return colors.classic(sum(map(ord, self.name)))
        if mode == "shades":
            return colors.hexed(config.color.fixed or "green")
        low, high = self._bounds()
        return config.thresholds.color(float("-inf") if value is None else value, low, high)

    def series_color(self) -> str:
        """Of the whole series: the palette's, unless a mode colours by value."""
        mode = self.config.color.mode
        if mode in ("", "palette-classic"):
            return colors.classic(self.index)
        if mode == "thresholds" or mode in colors.CONTINUOUS:
            by = {"last": "lastNotNull"}.get(self.config.color.by, self.config.color.by)
            return self.color_of(reduced(self.field, by))
        return self.color_of(None)

    def _bounds(self) -> tuple[float, float]:
        low, high = self.config.low, self.config.high
        return 0.0 if low is None else low, 100.0 if high is None else high

    def _share(self, value: float) -> float:
        low, high = self._bounds()
        return 0.0 if high == low else min(max((value - low) / (high - low), 0.0), 1.0)

    def _text(self, value: Any) -> Text:
        if value is None:
            return Text(self.config.no_value)
        if self.field.kind == "time" and not units.is_date(self.config.unit):
            return Text(dates.written(value, dates.ISO, self.setting.zone))
        if isinstance(value, bool):
            return units.text(float(value), self.config.unit or "bool")
        if isinstance(value, int | float) and self.config.unit != "string":
            return units.text(float(value), self.config.unit, self.config.decimals, self.setting)
        if isinstance(value, str):
            return self._of_text(value)
        return Text(plain(value) if not isinstance(value, list) else ", ".join(map(plain, value)))

    def _of_text(self, value: str) -> Text:
        """A number that came as a text is one, where a unit wants it."""
        if self.config.unit and self.config.unit != "string":
            try:
                return units.text(float(value), self.config.unit, self.config.decimals, self.setting)
            except ValueError:
                return Text(value)
        return Text(value)


def prepared(frames: Sequence[Frame], field_config: Json, setting: units.Setting, lookup: Lookup) -> list[list[Shown]]:
    """All fields of all frames, with defaults and overrides; ranges are taken over the whole panel."""
    defaults = field_config.get("defaults")
    base = defaults if isinstance(defaults, dict) else {}
    overrides = objects(field_config.get("overrides"))
    low, high = extent([one for frame in frames for one in frame.all("number")])
    found, index = [], 0
    for frame in frames:
        row = []
        for one in frame.fields:
            name = calculated(one, frame, frames)
            given = properties(overrides, one, frame, _named(base, one, frame, name, lookup))
            own = config(base, given)
            final = shown(own.display_name, one, frame, name, lookup)
            row.append(Shown(one, frame, bounded(own, low, high), final, index, setting))
            index += one.kind == "number"
        found.append(row)
    return found


def _named(base: Json, one: Field, frame: Frame, name: str, lookup: Lookup) -> str:
    """What matchers know it by: the name that defaults give, before overrides rename it."""
    written = base.get("displayName")
    return shown(written, one, frame, name, lookup) if isinstance(written, str) else name


def with_color(given: Shown, mode: str) -> Shown:
    """With this colour mode where the panel names none."""
    if given.config.color.mode:
        return given
    color = replace(given.config.color, mode=mode)
    return replace(given, config=replace(given.config, color=color))
