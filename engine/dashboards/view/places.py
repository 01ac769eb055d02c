"""Where panels come to stand when those that a file lays over each other, or below a gap, have given way.

Law: as on Grafana's grid, nothing overlaps, and each panel stands as high as those before it let it.
"""

from __future__ import annotations

from collections.abc import Sequence

from msgspec.structs import replace

from engine.dashboards.migrate.grid import COLUMNS
from engine.dashboards.model import Panel


def settled(panels: Sequence[Panel]) -> list[Panel]:
    """The panels from top to bottom, each moved up or down until it touches what is above it."""
    bottoms, found = [0] * COLUMNS, []
    for one in in_order(panels):
        wide = COLUMNS if one.kind == "row" else one.place.w
        x = min(max(one.place.x, 0), COLUMNS - wide)
        y = max(bottoms[x : x + wide])
        bottoms[x : x + wide] = [y + one.place.h] * wide
        found.append(replace(one, place=replace(one.place, x=x, y=y, w=wide)))
    return in_order(found)


def in_order(panels: Sequence[Panel]) -> list[Panel]:
    """As they are read: line by line."""
    return sorted(panels, key=lambda one: (one.place.y, one.place.x))
