"""A line on its way through a pipeline, and numbers about what happened to lines."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping

from msgspec import Struct, field

TENANT: str = "__tenant_id__"


class Entry(Struct, eq=False):
    """One line. It belongs to the stage that has it, which may change it.

    `time` is in Unix ns. `extracted` is what stages found, to begin with all labels. `starts` tell where in its file
    the line began, and those that were glued to it.
    """

    labels: dict[str, str]
    time: int
    line: str
    extracted: dict[str, object]
    starts: tuple[int, ...] = ()
    metadata: dict[str, str] = field(default_factory=dict)

    @classmethod
    def of(cls, labels: Mapping[str, str], time: int, line: str, starts: tuple[int, ...] = ()) -> Entry:
        """As it comes from its source."""
        return cls(dict(labels), time, line, dict(labels), starts)


class PipelineCounts(Struct):
    """`dropped` counts lines by reason, `faults` what stages could not do, by stage."""

    dropped: Counter[str] = field(default_factory=Counter)
    faults: Counter[str] = field(default_factory=Counter)
