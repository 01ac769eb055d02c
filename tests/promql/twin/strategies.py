"""Expressions and data for the twins.

Values are quarters, so sums, differences and products are exact in any order; only *exact* expressions are compared, so
that no comparison hangs on the last digit of a rate. What chooses among rows gets rows in the order of their series.
"""

from __future__ import annotations

import math
from collections.abc import Callable
from typing import TypeAlias

from hypothesis import strategies as st

from promql.model.staleness import NORMAL_NAN, STALE_NAN
from tests.promql.twin.vectors import Key, key_of

START = 1_000_000
Fleet: TypeAlias = list[tuple[Key, list[tuple[int, float]]]]
Text: TypeAlias = st.SearchStrategy[str]

_ODD = [float(NORMAL_NAN), math.inf, -math.inf, -0.0]


@st.composite
def fleets(draw: st.DrawFn) -> Fleet:
    """Two metrics with labels from a small set; series share instants, or have their own, with gaps and endings."""
    keys = draw(
        st.lists(
            st.tuples(st.sampled_from("xy"), st.sampled_from(["", "1", "2"]), st.sampled_from(["", "p", "q"])),
            min_size=1,
            max_size=7,
            unique=True,
        )
    )
    odd, counting = draw(st.booleans()), draw(st.booleans())
    fleet: Fleet = []
    for name, a, b in keys:
        every, offset = draw(st.sampled_from([5_000, 5_000, 10_000, 7_001])), draw(st.sampled_from([0, 0, 1_234]))
        begin, count = draw(st.integers(0, 10)), draw(st.integers(1, 30))
        fleet.append((key_of({"__name__": name, "a": a, "b": b}.items()), []))
        level = 0.0
        for i in range(begin, begin + count):
            kind = draw(st.integers(0, 19))
            level = (0.0 if kind == 1 else level) + draw(st.integers(0, 40)) / 4
            if kind == 0:
                continue
            value = level if counting else draw(st.integers(-80, 80)) / 4
            value = float(STALE_NAN) if kind == 2 else draw(st.sampled_from(_ODD)) if odd and kind == 3 else value
            fleet[-1][1].append((START + offset + i * every, value))
    return [(key, samples) for key, samples in fleet if samples]


def _fill(template: str, **parts: Text) -> Text:
    return st.fixed_dictionaries(parts).map(lambda found: template.format_map(_Braces(found)))


class _Braces(dict[str, str]):
    """Names that are not given stay as they are."""

    def __missing__(self, name: str) -> str:
        return "{" + name + "}"


_SELECTOR = st.sampled_from(
    ["x", "y", "x", "y", "x{a='1'}", "x{a!='1'}", "y{b=~'p|'}", "x{b!~'q'}", "{__name__=~'x|y'}", "{a='2'}", "z"]
)
_MOVED = st.sampled_from(["", "", "", " offset 7s", " offset -5s", " @ 1030", " @ end()", " @ start() offset 5s"])
_LENGTH = st.sampled_from(["5s", "20s", "33s", "2m"])
_NUMBER = st.sampled_from(["0", "1", "2", "-3", "0.5", "5m", "Inf", "NaN"])
_GROUPS = st.sampled_from(["", " by (a)", " without (b)", " by (a, b)", " by (__name__)", " without (a, b)"])
_MATCHING = st.sampled_from(
    ["", "", " on (a)", " ignoring (b)", " on (a) group_left ()", " on (a) group_right (b)", " ignoring (a) group_left (a)",
     " on (a, b)", " on ()"]
)  # fmt: skip
_SET_MATCHING = st.sampled_from(["", " on (a)", " ignoring (b)", " on ()"])
_EXACT_OVER = st.sampled_from(
    ["count_over_time", "sum_over_time", "max_over_time", "min_over_time", "last_over_time", "first_over_time", "changes",
     "resets", "present_over_time", "idelta", "ts_of_max_over_time"]
)  # fmt: skip
_OVER = st.sampled_from(
    ["rate", "increase", "delta", "irate", "avg_over_time", "stdvar_over_time", "deriv", "mad_over_time"]
)  # fmt: skip
_EXACT_OF_ONE = st.sampled_from(["abs", "ceil", "floor", "sgn", "-", "sort", "timestamp"])

_PLAIN = _fill("{s}{m}", s=_SELECTOR, m=_MOVED)
_RANGE = _fill("{s}[{l}]{m}", s=_SELECTOR, l=_LENGTH, m=_MOVED)
_ROWS = st.one_of(_PLAIN, _fill("{f}({r})", f=_EXACT_OVER, r=_RANGE))


def _grown(inner: Text) -> Text:
    scalar = _scalars(inner)
    step = st.sampled_from(["", "5s", "7s", "10s"])
    subquery = _fill("({v})[{l}:{s}]{m}", v=inner, l=st.sampled_from(["20s", "33s"]), s=step, m=_MOVED)
    wide = st.sampled_from(["+", "-", "==", "!=", "<", ">=", "== bool", "> bool"])
    return st.one_of(
        _fill("{f}({v})", f=_EXACT_OF_ONE, v=inner),
        _fill("{f}({r})", f=_EXACT_OVER, r=subquery),
        _fill("({v}) {o} {n}", v=inner, o=wide, n=scalar),
        _fill("{n} {o} ({v})", v=inner, o=wide, n=scalar),
        _fill("({v}) {o}{m} ({w})", v=inner, o=wide, m=_MATCHING, w=inner),
        _fill("({v}) {o}{m} ({w})", v=inner, o=st.sampled_from(["and", "or", "unless"]), m=_SET_MATCHING, w=inner),
        _fill("{f}{g} ({v})", f=st.sampled_from(["sum", "min", "max", "count", "group"]), g=_GROUPS, v=inner),
        _fill("{f}{g} ({k}, {v})", f=st.sampled_from(["topk", "bottomk", "limitk"]), g=_GROUPS, k=scalar, v=_ROWS),
        _fill("count_values{g} ('v', {v})", g=_GROUPS, v=inner),
        _fill("clamp({v}, {n}, {k})", v=inner, n=scalar, k=scalar),
        _fill("{f}(timestamp({v}))", f=st.sampled_from(["hour", "minute", "day_of_year"]), v=inner),
        _fill("absent({v})", v=inner),
        _fill("absent_over_time({r})", r=st.one_of(_RANGE, subquery)),
        _fill("label_replace({v}, 'b', '$1-', 'a', '(.+)')", v=inner),
        _fill("label_join({v}, 'c', '/', 'a', 'b')", v=inner),
        _fill("vector({n})", n=scalar),
    )


def _scalars(inner: Text) -> Text:
    return st.one_of(_NUMBER, _NUMBER, st.just("time()"), _fill("scalar({v})", v=inner))


EXACT: Text = st.recursive(_ROWS, _grown, max_leaves=5)


def _rough(exact: Text) -> Text:
    by_name: Callable[..., Text] = _fill
    return st.one_of(
        by_name("{f}({r})", f=_OVER, r=_RANGE),
        by_name("sum{g} ({f}({r}))", f=_OVER, r=_RANGE, g=_GROUPS),
        by_name("{f}{g} ({v})", f=st.sampled_from(["avg", "stddev", "stdvar"]), g=_GROUPS, v=exact),
        by_name("quantile{g} ({n}, {v})", g=_GROUPS, n=_NUMBER, v=exact),
        by_name("quantile_over_time({n}, {r})", n=_NUMBER, r=_RANGE),
        by_name("({v}) {o}{m} ({w})", v=exact, o=st.sampled_from(["*", "/", "%", "^", "atan2"]), m=_MATCHING, w=exact),
        by_name("({v}) {o} {n}", v=exact, o=st.sampled_from(["*", "/", "%", "^", "atan2"]), n=_NUMBER),
        by_name("sqrt({v})", v=exact),
        by_name("round({v}, {n})", v=exact, n=st.sampled_from(["1", "0.5", "3"])),
    )


EXPRESSIONS: Text = st.one_of(EXACT, _rough(EXACT), _rough(EXACT))
