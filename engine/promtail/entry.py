"""A line on its way through a pipeline, and numbers about what happened to lines."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass, field

TENANT: str = "__tenant_id__"


@dataclass(slots=True, eq=False)
class Entry:
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


@dataclass(slots=True)
class PipelineCounts:
    """`dropped` counts lines by reason, `faults` what stages could not do, by stage."""

    dropped: Counter[str] = field(default_factory=Counter)
    faults: Counter[str] = field(default_factory=Counter)
