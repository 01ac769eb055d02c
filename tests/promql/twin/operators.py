"""Operators of the slow twin: two numbers, a vector and a number, two vectors, sets."""

from __future__ import annotations

import math

from promql.syntax.ast import Binary, Cardinality, VectorMatching
from tests.promql.twin.vectors import Key, TwinError, Vector, key_of, nameless, only, without

SETS = ("and", "or", "unless")
COMPARISONS = ("==", "!=", "<", "<=", ">", ">=")
DROPS_NAME = ("+", "-", "*", "/", "%", "^")


def arithmetic(op: str, a: float, b: float) -> float | bool:
    """A comparison gives whether it holds."""
    match op:
        case "+":
            return a + b
        case "-":
            return a - b
        case "*":
            return a * b
        case "/":
            return _divided(a, b)
        case "%":
            return math.nan if b == 0 or math.isinf(a) or math.isnan(a) or math.isnan(b) else math.fmod(a, b)
        case "^":
            return _power(a, b)
        case "atan2":
            return math.atan2(a, b)
        case "==":
            return a == b
        case "!=":
            return a != b
        case "<":
            return a < b
        case "<=":
            return a <= b
        case ">":
            return a > b
        case _:
            return a >= b


def _divided(a: float, b: float) -> float:
    if b != 0:
        return a / b
    if a == 0 or math.isnan(a):
        return math.nan
    return math.copysign(math.inf, a) * math.copysign(1.0, b)


def _power(a: float, b: float) -> float:
    try:
        return math.pow(a, b)
    except OverflowError:
        return -math.inf if a < 0 and b % 2 == 1 else math.inf
    except ValueError:
        if a == 0:
            return math.copysign(math.inf, a) if b % 2 == 1 else math.inf
        return math.nan


def with_scalar(expr: Binary, vector: Vector, scalar: float, *, scalar_left: bool) -> Vector:
    out = []
    for key, value in vector:
        made = arithmetic(expr.op, *((scalar, value) if scalar_left else (value, scalar)))
        if expr.op in COMPARISONS:
            if not made and not expr.bool_modifier:
                continue
            made = float(made) if expr.bool_modifier else value
        drops = expr.op in DROPS_NAME or expr.bool_modifier
        out.append((nameless(key) if drops else key, float(made)))
    return out


def signature(key: Key, matching: VectorMatching) -> Key:
    return only(key, matching.labels) if matching.on else without(key, (*matching.labels, "__name__"))


def of_vectors(expr: Binary, left: Vector, right: Vector) -> Vector:
    matching = expr.matching
    assert matching is not None
    if not left or not right:
        return []
    swapped = matching.cardinality is Cardinality.ONE_TO_MANY
    many, one = (right, left) if swapped else (left, right)
    single: dict[Key, tuple[Key, float]] = {}
    for key, value in one:
        if single.setdefault(signature(key, matching), (key, value))[0] is not key:
            raise TwinError("found duplicate series for the match group")
    met: dict[Key, set[Key]] = {}
    out: Vector = []
    for key, value in many:
        group = signature(key, matching)
        if group not in single:
            continue
        other, theirs = single[group]
        a, b = (theirs, value) if swapped else (value, theirs)
        made = arithmetic(expr.op, a, b)
        if expr.op in COMPARISONS:
            if not made and not expr.bool_modifier:
                continue
            made = float(made) if expr.bool_modifier else a
        labels = result_labels(expr, key, other, matching)
        seen = met.setdefault(group, set())
        if matching.cardinality is Cardinality.ONE_TO_ONE and seen:
            raise TwinError("multiple matches for labels: many-to-one matching must be explicit")
        if labels in seen:
            raise TwinError("multiple matches for labels: grouping labels must ensure unique matches")
        seen.add(labels)
        out.append((labels, float(made)))
    return out


def result_labels(expr: Binary, many: Key, one: Key, matching: VectorMatching) -> Key:
    labels = dict(many)
    if expr.op in DROPS_NAME or expr.bool_modifier:
        labels.pop("__name__", None)
    if matching.cardinality is Cardinality.ONE_TO_ONE:
        kept = matching.labels if matching.on else set(labels) - set(matching.labels)
        labels = {name: value for name, value in labels.items() if name in kept}
    labels.update({name: dict(one).get(name, "") for name in matching.include})
    return key_of(labels.items())


def sets(expr: Binary, left: Vector, right: Vector) -> Vector:
    matching = expr.matching
    assert matching is not None
    ours = {signature(key, matching) for key, _ in left}
    theirs = {signature(key, matching) for key, _ in right}
    match expr.op:
        case "and":
            return [(key, value) for key, value in left if signature(key, matching) in theirs]
        case "unless":
            return [(key, value) for key, value in left if signature(key, matching) not in theirs]
        case _:
            return [*left, *((key, value) for key, value in right if signature(key, matching) not in ours)]
