"""Aggregations of the slow twin."""

from __future__ import annotations

import math
from typing import Any

from promql.syntax.ast import Aggregation
from tests.promql.functions import twin as windows
from tests.promql.twin.vectors import Key, TwinError, Vector, key_of, only, without

CHOOSING = ("topk", "bottomk", "limitk")


def aggregated(expr: Aggregation, vector: Vector, param: Any) -> Vector:
    if expr.op == "count_values":
        return count_values(expr, vector, param)
    if expr.op in CHOOSING and (math.isnan(param) or not -(2.0**63) <= param < 2.0**63):
        raise TwinError("overflows int64")
    groups: dict[Key, Vector] = {}
    for key, value in vector:
        group = without(key, (*expr.grouping, "__name__")) if expr.without else only(key, expr.grouping)
        groups.setdefault(group, []).append((key, value))
    if expr.op in CHOOSING:
        return [element for members in groups.values() for element in chosen(expr.op, members, param)]
    return [(group, reduced(expr.op, [v for _, v in members], param)) for group, members in groups.items()]


def chosen(op: str, members: Vector, k: float) -> Vector:
    count = max(int(k), 0)
    if op == "limitk":
        return members[:count]
    sign = -1 if op == "topk" else 1
    return sorted(members, key=lambda e: (math.isnan(e[1]), 0.0 if math.isnan(e[1]) else sign * e[1]))[:count]


def reduced(op: str, values: list[float], param: Any) -> float:
    samples = [(i, value) for i, value in enumerate(values)]
    match op:
        case "sum":
            return windows.total(samples)
        case "avg":
            return windows.mean(samples)
        case "min":
            return windows.smallest(samples)
        case "max":
            return windows.largest(samples)
        case "count":
            return float(len(values))
        case "group":
            return 1.0
        case "stddev":
            return math.sqrt(variance(values))
        case "stdvar":
            return variance(values)
        case _:
            assert op == "quantile"
            return math.nan if math.isnan(param) else windows.quantile(param, samples)


def variance(values: list[float]) -> float:
    """Step by step, which decides what becomes of infinities."""
    mean, squares = values[0], 0.0
    for count, value in enumerate(values[1:], start=2):
        away = value - mean
        mean += away / count
        squares += away * (value - mean)
    return squares / len(values)


def count_values(expr: Aggregation, vector: Vector, label: str) -> Vector:
    counts: dict[Key, float] = {}
    for key, value in vector:
        told = key_of([*key, (label, text(value))])
        if expr.without:
            group = without(told, (*expr.grouping, "__name__"))
        else:
            group = only(told, (*expr.grouping, label))
        counts[group] = counts.get(group, 0.0) + 1
    return list(counts.items())


def text(value: float) -> str:
    if math.isnan(value):
        return "NaN"
    if math.isinf(value):
        return "+Inf" if value > 0 else "-Inf"
    shortest = f"{value:.10f}".rstrip("0").rstrip(".")
    return "-0" if value == 0 and math.copysign(1, value) < 0 else shortest
