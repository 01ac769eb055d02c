"""Plans run over panels: one value for each node, all steps at once."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterator, Mapping, Sequence
from functools import partial
from typing import cast

import numpy as np
from msgspec import Struct
from msgspec.structs import replace

from promql.errors import EvaluationError
from promql.execute import choose
from promql.execute.answer import matrix, raw_matrix, vector
from promql.execute.batches import Block
from promql.execute.binary import of_vectors, sets, with_scalar
from promql.execute.edges import Reach
from promql.execute.enrich import enriched
from promql.execute.fused import fused
from promql.execute.grouping import Grouping, groups_of
from promql.execute.limits import Limits
from promql.execute.lookback import is_newest, newest_of
from promql.execute.meter import Meter
from promql.execute.reduce import REDUCTIONS, Reduction
from promql.execute.rollup import Rolling, nameless
from promql.execute.subquery import panels as panels_of
from promql.functions import elementwise
from promql.functions.operators import SETS, of_scalars
from promql.functions.presence import absent
from promql.model.grid import Grid, Value
from promql.model.labels import METRIC_NAME
from promql.model.panel import Given, Kind, Later, Need, Selected
from promql.model.results import Result, Scalar, String
from promql.model.types import FloatArray
from promql.plan.nodes import (
    Absent,
    Apply,
    Between,
    Enrich,
    Fetch,
    Inner,
    Negate,
    Number,
    Plan,
    PlanNode,
    RawRange,
    Reduce,
    Repeat,
    Rollup,
    Source,
    Text,
    uses,
)


def run(
    plan: Plan,
    given: Mapping[Need, Sequence[Given]],
    deadline: Callable[[], None] | None = None,
    meter: Meter | None = None,
    held: int = 0,
) -> Result:
    """Evaluate a plan over what the store answered to each of its needs.

    `deadline` is called between nodes and between pieces of long ones; what it raises (QueryTimeoutError,
    QueryCanceledError) ends the run. `meter` is told what each node took. `held` are values that the caller keeps
    meanwhile, and count. Raises EvaluationError and TooManySamplesError.
    """
    limits = Limits(plan.options.max_samples, deadline or _go_on, held)
    with np.errstate(all="ignore"):
        return _Run(plan, given, limits, meter).result()


def run_together(
    plans: Sequence[Plan],
    panels: Mapping[Need, Sequence[Selected]],
    deadline: Callable[[], None] | None = None,
    meter: Meter | None = None,
) -> Iterator[Result | EvaluationError]:
    """Evaluate plans that were built together: what several of them want is computed once, and equal kernels run over
    all their selectors at once. A plan that fails gives its error, and ends no other. Raises what `deadline` does.

    The plans are run one by one, as their results are asked for; `meter` is told what each of their nodes took, and
    holds the `peak` of the last.
    """
    pause = deadline or _go_on
    wanted = uses(plan.root for plan in plans)
    with np.errstate(all="ignore"):
        shared = _Shared(wanted, dict(fused(plans, panels, wanted, pause, meter)))
    return (_one_of_them(plan, panels, pause, meter, shared) for plan in plans)


def _one_of_them(
    plan: Plan,
    panels: Mapping[Need, Sequence[Selected]],
    pause: Callable[[], None],
    meter: Meter | None,
    shared: _Shared,
) -> Result | EvaluationError:
    limits = Limits(plan.options.max_samples, pause)
    try:
        with np.errstate(all="ignore"):
            return _Run(plan, panels, limits, meter, shared).result()
    except EvaluationError as error:
        return error


def _go_on() -> None:
    """No deadline."""


class _Shared(Struct, frozen=True):
    """How often nodes are wanted, and the values of those that are wanted again; by their ids."""

    wanted: Counter[int]
    kept: dict[int, Value]


class _Run:
    def __init__(
        self,
        plan: Plan,
        given: Mapping[Need, Sequence[Given]],
        limits: Limits,
        meter: Meter | None,
        shared: _Shared | None = None,
    ) -> None:
        self._plan = plan
        self._meter = meter
        self._given = given
        self._limits = limits
        shared = shared or _Shared(uses([plan.root]), {})
        self._wanted, self._kept = shared.wanted, shared.kept
        self._kept_values = 0
        self._counted: set[int] = set()

    def result(self) -> Result:
        try:
            return self._result()
        finally:
            if self._meter is not None:
                self._meter.peak = self._limits.peak

    def _result(self) -> Result:
        root, window = self._plan.root, self._plan.window
        if isinstance(root, RawRange):
            return raw_matrix(self._windowed(root, root.source), root.ends.start, root.length, self._limits)
        value = self._value(root)
        if not window.instant:
            return matrix(value, root.steps)
        if isinstance(value, str):
            return String(window.start, value)
        return vector(value, window.start) if isinstance(value, Grid) else Scalar(window.start, float(value[0]))

    def _value(self, node: PlanNode) -> Value:
        """Parts that are wanted more than once are kept; what others have kept counts as if it were made here."""
        if id(node) in self._kept:
            value = self._kept[id(node)]
            if id(node) not in self._counted:
                self._limits.keep(self._limits.held + _size(value))
            return value
        self._limits.pause()
        held, kept = self._limits.held, self._kept_values
        value = self._computed(node) if self._meter is None else self._metered(node, self._meter)
        self._limits.keep(held + self._kept_values - kept + _size(value))
        if self._wanted[id(node)] > 1:
            self._kept[id(node)] = value
            self._counted.add(id(node))
            self._kept_values += _size(value)
        return value

    def _metered(self, node: PlanNode, meter: Meter) -> Value:
        started = meter.clock()
        value = self._computed(node)
        meter.given(node, value, meter.clock() - started)
        return value

    def _computed(self, node: PlanNode) -> Value:
        match node:
            case Number(value=number):
                return np.full(node.steps.count, number)
            case Text(value=text):
                return text
            case Rollup():
                return self._rolled(node)
            case Repeat():
                return _repeated(self._value(node.expr), node.steps.count)
            case Apply():
                value = node.call(node.steps.times, [self._value(arg) for arg in node.args])
                return value if not isinstance(value, Grid) or node.steps.count > 1 else value.compact()
            case Absent():
                return _one_step(absent(self._grid(node.expr), node.labels))
            case Reduce():
                return _one_step(self._reduced(node))
            case Negate():
                value = self._value(node.expr)
                return (
                    elementwise.nameless(value, -value.values) if isinstance(value, Grid) else -self._scalar(node.expr)
                )
            case Between():
                return self._between(node)
            case Enrich():
                grid, infos = self._grid(node.expr), self._grid(node.infos)
                return _one_step(enriched(grid, infos, node.names, node.conditions))
            case RawRange():
                raise AssertionError("the samples of a range are an answer, not a part of one")

    def _grid(self, node: PlanNode) -> Grid:
        return cast("Grid", self._value(node))

    def _scalar(self, node: PlanNode) -> FloatArray:
        return cast("FloatArray", self._value(node))

    def _windowed(self, node: Rollup | RawRange, source: Source) -> Sequence[Given]:
        given = self._given[source.need] if isinstance(source, Fetch) else self._inner(source)
        if self._meter is not None:
            instant = isinstance(source, Fetch) and source.need.kind is not Kind.RANGE
            reach = Reach(node.ends, node.length, node.steps)
            read = partial(self._meter.read, node, reach=reach, instant=instant)
            read([one for one in given if not isinstance(one, Later)])
            return [
                replace(one, fetch=partial(_fetched, one, read)) if isinstance(one, Later) else one for one in given
            ]
        return given

    def _inner(self, source: Inner) -> Sequence[Selected]:
        return panels_of(self._grid(source.expr), source.expr.steps)

    def _rolled(self, node: Rollup) -> Grid:
        given = None
        if is_newest(node):
            reach = Reach(node.ends, node.length, node.steps)
            given = self._windowed(node, node.source)
            found = newest_of(given, reach, self._limits)
            if found is not None:
                return found
        return self._rolling(node, given).grid(keeps_name=node.keeps_name)

    def _rolling(self, node: Rollup, given: Sequence[Given] | None = None) -> Rolling:
        """`given`: what its windows reach over, where that is known already."""
        args = [self._scalar(arg) for arg in node.args]
        reach = Reach(node.ends, node.length, node.steps)
        given = self._windowed(node, node.source) if given is None else given
        return Rolling.over(given, reach, node.kernel, args, self._limits)

    def _reduced(self, node: Reduce) -> Grid:
        if node.op not in REDUCTIONS:
            return self._chosen(node, Grouping(node.grouping, without=node.without))
        if isinstance(node.expr, Rollup) and self._is_named(node.expr):
            return self._reduced_named(node, node.expr)
        return _reduced_whole(self._grid(node.expr), REDUCTIONS[node.op], node.grouping, without=node.without)

    def _chosen(self, node: Reduce, grouping: Grouping) -> Grid:
        assert node.param is not None
        if node.op in ("topk", "bottomk"):
            return self._extreme(node, node.param)
        grid = self._grid(node.expr)
        match node.op:
            case "limitk":
                return choose.limited(grid, grouping, self._scalar(node.param))
            case "limit_ratio":
                return choose.share(grid, self._scalar(node.param))
            case "quantile":
                return choose.quantiles(grid, grouping, self._scalar(node.param))
            case _:
                assert node.op == "count_values"
                label = cast("str", self._value(node.param))
                return choose.count_values(grid, node.grouping, label, without=node.without)

    def _extreme(self, node: Reduce, param: PlanNode) -> Grid:
        """Few rows are chosen of many, and only they need their names taken off."""
        rollup, largest = node.expr, node.op == "topk"
        if not isinstance(rollup, Rollup) or rollup.keeps_name or not self._is_named(rollup):
            grid, grouping = self._grid(rollup), Grouping(node.grouping, without=node.without)
            return choose.extreme(grid, grouping, self._scalar(param), largest=largest)
        grouping = Grouping([n for n in node.grouping if n != METRIC_NAME], without=node.without)
        chosen = choose.extreme(self._named(rollup), grouping, self._scalar(param), largest=largest)
        return nameless(chosen.compact())

    def _is_named(self, node: PlanNode) -> bool:
        """Do names tell no rows of it apart, and does nobody else want it, so that they may be left on? What is at
        hand, or nearly so, is taken as it is.
        """
        if not isinstance(node, Rollup) or self._wanted[id(node)] > 1 or id(node) in self._kept or is_newest(node):
            return False
        return node.keeps_name or (isinstance(node.source, Fetch) and node.source.one_name)

    def _named(self, rollup: Rollup) -> Grid:
        grid = self._rolling(rollup).grid(keeps_name=True)
        self._limits.keep(self._limits.held + grid.values.size)
        if self._meter is not None:
            self._meter.given(rollup, grid, 0.0)
        return grid

    def _reduced_named(self, node: Reduce, rollup: Rollup) -> Grid:
        """Where names tell no rows apart: they are left on, and not looked at."""
        names = node.grouping if rollup.keeps_name else tuple(n for n in node.grouping if n != METRIC_NAME)
        if node.steps.count > 1:
            return self._reduced_by_piece(node, rollup, Grouping(names, without=node.without))
        # the order of rows counts
        return _reduced_whole(self._named(rollup), REDUCTIONS[node.op], names, without=node.without)

    def _reduced_by_piece(self, node: Reduce, rollup: Rollup, grouping: Grouping) -> Grid:
        rolling = self._rolling(rollup)
        groups = [grouping.assign(batch.labels) for batch in rolling.batches]
        self._limits.spend(len(grouping) * node.steps.count)
        state = REDUCTIONS[node.op](len(grouping), node.steps.count)
        if self._meter is not None:
            figures = self._meter.of(rollup)
            figures.rows = sum(len(group_of_row) for group_of_row in groups)
            figures.values = sum(batch.cells for batch in rolling.batches)
        for batch, group_of_row in zip(rolling.batches, groups, strict=True):
            for piece in rolling.pieces(batch):
                at = piece.where
                if isinstance(at, Block):
                    state.add(group_of_row[at.rows], at.steps, piece.values, piece.present)
                else:
                    state.add_cells(group_of_row[at.rows], at.steps, piece.values[0], piece.present[0])
        return Grid(grouping.labels, state.values(), state.count > 0)

    def _between(self, node: Between) -> Value:
        left, right = self._value(node.left), self._value(node.right)
        if node.op in SETS:
            assert node.matching is not None
            return sets(node.op, cast("Grid", left), cast("Grid", right), node.matching)
        match left, right:
            case Grid(), Grid():
                assert node.matching is not None
                return of_vectors(node.op, left, right, node.matching, as_bool=node.as_bool)
            case Grid(), np.ndarray():
                return with_scalar(node.op, left, right, scalar_left=False, as_bool=node.as_bool)
            case np.ndarray(), Grid():
                return with_scalar(node.op, right, left, scalar_left=True, as_bool=node.as_bool)
            case _:
                return cast("FloatArray", of_scalars(node.op, left, right))


def _reduced_whole(grid: Grid, make: Callable[[int, int], Reduction], names: tuple[str, ...], *, without: bool) -> Grid:
    group_of_row, labels = groups_of(grid.labels, names, without=without)
    steps = grid.values.shape[1]
    state = make(len(labels), steps)
    if len(labels):
        state.add(group_of_row, slice(0, steps), grid.values, grid.present)
    return Grid(labels, state.values(), state.count > 0)


def _size(value: Value) -> int:
    """How many values it holds."""
    match value:
        case Grid():
            return value.values.size
        case np.ndarray():
            return value.size
        case _:
            return 1


def _repeated(value: Value, count: int) -> Value:
    match value:
        case Grid():
            shape = (len(value.labels), count)
            return Grid(value.labels, np.broadcast_to(value.values, shape), np.broadcast_to(value.present, shape))
        case np.ndarray():
            return np.broadcast_to(value, count)
        case _:
            return value


def _fetched(later: Later, read: Callable[[Sequence[Selected]], None]) -> Sequence[Selected]:
    """What was to come later; told to a meter."""
    found = later.fetch()
    read(found)
    return found


def _one_step(grid: Grid) -> Grid:
    return grid.compact() if grid.values.shape[1] == 1 else grid
