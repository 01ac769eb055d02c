"""A checked tree made a plan: at which steps each part is wanted, what the store must answer, what is done once.

Constants are folded, conditions are put where they save the most (`narrowing`), parts that do not depend on the step
are evaluated at one step and repeated, and equal parts at equal steps are one node.
"""

from __future__ import annotations

from collections.abc import Sequence

from promql.errors import RangeQueryError
from promql.functions.dialects import Dialect, dot_matches_newlines, functions_of
from promql.functions.operators import SETS, of_scalars
from promql.functions.overtime import newest, newest_time
from promql.functions.presence import named_away
from promql.functions.table import Absence, AbsenceOverRange, Information, OverGrids, OverRange, SampleTime
from promql.functions.windows import Kernel
from promql.model.grid import Steps
from promql.model.labels import METRIC_NAME, Labels
from promql.model.matchers import Matcher, MatchOp
from promql.model.panel import Kind, Need
from promql.plan.information import moment_of, told_apart
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
    is_scalar,
)
from promql.plan.pinning import is_pinned
from promql.plan.prepared import prepared
from promql.plan.window import Options, Window
from promql.syntax.ast import (
    Aggregation,
    Binary,
    Bound,
    Call,
    Expr,
    MatrixSelector,
    NumberLiteral,
    Paren,
    StringLiteral,
    Subquery,
    Unary,
    ValueType,
    VectorMatching,
    VectorSelector,
)


def build(expr: Expr, window: Window, options: Options | None = None, whole: Window | None = None) -> Plan:
    """The plan of an expression. Raises ParseError, and RangeQueryError for a range query of a range.

    `whole` is the window of the query where this one is only a part of it: `start()` and `end()` are its bounds.
    """
    ready = prepared(expr)
    builder = _Builder(window, whole or window, options or Options())
    return Plan(builder.root(ready.kind, ready.narrow), tuple(builder.needs), window, builder.options)


def build_together(exprs: Sequence[Expr], window: Window, options: Options | None = None) -> list[Plan]:
    """The plans of several expressions over one window: equal parts of them are one node. Raises as `build` does.

    Each plan lists the needs of all of them.
    """
    builder = _Builder(window, window, options or Options())
    ready = [prepared(expr) for expr in exprs]  # held meanwhile, since parts are told by their ids
    roots = [builder.root(one.kind, one.expr) for one in ready]
    needs = tuple(builder.needs)
    return [Plan(root, needs, window, builder.options) for root in roots]


def _no_range(kind: ValueType) -> RangeQueryError:
    return RangeQueryError(f'invalid expression type "{kind.value}" for range query, must be Scalar or instant Vector')


class _Builder:
    def __init__(self, window: Window, whole: Window, options: Options) -> None:
        self.options = options
        self.needs: dict[Need, None] = {}
        self._window = window
        self._whole = whole
        self._opening = options.dialect.opening
        self._functions = functions_of(options.dialect)
        self._built: dict[tuple[int, Steps], PlanNode] = {}

    def root(self, kind: ValueType, expr: Expr) -> PlanNode:
        """The node of an expression of this type whose equal parts are the same objects. Raises RangeQueryError."""
        if kind is ValueType.MATRIX and self._window.instant:
            return self.raw_range(expr)
        if not self._window.instant and kind not in (ValueType.SCALAR, ValueType.VECTOR):
            raise _no_range(kind)
        return self.node(expr, self._window.steps)

    def node(self, expr: Expr, steps: Steps) -> PlanNode:
        expr = _bare(expr)
        key = (id(expr), steps)
        found = self._built.get(key)
        if found is None:
            pinned = steps.count > 1 and is_pinned(expr)
            found = self._built[key] = self._pinned(expr, steps) if pinned else self._node(expr, steps)
        return found

    def raw_range(self, expr: Expr) -> RawRange:
        steps = self._window.steps
        source, ends, length = self._range(_bare(expr), steps)
        return RawRange(steps=steps, source=source, ends=ends, length=length)

    def _pinned(self, expr: Expr, steps: Steps) -> PlanNode:
        once = self.node(expr, Steps(steps.start, steps.step, 1))
        if isinstance(once, Number):
            return Number(steps=steps, value=once.value)
        return once if isinstance(once, Text) else Repeat(steps=steps, expr=once)

    def _node(self, expr: Expr, steps: Steps) -> PlanNode:
        match expr:
            case NumberLiteral(value=value):
                return Number(steps=steps, value=value)
            case StringLiteral(value=text):
                return Text(steps=steps, value=text)
            case VectorSelector():
                return self._select(expr, steps, "", newest)
            case Call():
                return self._call(expr, steps)
            case Aggregation():
                return self._reduce(expr, steps)
            case Binary():
                return self._between(expr, steps)
            case Unary():
                return self._signed(expr, steps)
            case MatrixSelector() | Subquery() | Paren():
                raise AssertionError("the checker lets ranges stand only where functions take them")

    def _select(self, selector: VectorSelector, steps: Steps, name: str, kernel: Kernel) -> PlanNode:
        ends = self._ends(steps, selector.at, selector.offset)
        length = self.options.lookback_ms - self._opening
        kind = Kind.INSTANT if ends.step and ends.count > 1 else Kind.NEWEST
        source = self._fetch(selector, ends, length, kind)
        return Rollup(steps=steps, name=name, kernel=kernel, source=source, ends=ends, length=length, keeps_name=True)

    def _fetch(self, selector: VectorSelector, ends: Steps, length: int, kind: Kind) -> Fetch:
        matchers = selector.matchers
        if self.options.dialect is not Dialect.PROMETHEUS_2:
            matchers = tuple(map(_matching_newlines, matchers))
        need = Need(matchers, ends.start - length, ends.end, kind)
        self.needs[need] = None
        one_name = any(m.name == METRIC_NAME and m.op is MatchOp.EQUAL and m.value for m in matchers)
        return Fetch(need=need, one_name=one_name)

    def _range(self, expr: Expr, steps: Steps) -> tuple[Source, Steps, int]:
        """Where a range's samples come from, where its windows end, and how long they are."""
        if isinstance(expr, MatrixSelector):
            ends = self._ends(steps, expr.selector.at, expr.selector.offset)
            length = expr.range - self._opening
            return self._fetch(expr.selector, ends, length, Kind.RANGE), ends, length
        assert isinstance(expr, Subquery)
        ends = self._ends(steps, expr.at, expr.offset)
        step, length = expr.step or self.options.default_step_ms, expr.range - self._opening
        start = -(-(ends.start - length) // step) * step
        # Where no multiple of the step lies in the range, one beyond it keeps the grid from being empty.
        inner = Steps(start, step, max((ends.end - start) // step + 1, 1))
        return Inner(expr=self.node(expr.expr, inner)), ends, length

    def _ends(self, steps: Steps, at: int | Bound | None, offset: int) -> Steps:
        match at:
            case None:
                return steps.shifted(-offset)
            case Bound.START:
                at = self._whole.start
            case Bound.END:
                at = self._whole.end
            case _:
                pass
        return Steps(at - offset, 0, steps.count)

    def _call(self, call: Call, steps: Steps) -> PlanNode:
        args = tuple(_bare(arg) for arg in call.args)
        match self._functions[call.function]:
            case OverRange(kernel=kernel, keeps_name=keeps_name):
                return self._rollup(call.function, kernel, args, steps, keeps_name=keeps_name)
            case OverGrids(call=function, scalar=scalar):
                nodes = tuple(self.node(arg, steps) for arg in args)
                return Apply(steps=steps, name=call.function, call=function, args=nodes, scalar=scalar)
            case SampleTime(kernel=kernel, otherwise=otherwise):
                if not isinstance(args[0], VectorSelector):
                    return Apply(steps=steps, name=call.function, call=otherwise, args=(self.node(args[0], steps),))
                seen = self._select(args[0], steps, call.function, kernel)
                return Apply(steps=steps, name="", call=named_away, args=(seen,))
            case Absence():
                return Absent(steps=steps, expr=self.node(args[0], steps), labels=_labels_of_matchers(args[0]))
            case AbsenceOverRange(kernel=kernel):
                seen = self._rollup(call.function, kernel, args, steps, keeps_name=True)
                return Absent(steps=steps, expr=seen, labels=_labels_of_matchers(args[0]))

            case Information():
                return self._enriched(args, steps)

    def _enriched(self, args: tuple[Expr, ...], steps: Steps) -> PlanNode:
        names, conditions = told_apart([m for arg in args[1:] if isinstance(arg, VectorSelector) for m in arg.matchers])
        at, offset = moment_of(args[0])
        selector = VectorSelector("", (*names, *conditions), offset, at)
        return Enrich(
            steps=steps,
            expr=self.node(args[0], steps),
            infos=self._select(selector, steps, "times of", newest_time),
            names=names,
            conditions=conditions,
        )

    def _rollup(self, name: str, kernel: Kernel, args: tuple[Expr, ...], steps: Steps, *, keeps_name: bool) -> PlanNode:
        (ranged,) = (arg for arg in args if isinstance(arg, MatrixSelector | Subquery))
        source, ends, length = self._range(ranged, steps)
        scalars = tuple(self.node(arg, steps) for arg in args if arg is not ranged)
        return Rollup(
            steps=steps,
            name=name,
            kernel=kernel,
            source=source,
            ends=ends,
            length=length,
            args=scalars,
            keeps_name=keeps_name,
        )

    def _reduce(self, expr: Aggregation, steps: Steps) -> PlanNode:
        param = None if expr.param is None else self.node(expr.param, steps)
        return Reduce(
            steps=steps,
            op=expr.op,
            expr=self.node(expr.expr, steps),
            param=param,
            grouping=expr.grouping,
            without=expr.without,
        )

    def _between(self, expr: Binary, steps: Steps) -> PlanNode:
        left, right = self.node(expr.left, steps), self.node(expr.right, steps)
        if isinstance(left, Number) and isinstance(right, Number):
            return Number(steps=steps, value=float(of_scalars(expr.op, left.value, right.value)))
        vectors = expr.op in SETS or not (is_scalar(left) or is_scalar(right))
        matching = (expr.matching or VectorMatching()) if vectors else None
        out = Between(steps=steps, op=expr.op, left=left, right=right, as_bool=expr.bool_modifier, matching=matching)
        drops_names = expr.op == "atan2" and not is_scalar(out) and self.options.dialect is Dialect.PROMETHEUS_3
        return Apply(steps=steps, name="", call=named_away, args=(out,)) if drops_names else out

    def _signed(self, expr: Unary, steps: Steps) -> PlanNode:
        inner = self.node(expr.expr, steps)
        if expr.op == "+":
            return inner
        return Number(steps=steps, value=-inner.value) if isinstance(inner, Number) else Negate(steps=steps, expr=inner)


def _bare(expr: Expr) -> Expr:
    while isinstance(expr, Paren):
        expr = expr.expr
    return expr


def _matching_newlines(matcher: Matcher) -> Matcher:
    if matcher.op in (MatchOp.EQUAL, MatchOp.NOT_EQUAL):
        return matcher
    return Matcher(matcher.name, matcher.op, dot_matches_newlines(matcher.value))


def _labels_of_matchers(expr: Expr) -> Labels:
    """What a selector says of the series that it misses: its equalities, but for labels that are named twice."""
    selector = expr.selector if isinstance(expr, MatrixSelector) else expr
    if not isinstance(selector, VectorSelector):
        return Labels()
    told: dict[str, str] = {}
    seen: set[str] = set()
    for matcher in selector.matchers:
        if matcher.op is MatchOp.EQUAL and matcher.name not in seen:
            told[matcher.name] = matcher.value
            seen.add(matcher.name)
        else:
            told.pop(matcher.name, None)
    told.pop(METRIC_NAME, None)
    return Labels.of(told)
