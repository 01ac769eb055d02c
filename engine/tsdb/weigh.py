"""About how many samples a question is for, without decoding any."""

from __future__ import annotations

from collections.abc import Iterable

from engine.tsdb.gather import Group


def weigh(groups: Iterable[Group], start: int, end: int) -> int:
    """As many as there would be if all series of a group had been there all the time. Ragged samples, of which no
    source keeps many open, count as one row a part.
    """
    return sum(_rows(group, start, end) * len(group.refs) for group in groups)


def _rows(group: Group, start: int, end: int) -> int:
    rows = 0
    for source, _ in group.owners:
        view = source.view
        for table in view.tables(start, end):
            times = table.times
            rows += int(times.searchsorted(end, "right") - times.searchsorted(start))
        rows += sum(1 for _ in view.raggeds(start, end))
    return rows
