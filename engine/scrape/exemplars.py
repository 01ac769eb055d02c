"""The exemplars of a page, with the columns of their series."""

from __future__ import annotations

from engine.scrape.series import DROPPED, Resolved
from engine.tsdb.exemplars import Exemplar
from exporters.exposition.keys import labels_of
from exporters.exposition.page import Page


def exemplars_of(page: Page, resolved: Resolved, time: int, *, honor_timestamps: bool) -> list[tuple[int, Exemplar]]:
    """One without a time stamp has the time of its sample."""
    found = []
    for borne in page.exemplars:
        column, at = int(resolved.columns[borne.sample]), borne.timestamp
        if column == DROPPED:
            continue
        if at is None:
            at = _time_of(page, borne.sample, time) if honor_timestamps else time
        found.append((column, Exemplar(labels_of(borne.labels), borne.value, at, borne.timestamp is not None)))
    return found


def _time_of(page: Page, sample: int, time: int) -> int:
    if page.timestamps is None or page.stamped is None or not page.stamped[sample]:
        return time
    return int(page.timestamps[sample])
