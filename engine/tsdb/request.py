"""Samples of many sources that come together, as in a request of remote write: all of them are taken, or none.

What decides is the store as it was before: a sample that it refuses refuses them all. Samples that only stand against
others of the same request (two values for one instant, an earlier one behind a later one) are passed over and counted,
and the first stays; that is how Prometheus does it.
"""

from __future__ import annotations

from collections.abc import Sequence
from enum import Enum
from typing import TypeAlias

from engine.tsdb.admission import Admission, Bounds
from engine.tsdb.batch import Appended, Batch
from engine.tsdb.commit import Commit
from engine.tsdb.source import Source

Writes: TypeAlias = Sequence[tuple[Source, Sequence[Batch]]]
"""Each source once, with its batches in the order of their samples; no series is in two of them."""


class Refusal(Enum):
    """Why a request is refused, in Prometheus's words."""

    OUT_OF_BOUNDS = "out of bounds"
    OUT_OF_ORDER = "out of order sample"
    TOO_OLD = "too old sample"
    DUPLICATE = "duplicate sample for timestamp"


def judge(
    admission: Admission, writes: Writes, bounds: Bounds
) -> tuple[list[tuple[Source, Commit]], Appended, Refusal | None]:
    """What is to be written, source by source, and what is to be told; nothing is to be written after a refusal."""
    commits: list[tuple[Source, Commit]] = []
    counts, written = Appended(), 0
    for source, batches in writes:
        commit, told = admission.judge(source, batches, bounds)
        counts += told
        if commit is not None:
            commits.append((source, commit))
            written += len(commit.values)
    # What counts as taken and is not written was there before; but a duplicate behind a later sample counts so, too.
    if counts.appended > written or _refusal(counts) is not None:
        for source, batches in writes:
            for batch in batches:  # a batch has no series twice: alone, it meets nothing but the store
                _, alone = admission.judge(source, [batch], bounds)
                if (refusal := _refusal(alone)) is not None:
                    return [], alone, refusal
    return commits, counts, None


def _refusal(counts: Appended) -> Refusal | None:
    if counts.out_of_bounds:
        return Refusal.OUT_OF_BOUNDS
    if counts.too_old:
        return Refusal.TOO_OLD
    if counts.out_of_order:
        return Refusal.OUT_OF_ORDER
    return Refusal.DUPLICATE if counts.duplicate else None
