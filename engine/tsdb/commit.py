"""Accepted samples on their way into the log and into a source."""

from __future__ import annotations

from msgspec import Struct

from promql.model.types import BoolArray, FloatArray, IntArray


class Layout:
    """Columns of a source in the order of a page, and the series in them. A page keeps its layout from scrape to
    scrape, so what was found out about it once is kept with it.
    """

    __slots__ = ("columns", "living_at", "refs")

    def __init__(self, columns: IntArray, refs: IntArray) -> None:
        self.columns = columns
        self.refs = refs
        self.living_at = -1
        """At this count of the catalog's forgettings all the series were known to have samples."""

    def only(self, chosen: BoolArray) -> Layout:
        return Layout(self.columns[chosen], self.refs[chosen])


class Commit(Struct):
    """Accepted samples of one source, no two of one series and instant. Nobody changes it.

    `times: int64[N]`, or one number for all of them; `stale` counts the stale markers. Samples may stand behind others
    of their series only if `late` says so, and then `times` is an array.
    """

    times: IntArray | int
    layout: Layout
    values: FloatArray
    stale: int
    late: bool = False

    @property
    def end(self) -> int:
        return self.times if isinstance(self.times, int) else int(self.times.max())

    @property
    def start(self) -> int:
        return self.times if isinstance(self.times, int) else int(self.times.min())
