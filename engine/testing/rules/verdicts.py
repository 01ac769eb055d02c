"""What a test expected beside what there was. Alerts and samples are the same here: something named, with lines below.

Law: nothing is equal that promtool tells apart. Labels and annotations must be exactly the expected ones, an empty one
included; numbers must be equal, or neighbours under `fuzzy_compare`; NaN equals nothing.
"""

from __future__ import annotations

import math
from collections.abc import Iterable, Mapping, Sequence

from msgspec import Struct, field

from promql.model.labels import quote
from promql.model.numbers import general


class Thing(Struct, frozen=True):
    """An alert (labels, annotations) or a sample (labels, value)."""

    labels: Mapping[str, str]
    annotations: Mapping[str, str] = field(default_factory=dict)
    value: float | None = None

    def lines(self) -> dict[str, str]:
        """Key -> what is shown of it. A sample's value comes first."""
        value = {} if self.value is None else {"value": general(self.value)}
        labels = {f"label {name}": quote(text) for name, text in sorted(self.labels.items())}
        return value | labels | {f"annotation {name}": quote(text) for name, text in sorted(self.annotations.items())}


class Pair(Struct, frozen=True):
    """What belongs together; one side is None where it has nothing to stand beside."""

    expected: Thing | None
    got: Thing | None
    same: bool


class Failure(Struct, frozen=True):
    """`what` names the case; `pairs` are its comparison, `reason` is said where there is none or it needs a word."""

    what: str
    pairs: tuple[Pair, ...] = ()
    reason: str = ""


def compare(what: str, expected: Sequence[Thing], got: Sequence[Thing], *, fuzzy: bool = False) -> Failure | None:
    """None where both are the same, whatever their order."""
    pairs = tuple(_paired(expected, got, fuzzy=fuzzy))
    if all(pair.same for pair in pairs):
        return None
    reason = ""
    if any(thing.value is not None and math.isnan(thing.value) for thing in expected):
        reason = "NaN equals nothing, not even itself: expect no sample of `EXPR == EXPR` instead"
    return Failure(what, pairs, reason)


def _paired(expected: Sequence[Thing], got: Sequence[Thing], *, fuzzy: bool) -> Iterable[Pair]:
    rest = list(got)
    unmatched = []
    for thing in expected:
        twin = next((other for other in rest if equal(thing, other, fuzzy=fuzzy)), None)
        if twin is None:
            unmatched.append(thing)
        else:
            rest.remove(twin)
            yield Pair(thing, twin, same=True)
    for thing in unmatched:
        near = max(rest, key=lambda other: _nearness(thing, other), default=None)
        if near is not None:
            rest.remove(near)
        yield Pair(thing, near, same=False)
    yield from (Pair(None, other, same=False) for other in rest)


def equal(expected: Thing, got: Thing, *, fuzzy: bool) -> bool:
    return (
        expected.labels == got.labels
        and expected.annotations == got.annotations
        and _same_number(expected.value, got.value, fuzzy=fuzzy)
    )


def _same_number(expected: float | None, got: float | None, *, fuzzy: bool) -> bool:
    if expected is None or got is None or not fuzzy:
        return expected == got
    return expected == got or got in (math.nextafter(expected, math.inf), math.nextafter(expected, -math.inf))


def _nearness(one: Thing, other: Thing) -> tuple[bool, int]:
    return one.labels == other.labels, len(one.lines().items() & other.lines().items())
