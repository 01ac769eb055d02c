"""Functions that change labels and leave values alone."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import cast

from engine.foundation.regexes import Regex, RegexError
from promql.errors import EvaluationError
from promql.functions.elementwise import GridCall
from promql.model.grid import Grid, Value, merged
from promql.model.labels import Labels, is_plain_name
from promql.model.types import IntArray


def label_replace(pattern_as: Callable[[str], str] = str) -> GridCall:
    """Where the whole of `source` matches, set `target` to the expanded text; an empty one takes it away.

    `pattern_as` gives the pattern as the dialect takes it.
    """

    def call(_times: IntArray, args: Sequence[Value]) -> Value:
        grid, (target, text, source, pattern) = cast("Grid", args[0]), cast("Sequence[str]", args[1:])
        try:
            regex = Regex(pattern_as(pattern))
        except RegexError:
            raise EvaluationError(f"invalid regular expression in label_replace(): {pattern}") from None
        if not is_plain_name(target):
            raise EvaluationError(f"invalid destination label name in label_replace(): {target}")

        def replaced(labels: Labels) -> Labels:
            value = regex.expand(labels.get(source), text)
            return labels if value is None else labels.set(target, value)

        return merged(Grid([replaced(labels) for labels in grid.labels], grid.values, grid.present))

    return call


def label_join(_times: IntArray, args: Sequence[Value]) -> Value:
    """Set `target` to the values of the sources, joined; an empty text takes it away."""
    grid, (target, separator, *sources) = cast("Grid", args[0]), cast("Sequence[str]", args[1:])
    if not is_plain_name(target):
        raise EvaluationError(f"invalid destination label name in label_join(): {target}")
    for source in sources:
        if not is_plain_name(source):
            raise EvaluationError(f"invalid source label name in label_join(): {source}")
    labels = [one.set(target, separator.join(one.get(s) for s in sources)) for one in grid.labels]
    return merged(Grid(labels, grid.values, grid.present))
