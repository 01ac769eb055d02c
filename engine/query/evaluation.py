"""Fetch and run, in a worker's thread, in pieces that fit in memory.

What a selector reads may be far more than what a query holds: an hour of rates, or one maximum, over a month of
samples. So before anything is fetched the store says about how much there is. Much that is asked for once is fetched in
portions of its series, each when it is their turn; a processor's cache likes it too. A range query that would still
read more than BLOCK samples at a time is run for some steps after the others. Steps do not depend on each other, so
nothing changes but the memory.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from functools import partial
from itertools import pairwise
from typing import Final, Protocol

import numpy as np
from msgspec import Struct
from msgspec.structs import replace

from engine.query.deadline import Deadline
from promql.errors import EvaluationError
from promql.execute.meter import Meter
from promql.execute.run import run, run_together
from promql.model.panel import Given, Need, Selected, Size
from promql.model.results import Matrix, Result
from promql.model.types import IntArray
from promql.plan.build import build, build_together
from promql.plan.nodes import Fetch, Inner, Plan, PlanNode, RawRange, Rollup, walk
from promql.plan.window import Options, Window
from promql.syntax.ast import Expr

BLOCK: Final = 1 << 24
"""Samples read at a time: 128 MB."""
PORTION: Final = 1 << 20
"""Samples fetched at a time, of a need of more: 8 MB."""
_FEW_VALUES: Final = 1 << 14
_FEW_NODES: Final = 24
_FEW_SOURCES: Final = 32
_FEW_SERIES: Final = 2_000


class Selects(Protocol):
    """The part of a store that queries need."""

    def select(self, need: Need) -> Sequence[Selected]:
        """The samples of all series that match."""

    def portions(self, need: Need, most: int) -> Sequence[Given]:
        """The same, to be fetched in portions of about so many samples."""

    def weight(self, need: Need) -> int:
        """About how many samples that is, at little cost."""

    def glance(self, need: Need) -> Size | None:
        """How much that is, about, where it is known at once."""


class Evaluated(Struct, frozen=True):
    """A result. `samples` says how many samples each step looked at (`int64[K]`, None unless measured), `peak` how
    many values were held at once, and `seconds` how long it took by itself, where others were evaluated with it.
    """

    result: Result
    samples: IntArray | None = None
    peak: int = 0
    seconds: float = 0.0


class Room(Struct, frozen=True):
    """How many samples may be read at a time: in all, and of what need not be kept."""

    block: int = BLOCK
    portion: int = PORTION


ROOM: Final = Room()


def evaluate(
    store: Selects, expr: Expr, plan: Plan, deadline: Deadline, *, measured: bool = False, room: Room = ROOM
) -> Evaluated:
    """Raises EvaluationError, TooManySamplesError, QueryTimeoutError, QueryCanceledError."""
    by_portion = _once(plan)
    windows = blocks(plan, lambda need: 0 if need in by_portion else store.weight(need), room.block)
    if len(windows) == 1:
        return _evaluated(store, plan, deadline, room.portion, measured=measured)
    done: list[Evaluated] = []
    held = 0
    for window in windows:
        part = build(expr, window, plan.options, plan.window)
        done.append(_evaluated(store, part, deadline, room.portion, measured=measured, held=held))
        result = done[-1].result
        assert isinstance(result, Matrix)
        held += result.values.size
    return _joined(done)


def is_narrow(store: Selects, plan: Plan) -> bool:
    """Would it take hardly longer than to hand it to a worker? Where that is not known at once, it is not."""
    nodes = list(walk(plan.root))
    if len(nodes) > _FEW_NODES:
        return False
    series = samples = 0
    for need in plan.needs:
        size = store.glance(need)
        if size is None or size.sources > _FEW_SOURCES:
            return False
        series, samples = series + size.series, samples + size.samples
    if series > _FEW_SERIES:
        return False
    return sum(_values(node, max(series, 1), samples) for node in nodes) <= _FEW_VALUES


def _values(node: PlanNode, series: int, samples: int) -> int:
    """How many a node looks at, at most: each sample once for each window that holds it."""
    count = node.steps.count
    if not isinstance(node, Rollup):
        return series * count
    windows = min(count, node.length // node.ends.step + 1) if node.ends.step else count
    return windows * (series * node.source.expr.steps.count if isinstance(node.source, Inner) else samples)


def evaluate_narrow(store: Selects, plan: Plan, deadline: Deadline, *, measured: bool = False) -> Evaluated:
    """What is narrow, in one piece, without weighing anything again."""
    return _ran(plan, _fetched(store, plan, deadline), deadline, measured=measured)


def evaluate_metered(store: Selects, plan: Plan, deadline: Deadline, meter: Meter) -> Result:
    """The same in one piece, with what each node took told to the meter."""
    return run(plan, _fetched(store, plan, deadline), deadline, meter)


def evaluate_together(
    store: Selects,
    exprs: Sequence[Expr],
    window: Window,
    options: Options,
    deadline: Deadline,
    *,
    measured: bool = False,
    block: int = BLOCK,
) -> list[Evaluated | EvaluationError]:
    """What expressions give at one instant, planned and computed together, or why one has no value; in two halves where
    they would read more than a block. Raises ParseError, QueryTimeoutError, QueryCanceledError.
    """
    plans = build_together(exprs, window, options)
    if not plans:
        return []
    if sum(map(store.weight, plans[0].needs)) > block:
        if len(exprs) == 1:
            return [_in_portions(store, exprs[0], plans[0], deadline, measured=measured)]
        half = len(exprs) // 2
        parts = (exprs[:half], exprs[half:])
        more = partial(evaluate_together, store, measured=measured, block=block)
        return [one for part in parts for one in more(part, window, options, deadline)]
    clock = deadline.clock.monotonic
    meter = Meter(clock) if measured else None
    found: list[Evaluated | EvaluationError] = []
    results = run_together(plans, _fetched(store, plans[0], deadline), deadline, meter)
    began = clock()
    for plan, result in zip(plans, results, strict=True):
        if isinstance(result, EvaluationError):
            found.append(result)
        elif meter is None:
            found.append(Evaluated(result))
        else:
            found.append(Evaluated(result, meter.samples(plan.root), meter.peak, clock() - began))
        began = clock()
    return found


def _in_portions(
    store: Selects, expr: Expr, plan: Plan, deadline: Deadline, *, measured: bool
) -> Evaluated | EvaluationError:
    """One that reads more than a block by itself."""
    began = deadline.clock.monotonic()
    try:
        found = evaluate(store, expr, plan, deadline, measured=measured)
    except EvaluationError as error:
        return error
    return replace(found, seconds=deadline.clock.monotonic() - began)


def blocks(plan: Plan, weight: Callable[[Need], int], block: int) -> list[Window]:
    """Windows that follow each other. One is not made shorter than the longest range, of which each reads its own."""
    window = plan.window
    count = window.steps.count
    if count < 4 or not plan.needs:
        return [window]
    span = window.end - window.start
    longest = max(need.end - need.start - span for need in plan.needs)
    pieces = min(-(-sum(map(weight, plan.needs)) // block), count // 2, span // max(longest, 1) + 1)
    if pieces <= 1:
        return [window]
    edges = [count * i // pieces for i in range(pieces + 1)]
    starts = [window.start + window.step * edge for edge in edges]
    return [replace(window, start=start, end=end - window.step) for start, end in pairwise(starts)]


def _evaluated(
    store: Selects, plan: Plan, deadline: Deadline, portion: int, *, measured: bool, held: int = 0
) -> Evaluated:
    once = _once(plan)
    given: dict[Need, Sequence[Given]] = {}
    for need in plan.needs:
        deadline()
        portioned = need in once and store.weight(need) > portion
        given[need] = store.portions(need, portion) if portioned else store.select(need)
    return _ran(plan, given, deadline, measured=measured, held=held)


def _ran(
    plan: Plan, given: Mapping[Need, Sequence[Given]], deadline: Deadline, *, measured: bool, held: int = 0
) -> Evaluated:
    if not measured:
        return Evaluated(run(plan, given, deadline, None, held))
    meter = Meter(deadline.clock.monotonic)
    result = run(plan, given, deadline, meter, held)
    return Evaluated(result, meter.samples(plan.root), meter.peak)


def _once(plan: Plan) -> frozenset[Need]:
    """What is asked for once, and so need not be kept."""
    nodes = (node for node in walk(plan.root) if isinstance(node, Rollup | RawRange))
    asked = Counter(node.source.need for node in nodes if isinstance(node.source, Fetch))
    return frozenset(need for need, times in asked.items() if times == 1)


def _fetched(store: Selects, plan: Plan, deadline: Deadline) -> dict[Need, Sequence[Selected]]:
    panels: dict[Need, Sequence[Selected]] = {}
    for need in plan.needs:
        deadline()
        panels[need] = store.select(need)
    return panels


def _joined(done: Sequence[Evaluated]) -> Evaluated:
    """The steps of all of them, one after the other."""
    parts = [one.result for one in done if isinstance(one.result, Matrix)]
    labels = sorted({labels for part in parts for labels in part.labels})
    row_of = {one: row for row, one in enumerate(labels)}
    times = np.concatenate([part.times for part in parts])
    values, present = np.zeros((len(labels), len(times))), np.zeros((len(labels), len(times)), dtype=np.bool_)
    start = 0
    for part in parts:
        rows, end = [row_of[one] for one in part.labels], start + len(part.times)
        values[rows, start:end], present[rows, start:end] = part.values, part.present
        start = end
    counted = [one.samples for one in done if one.samples is not None]
    samples = np.concatenate(counted) if counted else None
    return Evaluated(Matrix(times, labels, values, present), samples, max(one.peak for one in done))
