"""The slow twin of the whole language: plain loops over steps, series and samples, written from the reference.

It knows nothing of how the fast evaluator works. A value is a list with one entry a step: a number, a text, or a vector,
which is a list of (labels, number) in the order of the series. Labels are sorted tuples of pairs.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, TypeAlias

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
    VectorSelector,
)
from tests.promql.twin.aggregations import aggregated
from tests.promql.twin.calls import ELEMENTWISE, RANGES, absent_labels, label_join, label_replace
from tests.promql.twin.operators import SETS, arithmetic, of_vectors, sets, with_scalar
from tests.promql.twin.vectors import Key, TwinError, Vector, is_stale, matches, nameless, unique

Value: TypeAlias = list[Any]


@dataclass(frozen=True)
class Twin:
    """`fleet` in the order of creation; `start` and `end` are the query's bounds (ms)."""

    fleet: Sequence[tuple[Key, Sequence[tuple[int, float]]]]
    start: int
    end: int
    lookback: int
    default_step: int

    def value(self, expr: Expr, times: Sequence[int]) -> Value:
        match expr:
            case NumberLiteral(value=number):
                return [number] * len(times)
            case StringLiteral(value=text):
                return [text] * len(times)
            case Paren(expr=inner):
                return self.value(inner, times)
            case VectorSelector():
                return [[(key, value) for key, _, value in self.newest(expr, t)] for t in times]
            case Unary(op=op, expr=inner):
                return self.signed(op, self.value(inner, times))
            case Binary():
                return self.binary(expr, self.value(expr.left, times), self.value(expr.right, times))
            case Aggregation():
                params = [None] * len(times) if expr.param is None else self.value(expr.param, times)
                vectors = self.value(expr.expr, times)
                return [unique(aggregated(expr, v, p)) for v, p in zip(vectors, params, strict=True)]
            case Call():
                return self.call(expr, times)
        raise AssertionError(f"a range is no value: {expr}")

    def newest(self, selector: VectorSelector, t: int) -> list[tuple[Key, int, float]]:
        """The newest sample within the lookback, unless it is a stale marker."""
        end = self.instant(selector.at, t) - selector.offset
        found = []
        for key, samples in self.fleet:
            inside = [(at, v) for at, v in samples if end - self.lookback <= at <= end]
            if matches(selector.matchers, key) and inside and not is_stale(inside[-1][1]):
                found.append((key, *inside[-1]))
        return found

    def instant(self, at: int | Bound | None, t: int) -> int:
        if at is None:
            return t
        return at if isinstance(at, int) else self.start if at is Bound.START else self.end

    def windows(self, ranged: Expr, t: int) -> tuple[list[tuple[Key, list[tuple[int, float]]]], int, int]:
        """Series with their samples in the window, and its ends."""
        while isinstance(ranged, Paren):
            ranged = ranged.expr
        if isinstance(ranged, MatrixSelector):
            end = self.instant(ranged.selector.at, t) - ranged.selector.offset
            low = end - ranged.range
            found = [
                (key, [(at, v) for at, v in samples if low <= at <= end and not is_stale(v)])
                for key, samples in self.fleet
                if matches(ranged.selector.matchers, key)
            ]
            return [(key, samples) for key, samples in found if samples], low, end
        assert isinstance(ranged, Subquery)
        end = self.instant(ranged.at, t) - ranged.offset
        low, step = end - ranged.range, ranged.step or self.default_step
        times = [at for at in range(low, end + 1) if at % step == 0]
        series: dict[Key, list[tuple[int, float]]] = {}
        for at, vector in zip(times, self.value(ranged.expr, times), strict=True):
            for key, value in vector:
                series.setdefault(key, []).append((at, value))
        return list(series.items()), low, end

    def signed(self, op: str, value: Value) -> Value:
        if op == "+":
            return value
        if not all(isinstance(one, list) for one in value):
            return [-one for one in value]
        return [unique([(nameless(key), -v) for key, v in vector]) for vector in value]

    def binary(self, expr: Binary, left: Value, right: Value) -> Value:
        out = []
        for a, b in zip(left, right, strict=True):
            match isinstance(a, list), isinstance(b, list):
                case True, True:
                    assert expr.matching is not None
                    whole = sets if expr.op in SETS else of_vectors
                    out.append(unique(whole(expr, a, b)))
                case True, False:
                    out.append(unique(with_scalar(expr, a, b, scalar_left=False)))
                case False, True:
                    out.append(unique(with_scalar(expr, b, a, scalar_left=True)))
                case _:
                    out.append(float(arithmetic(expr.op, a, b)))
        return out

    def call(self, call: Call, times: Sequence[int]) -> Value:
        name, args = call.function, call.args
        ranged = [arg for arg in args if isinstance(bare(arg), MatrixSelector | Subquery)]
        if ranged:
            scalars = [self.value(arg, times) for arg in args if arg is not ranged[0]]
            return self.over_range(name, ranged[0], scalars, times)
        if name == "time":
            return [t / 1000 for t in times]
        if name == "timestamp" and isinstance(bare(args[0]), VectorSelector):
            selector = bare(args[0])
            assert isinstance(selector, VectorSelector)
            return [unique([(nameless(k), at / 1000) for k, at, _ in self.newest(selector, t)]) for t in times]
        values = [self.value(arg, times) for arg in args]
        return [self.at_step(name, args, [value[i] for value in values], t) for i, t in enumerate(times)]

    def at_step(self, name: str, args: Sequence[Expr], given: list[Any], t: int) -> Any:
        match name:
            case "vector":
                return [((), given[0])]
            case "scalar":
                return given[0][0][1] if len(given[0]) == 1 else math.nan
            case "absent":
                return [] if given[0] else [(absent_labels(bare(args[0])), 1.0)]
            case "timestamp":
                return unique([(nameless(key), t / 1000) for key, _ in given[0]])
            case "label_replace":
                return unique(label_replace(*given))
            case "label_join":
                return unique(label_join(*given))
            case "sort":
                return given[0]
            case "clamp" if given[1] > given[2]:
                return []
            case _:
                function = ELEMENTWISE[name]
                return unique([(nameless(key), function(v, *given[1:])) for key, v in given[0]])

    def over_range(self, name: str, ranged: Expr, scalars: list[Value], times: Sequence[int]) -> Value:
        out: list[Vector] = []
        rows: dict[Key, set[Key]] = {}
        for i, t in enumerate(times):
            series, low, end = self.windows(ranged, t)
            if name == "absent_over_time":
                out.append([] if series else [(absent_labels(bare(ranged)), 1.0)])
                continue
            vector: Vector = []
            for key, samples in series:
                value = RANGES[name](samples, low, end, t, *(scalar[i] for scalar in scalars))
                if value is not None:
                    kept = key if name in ("last_over_time", "first_over_time") else nameless(key)
                    vector.append((kept, value))
                    rows.setdefault(kept, set()).add(key)
            out.append(vector)
        if any(len(keys) > 1 for keys in rows.values()):  # judged over all steps at once
            raise TwinError("vector cannot contain metrics with the same labelset")
        return out


def bare(expr: Expr) -> Expr:
    while isinstance(expr, Paren):
        expr = expr.expr
    return expr
