"""Colours by Grafana's names, its palettes, and what lies between two of them."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from types import MappingProxyType
from typing import Final

_SHADES: Final = ("super-light", "light", "", "semi-dark", "dark")
_HUES: Final[Mapping[str, tuple[str, ...]]] = MappingProxyType({
    "red": ("#ffa6b0", "#ff7383", "#f2495c", "#e02f44", "#c4162a"),
    "orange": ("#ffcb7d", "#ffb357", "#ff9830", "#ff780a", "#fa6400"),
    "yellow": ("#fff899", "#ffee52", "#fade2a", "#f2cc0c", "#e0b400"),
    "green": ("#c8f2c2", "#96d98d", "#73bf69", "#56a64b", "#37872d"),
    "blue": ("#c0d8ff", "#8ab8ff", "#5794f2", "#3274d9", "#1f60c4"),
    "purple": ("#deb6f2", "#ca95e5", "#b877d9", "#a352cc", "#8f3bb8"),
})  # fmt: skip
NAMED: Final[Mapping[str, str]] = MappingProxyType(
    {
        (f"{shade}-{hue}" if shade else hue): color
        for hue, colors in _HUES.items()
        for shade, color in zip(_SHADES, colors, strict=True)
    }
    | {
        "transparent": "#00000000", "text": "#ccccdc", "panel-bg": "#181b1f", "white": "#ffffff", "black": "#000000",
        "gray": "#808080", "grey": "#808080", "lightgray": "#d3d3d3", "darkgray": "#a9a9a9", "cyan": "#00ffff",
        "magenta": "#ff00ff", "pink": "#ffc0cb", "brown": "#a52a2a", "navy": "#000080", "teal": "#008080",
        "lime": "#00ff00", "olive": "#808000", "maroon": "#800000", "gold": "#ffd700", "silver": "#c0c0c0",
        "violet": "#ee82ee", "indigo": "#4b0082", "turquoise": "#40e0d0", "salmon": "#fa8072", "crimson": "#dc143c",
        "darkred": "#8b0000", "darkgreen": "#006400", "darkblue": "#00008b", "lightblue": "#add8e6",
        "lightgreen": "#90ee90", "aqua": "#00ffff", "tomato": "#ff6347", "coral": "#ff7f50", "skyblue": "#87ceeb",
    }
)  # fmt: skip
CLASSIC: Final = (
    "#73bf69", "#f2cc0c", "#8ab8ff", "#ff780a", "#f2495c", "#5794f2", "#b877d9", "#705da0", "#37872d", "#fade2a",
    "#447ebc", "#c15c17", "#890f02", "#0a437c", "#6d1f62", "#584477", "#b7dbab", "#f4d598", "#70dbed", "#f9ba8f",
    "#f29191", "#82b5d8", "#e5a8e2", "#aea2e0", "#629e51", "#e5ac0e", "#64b0c8", "#e0752d", "#bf1b00", "#0a50a1",
    "#962d82", "#614d93", "#9ac48a", "#f2c96d", "#65c5db", "#f9934e", "#ea6460", "#5195ce", "#d683ce", "#806eb7",
    "#3f6833", "#967302", "#2f575e", "#99440a", "#58140c", "#052b51", "#511749", "#3f2b5b", "#e0f9d7", "#fceaca",
    "#cffaff", "#f9e2d2", "#fce2de", "#badff4", "#f9d9f9", "#dedaf7",
)  # fmt: skip
CONTINUOUS: Final[Mapping[str, tuple[str, ...]]] = MappingProxyType({
    "continuous-GrYlRd": ("green", "yellow", "red"), "continuous-RdYlGr": ("red", "yellow", "green"),
    "continuous-BlYlRd": ("dark-blue", "super-light-yellow", "dark-red"),
    "continuous-YlRd": ("super-light-yellow", "dark-red"), "continuous-BlPu": ("blue", "purple"),
    "continuous-YlBl": ("super-light-yellow", "dark-blue"), "continuous-blues": ("panel-bg", "dark-blue"),
    "continuous-reds": ("panel-bg", "dark-red"), "continuous-greens": ("panel-bg", "dark-green"),
    "continuous-purples": ("panel-bg", "dark-purple"), "continuous-viridis": ("#440154", "#21908d", "#fde725"),
    "continuous-magma": ("#000004", "#b63679", "#fcfdbf"), "continuous-plasma": ("#0d0887", "#cc4678", "#f0f921"),
    "continuous-inferno": ("#000004", "#bc3754", "#fcffa4"), "continuous-cividis": ("#00204c", "#7c7b78", "#ffe945"),
})  # fmt: skip
SCHEMES: Final[Mapping[str, tuple[str, ...]]] = MappingProxyType({
    "Oranges": ("#fff5eb", "#fdae6b", "#7f2704"), "Greens": ("#f7fcf5", "#74c476", "#00441b"),
    "Blues": ("#f7fbff", "#6baed6", "#08306b"), "Reds": ("#fff5f0", "#fb6a4a", "#67000d"),
    "Purples": ("#fcfbfd", "#9e9ac8", "#3f007d"), "Greys": ("#ffffff", "#969696", "#000000"),
    "Spectral": ("#9e0142", "#fdae61", "#ffffbf", "#abdda4", "#5e4fa2"), "Viridis": ("#440154", "#21908d", "#fde725"),
    "RdYlGn": ("#a50026", "#fdae61", "#ffffbf", "#a6d96a", "#006837"), "Magma": ("#000004", "#b63679", "#fcfdbf"),
    "RdYlBu": ("#a50026", "#fdae61", "#ffffbf", "#abd9e9", "#313695"), "Inferno": ("#000004", "#bc3754", "#fcffa4"),
    "Plasma": ("#0d0887", "#cc4678", "#f0f921"), "Turbo": ("#30123b", "#28bceb", "#a4fc3c", "#fb7e21", "#7a0403"),
    "Cividis": ("#00204c", "#7c7b78", "#ffe945"), "YlOrRd": ("#ffffcc", "#fd8d3c", "#800026"),
    "YlGnBu": ("#ffffd9", "#41b6c4", "#081d58"), "Warm": ("#6e40aa", "#fe4b83", "#aff05b"),
    "Cool": ("#6e40aa", "#1ac7c2", "#aff05b"), "YlGn": ("#ffffe5", "#78c679", "#004529"),
})  # fmt: skip
FALLBACK: Final = "#808080"
_RGB: Final = re.compile(r"rgba?\(\s*([\d.]+)[, ]+([\d.]+)[, ]+([\d.]+)(?:[,/ ]+([\d.]+%?))?\s*\)")  # noqa: TID251 - ours
_HEX: Final = re.compile(r"#(?:[0-9a-fA-F]{3,4}|[0-9a-fA-F]{6}|[0-9a-fA-F]{8})")  # noqa: TID251 - ours, linear


def hexed(name: str) -> str:
    """Any colour as `#rrggbb` or `#rrggbbaa`; what is none is grey."""
    name = name.strip()
    if (known := NAMED.get(name.lower())) is not None:
        return known
    if _HEX.fullmatch(name):
        digits = name[1:].lower()
        return "#" + ("".join(2 * one for one in digits) if len(digits) < 6 else digits)
    found = _RGB.fullmatch(name)
    return _from_rgb(found) if found else FALLBACK


def classic(index: int) -> str:
    return CLASSIC[index % len(CLASSIC)]


def blended(colors: Sequence[str], share: float) -> str:
    """The colour at 0..1 along several."""
    known = [_parts(hexed(one)) for one in colors]
    place = min(max(share, 0.0), 1.0) * (len(known) - 1)
    low = min(int(place), len(known) - 2)
    rest = place - low
    mixed = [round(a + (b - a) * rest) for a, b in zip(known[low], known[low + 1], strict=True)]
    return "#" + "".join(f"{one:02x}" for one in mixed)


def _parts(color: str) -> tuple[int, int, int]:
    return int(color[1:3], 16), int(color[3:5], 16), int(color[5:7], 16)


def _from_rgb(found: re.Match[str]) -> str:
    parts = [min(round(float(found[i])), 255) for i in (1, 2, 3)]
    alpha = found[4]
    if alpha is not None:
        share = float(alpha.rstrip("%")) / (100 if alpha.endswith("%") else 1)
        if share < 1:
            parts.append(round(share * 255))
    return "#" + "".join(f"{one:02x}" for one in parts)
