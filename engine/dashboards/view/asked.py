"""What a browser asks with: the time, the variables, and how wide the picture is."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from msgspec import Struct, field
from msgspec.structs import replace

from engine.dashboards.json import Json, mapping, shown, whole
from engine.dashboards.model import Board
from engine.dashboards.times import TimeRange, time_range
from engine.dashboards.variables.value import Lookup, Value, chained, texts
from engine.dashboards.view.adhoc import Filter, read


class Asked(Struct, frozen=True):
    """`within` is the dashboard's time, `chosen` the values that the URL names, `scope` what a copy stands for."""

    board: Board
    within: TimeRange
    chosen: Mapping[str, Sequence[str]] = field(default_factory=dict)
    scope: Mapping[str, str] = field(default_factory=dict)
    filters: Mapping[str, Sequence[Filter]] = field(default_factory=dict)
    width: int = 0
    max_points: int = 0


def asked(board: Board, given: Json, now: int) -> Asked:
    """From a request's JSON; its time zone is that of a board which takes the browser's. Raises TimeError."""
    if board.timezone in ("", "browser"):
        board = replace(board, timezone=shown(given.get("timezone")) or board.timezone)
    start = shown(given.get("from")) or board.time_from
    end = shown(given.get("to")) or board.time_to
    return Asked(
        board,
        time_range(start, end, now, board.zone),
        {name: _values(value) for name, value in mapping(given.get("variables")).items()},
        {name: shown(value) for name, value in mapping(given.get("scope")).items()},
        {name: read(value) for name, value in mapping(given.get("adhoc")).items()},
        whole(given.get("width")),
        whole(given.get("maxDataPoints")),
    )


def _values(found: Any) -> list[str]:
    return [shown(one) for one in found] if isinstance(found, list) else [shown(found)]


def built_in(asking: Asked, within: TimeRange) -> Lookup:
    """What holds for every text of a dashboard."""
    return chained(
        texts({
            "__from": str(within.start), "__to": str(within.end), "__timezone": asking.board.timezone,
            "__dashboard": asking.board.title, "timeFilter": "time > 0", "__timeFilter": "time > 0",
            "__url_time_range": f"from={within.start}&to={within.end}",
        }),
        {
            "__org": Value(("1",), "Main Org.", parts={"name": "Main Org.", "id": "1"}),
            "__user": Value(("1",), "admin", parts={"login": "admin", "id": "1", "email": "admin@localhost"}),
        }.get,
    )  # fmt: skip
