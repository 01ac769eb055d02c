"""One evaluation of a recording rule: a result in, samples to write out."""

from __future__ import annotations

from collections.abc import Callable, Sequence

import numpy as np
from msgspec import Struct

from engine.rules.errors import DuplicateError, LimitError, NotAVectorError
from engine.rules.spec import RecordingRule
from promql.model.labels import EMPTY, METRIC_NAME, Labels
from promql.model.results import Result, Scalar, Vector
from promql.model.types import FloatArray


class Samples(Struct, frozen=True):
    """What a rule writes at one instant: `values: float64[S]` beside their label sets, no two of them equal."""

    labels: Sequence[Labels]
    values: FloatArray


class Relabelled:
    """Label sets after a change that depends on them alone, remembered from one evaluation to the next."""

    def __init__(self, change: Callable[[Labels], Labels]) -> None:
        self._change = change
        self._known: dict[Labels, Labels] = {}

    def __call__(self, labels: Sequence[Labels]) -> list[Labels]:
        known, change = self._known, self._change
        changed = [known.get(one) or change(one) for one in labels]
        self._known = dict(zip(labels, changed, strict=True))
        return changed


def as_vector(result: Result) -> Samples:
    """A scalar is one sample without labels. Raises NotAVectorError."""
    match result:
        case Vector(_, labels, values):
            return Samples(labels, values)
        case Scalar(_, value):
            return Samples((EMPTY,), np.array([value]))
        case _:
            raise NotAVectorError


def relabelling(rule: RecordingRule) -> Relabelled:
    """From a sample's labels to those that the rule writes; the rule's win, and its empty ones take labels away."""
    change = {METRIC_NAME: rule.name, **rule.labels}
    return Relabelled(lambda labels: labels.overlay(change))


def record(result: Result, relabel: Relabelled, limit: int) -> Samples:
    """The samples to write. Raises RuleError: not a vector, equal label sets, or more than `limit` of them."""
    found = as_vector(result)
    labels = relabel(found.labels)
    if len(set(labels)) < len(labels):
        raise DuplicateError("rule")
    if 0 < limit < len(labels):
        raise LimitError(limit, len(labels), "series")
    return Samples(labels, found.values)
