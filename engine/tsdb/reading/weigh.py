"""About how many samples a question is for, without decoding any."""

from __future__ import annotations

import math
from collections.abc import Iterable

from engine.tsdb.reading.gather import Group
from engine.tsdb.view import Part


def weigh(groups: Iterable[Group], start: int, end: int) -> int:
    """As many as there would be if all series of a group had been there all the time. Ragged samples, of which no
    source keeps many open, count as one row a part.
    """
    return math.ceil(sum(rows_of(group, start, end) * len(group.refs) for group in groups))


def rows_of(group: Group, start: int, end: int) -> float:
    """In how many rows of tables there may be samples of a group, about."""
    rows = 0.0
    for source, _ in group.owners:
        view = source.view
        for part in view.parts if start <= view.parts_end else ():
            if part.end >= start and part.start <= end:
                rows += 1.0 if part.table is None else part.table.height * _share(part, start, end)
        if view.table is not None:
            low, high = view.table.rows(start, end)
            rows += high - low
        rows += view.newest is not None and start <= view.newest.time <= end
        rows += view.ragged is not None
    return rows


def _share(part: Part, start: int, end: int) -> float:
    """How much of a part lies between, as if its rows were evenly spread."""
    return (min(part.end, end) - max(part.start, start) + 1) / (part.end - part.start + 1)
