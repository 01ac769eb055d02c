"""What the name of a metric says of it: its unit, and whether it counts or measures.

Law: only names that follow the conventions (`_seconds`, `_bytes`, `_total`) say anything; all others are believed.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from types import MappingProxyType
from typing import Final

from promql.functions.operators import COMPARISON
from promql.syntax.ast import Aggregation, Binary, Call, Expr, MatrixSelector, Paren, Subquery, Unary, VectorSelector
from promql.syntax.walk import descendants

COUNTING: Final = ("_total", "_sum", "_count", "_bucket")
_OF_COUNTERS: Final = MappingProxyType(
    {"rate": "deriv", "irate": "idelta", "increase": "delta", "resets": "changes"}
)  # and what does that for gauges
_OF_GAUGES: Final = MappingProxyType({"delta": "increase", "deriv": "rate", "idelta": "irate"})
_UNITS: Final[Mapping[str, str]] = MappingProxyType(
    {
        **dict.fromkeys(("nanoseconds", "microseconds", "milliseconds", "seconds", "minutes", "hours", "days"), "time"),
        **dict.fromkeys(("bits", "bytes", "kilobytes", "megabytes", "gigabytes", "kibibytes", "mebibytes"), "size"),
        **dict.fromkeys(("ratio", "percent"), "share"),
        **dict.fromkeys(("celsius", "fahrenheit", "kelvin"), "temperature"),
    }
)  # unit -> what it measures
_SAME_UNIT: Final = frozenset({
    "abs", "ceil", "floor", "round", "clamp", "clamp_max", "clamp_min", "sort", "sort_desc", "delta", "idelta",
    "increase", "avg_over_time", "min_over_time", "max_over_time", "sum_over_time", "last_over_time",
    "quantile_over_time", "stddev_over_time", "predict_linear", "holt_winters", "scalar", "label_replace", "label_join",
    "histogram_quantile", "vector",
})  # fmt: skip
_UNIT_OF: Final = frozenset({"min", "max", "avg", "sum", "topk", "bottomk", "quantile", "stddev"})


def wrong_kinds(expr: Expr) -> Iterator[str]:
    """Functions of counters over gauges, and the other way round."""
    for node in descendants(expr):
        if not isinstance(node, Call) or not node.args or not isinstance(node.args[0], MatrixSelector):
            continue
        name = node.args[0].selector.name
        if (better := _OF_COUNTERS.get(node.function)) and _unit_at_end(name):
            yield (
                f"{node.function}() of {name}, which by its name is a gauge (a counter's ends in _total):"
                f" did you mean {better}()?"
            )
        if (better := _OF_GAUGES.get(node.function)) and name.endswith(COUNTING):
            yield f"{node.function}() of {name}, which by its name is a counter: did you mean {better}()?"


def mixed_units(expr: Expr) -> Iterator[str]:
    """Sums, differences and comparisons of what is measured in different units."""
    for node in descendants(expr):
        if isinstance(node, Binary) and (node.op in COMPARISON or node.op in ("+", "-")):
            left, right = unit(node.left), unit(node.right)
            if left and right and left != right and _UNITS[left] == _UNITS[right]:
                yield f'"{node.op}" between {left} and {right}: multiply one of them first'


def unit(expr: Expr) -> str:
    """The unit that names say the expression has; nothing where they don't."""
    match expr:
        case VectorSelector(name=name):
            return _unit_of_name(name)
        case MatrixSelector(selector=selector):
            return _unit_of_name(selector.name)
        case Paren(expr=inner) | Unary(expr=inner) | Subquery(expr=inner):
            return unit(inner)
        case Aggregation(op=op, expr=inner):
            return unit(inner) if op in _UNIT_OF else ""
        case Call(function="time" | "timestamp"):
            return "seconds"
        case Call(function=function, args=args) if function in _SAME_UNIT:
            return next((found for found in map(unit, args) if found), "")
        case Binary(op=op, left=left, right=right) if op in COMPARISON or op in ("+", "-"):
            return "" if getattr(expr, "bool_modifier", False) else unit(left) or unit(right)
        case Binary(op="and" | "unless" | "or", left=left):
            return unit(left)
        case _:
            return ""


def _unit_of_name(name: str) -> str:
    if name.endswith("_count"):
        return ""
    for ending in ("_total", "_sum", "_bucket"):
        name = name.removesuffix(ending)
    return _unit_at_end(name)


def _unit_at_end(name: str) -> str:
    if ":" in name:  # recorded; the name tells of the expression, not of a metric
        return ""
    last = name.rpartition("_")[2]
    return last if last in _UNITS and last != name else ""
