"""Which lines of a push are new: a line that its stream has at that instant already is not stored again.

Law: lines that come in order of time, after all that came before, are not looked at one by one.
"""

from __future__ import annotations

from array import array
from collections.abc import Sequence

import numpy as np

from engine.logs.store.head import Run
from engine.logs.store.lines import Lines, joined, take
from engine.logs.store.segment import Named
from engine.logs.store.stream import Stream
from promql.model.types import IntArray


def alone(runs: Sequence[tuple[Named, Run]]) -> Sequence[tuple[Named, Run]]:
    """With one run for each stream."""
    if len(runs) == 1:
        return runs
    found: dict[Named, list[Run]] = {}
    for named, run in runs:
        found.setdefault(named, []).append(run)
    return [
        (named, some[0] if len(some) == 1 else run_of_lines(joined([r.lines() for r in some])))
        for named, some in found.items()
    ]


def novel(stream: Stream, run: Run) -> Run | None:
    """The run without the lines that the stream has already, as far as they are open; None where none are left."""
    if not len(run):
        return None
    times = np.array(run.times, np.int64)
    heads = stream.held.heads()
    rows = _doubtful(times, max((view.last for _, view in heads), default=None))
    if not len(rows):
        return run
    lines = run.lines()
    instants = set(times[rows].tolist())
    seen = {found for head, _ in heads for found in head.at_instants(instants)}
    kept = np.ones(len(run), np.bool_)
    bounds = lines.starts.tolist()
    for row in rows.tolist():
        line = (run.times[row], lines.text[bounds[row] : bounds[row + 1]])
        kept[row] = line not in seen
        seen.add(line)
    if kept.all():
        return run
    return run_of_lines(take(lines, np.flatnonzero(kept))) if kept.any() else None


def _doubtful(times: IntArray, highest: int | None) -> IntArray:
    """The lines that may be there already: those of an instant that comes twice, or has come before."""
    doubt = np.zeros(len(times), np.bool_) if highest is None else times <= highest
    if not (times[1:] > times[:-1]).all():
        order = np.argsort(times, kind="stable")
        same = np.flatnonzero(np.diff(times[order]) == 0)
        doubt[order[same]] = True
        doubt[order[same + 1]] = True
    return np.flatnonzero(doubt)


def run_of_lines(lines: Lines) -> Run:
    sizes = (np.diff(lines.starts) - 1).astype(np.uint32)
    return Run(lines.text, array("I", sizes.tobytes()), array("q", lines.times.tobytes()), lines.metadata)
