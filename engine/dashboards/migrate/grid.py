"""Rows of twelfths and heights in pixels, to places on the grid of 24 columns."""

from __future__ import annotations

import math
from typing import Any, Final

from engine.dashboards.json import Json, flag, number, objects, text, whole

COLUMNS: Final = 24
_DEFAULT_HEIGHT: Final = 250
_DEFAULT_SPAN: Final = 4
_CELL: Final = 30
_GAP: Final = 8


def to_grid(board: Json) -> None:
    """Panels with a place each; row panels only where some row is collapsed, shows its title, or is repeated."""
    rows = [row for row in objects(board.pop("rows", None)) if not row.get("repeatIteration")]
    if not rows:
        return
    panels = board["panels"] = objects(board.get("panels"))
    named = any(row.get("collapse") or row.get("showTitle") or row.get("repeat") for row in rows)
    top, free = 0, _free_id(rows, panels)
    for row in rows:
        height = _units(row.get("height"))
        folded = flag(row.get("collapse"))
        head = _head(row, free, top) if named else None
        free, top = free + named, top + named
        placed, bottom = _place(objects(row.get("panels")), height, top)
        if head is not None:
            panels.append(head)
        if head is not None and folded:
            head["panels"] = placed
        else:
            panels.extend(placed)
            top = max(bottom, top + height) if placed else top


def _head(row: Json, number_: int, top: int) -> Json:
    head: Json = {
        "id": number_, "type": "row", "title": text(row.get("title")), "collapsed": flag(row.get("collapse")),
        "gridPos": {"x": 0, "y": top, "w": COLUMNS, "h": 1}, "panels": [],
    }  # fmt: skip
    if row.get("repeat"):
        head["repeat"] = row["repeat"]
    return head


def _place(panels: list[Json], height: int, top: int) -> tuple[list[Json], int]:
    """Panels from left to right, shorter ones above each other; gives where the last one ends."""
    filled, bottom = [0] * COLUMNS, top
    for panel in panels:
        span = number(panel.pop("span", None)) or _DEFAULT_SPAN
        wide = min(max(math.floor(span) * 2, 1), COLUMNS)
        high = _units(panel.pop("height")) if panel.get("height") else height
        x = _gap(filled, height, wide)
        if x is None:
            top, filled, x = top + height, [0] * COLUMNS, 0
        y = max(filled[x : x + wide])
        filled[x : x + wide] = [y + high] * wide
        panel["gridPos"] = {"x": x, "y": top + y, "w": wide, "h": high}
        bottom = max(bottom, top + y + high)
    return panels, bottom


def _gap(filled: list[int], height: int, wide: int) -> int | None:
    """Where, at the right end of what is laid out, so many columns are free."""
    start = len(filled)
    while start and filled[start - 1] < height and (start == len(filled) or filled[start - 1] <= filled[start]):
        start -= 1
    return start if len(filled) - start >= wide else None


def _units(height: Any) -> int:
    pixels = number(text(height).removesuffix("px") if isinstance(height, str) else height) or _DEFAULT_HEIGHT
    return max(math.ceil((max(pixels, 3 * _CELL) + _GAP) / (_CELL + _GAP)), 1)


def _free_id(rows: list[Json], panels: list[Json]) -> int:
    ids = [whole(panel.get("id")) for row in rows for panel in objects(row.get("panels"))]
    return max([0, *ids, *(whole(panel.get("id")) for panel in panels)]) + 1
