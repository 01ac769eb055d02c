"""Trees of queries, and rubbish."""

from __future__ import annotations

from itertools import pairwise
from typing import Any, Final

from hypothesis import strategies as st

from engine.logql.syntax import ast
from promql.model.matchers import Matcher, MatchOp
from promql.syntax.ast import Cardinality, VectorMatching

NAMES: Final = st.sampled_from(["a", "b", "level", "ip", "json", "by", "rate", "sum", "drop", "bytes", "_x", "on"])
SAFE_NAMES: Final = st.sampled_from(["a", "b", "level", "msg", "_x", "status"])
TEXTS: Final = st.text(st.characters(exclude_categories=("Cs",)), max_size=8)
_REGEXES: Final = st.sampled_from(["", ".*", "a|b", "(?i)x+", "[0-9]{2}", "\\d\\\\"])
_NUMBERS: Final = st.one_of(
    st.integers(-1000, 1000).map(float), st.floats(allow_nan=False, allow_infinity=False, width=32)
)
_OPS: Final = st.sampled_from(["==", "!=", "<", "<=", ">", ">="])
_DURATIONS: Final = st.sampled_from([("5s", 5 * 10**9), ("1h30m", 5400 * 10**9), ("1.5h", 5400 * 10**9)])
_SIZES: Final = st.sampled_from([("5KB", 5000), ("2MiB", 2 << 20), ("7B", 7)])
_RANGES: Final = st.sampled_from([10**9, 60 * 10**9, 86_400 * 10**9, 90 * 60 * 10**9, 1_500_000_000])


def _matchers(names: st.SearchStrategy[str]) -> st.SearchStrategy[Matcher]:
    return st.one_of(
        st.builds(Matcher, names, st.sampled_from([MatchOp.EQUAL, MatchOp.NOT_EQUAL]), TEXTS),
        st.builds(Matcher, names, st.sampled_from([MatchOp.REGEX, MatchOp.NOT_REGEX]), _REGEXES),
    )


_LEAVES: Final = st.one_of(
    _matchers(NAMES).map(ast.TextFilter),
    st.builds(ast.NumberFilter, NAMES, _OPS, _NUMBERS),
    st.builds(lambda n, o, d: ast.DurationFilter(n, o, d[1], d[0]), NAMES, _OPS, _DURATIONS),
    st.builds(lambda n, o, d: ast.BytesFilter(n, o, d[1], d[0]), NAMES, _OPS, _SIZES),
    st.builds(ast.IpFilter, NAMES, st.booleans(), TEXTS),
)
CONDITIONS: Final[st.SearchStrategy[Any]] = st.recursive(
    _LEAVES,
    lambda inner: st.one_of(st.builds(ast.AndFilter, inner, inner), st.builds(ast.OrFilter, inner, inner)),
    max_leaves=5,
)
_NEEDLES: Final = st.lists(st.builds(ast.Needle, TEXTS, st.booleans()), min_size=1, max_size=3).map(tuple)
_EXTRACTIONS: Final = st.lists(st.builds(ast.Extraction, SAFE_NAMES, TEXTS), max_size=2).map(tuple)
_FORMATS: Final = st.lists(
    st.one_of(
        st.builds(ast.LabelFormat, SAFE_NAMES, SAFE_NAMES, st.just(True)),
        st.builds(ast.LabelFormat, SAFE_NAMES, TEXTS, st.just(False)),
    ),
    min_size=1,
    max_size=3,
).map(tuple)
_PICKS: Final = st.lists(st.one_of(SAFE_NAMES, _matchers(SAFE_NAMES)), min_size=1, max_size=3).map(tuple)
_FILTER_OPS: Final = st.sampled_from(["|=", "!=", "|~", "!~", "|>", "!>"])
STAGES: Final[st.SearchStrategy[Any]] = st.one_of(
    st.builds(ast.LineFilter, _FILTER_OPS, _NEEDLES),
    st.builds(ast.JsonStage, _EXTRACTIONS),
    st.builds(ast.LogfmtStage, _EXTRACTIONS, st.booleans(), st.booleans()),
    st.builds(ast.RegexpStage, TEXTS),
    st.builds(ast.PatternStage, TEXTS),
    st.just(ast.UnpackStage()),
    st.just(ast.DecolorizeStage()),
    st.builds(ast.LineFormatStage, TEXTS),
    st.builds(ast.LabelFormatStage, _FORMATS),
    st.builds(ast.PickStage, st.booleans(), _PICKS),
    st.builds(ast.LabelFilterStage, CONDITIONS),
)
_SELECTORS: Final = st.builds(
    lambda first, rest: (first, *rest),
    st.builds(Matcher, NAMES, st.just(MatchOp.EQUAL), TEXTS.filter(bool)),
    st.lists(_matchers(NAMES), max_size=2),
)
_UNWRAPS: Final = st.builds(ast.UnwrapStage, SAFE_NAMES, st.sampled_from(["", "bytes", "duration", "duration_seconds"]))


def _can_be_written(stages: list[ast.Stage]) -> bool:
    """`| drop a != "x"` drops by value: no text says that `a` is dropped and then lines are filtered."""
    pairs = pairwise(stages)
    return not any(
        isinstance(one, ast.PickStage)
        and isinstance(one.picks[-1], str)
        and isinstance(other, ast.LineFilter)
        and other.op in ("!=", "!~")
        for one, other in pairs
    )


LOGS: Final = st.builds(ast.Log, _SELECTORS, st.lists(STAGES, max_size=4).filter(_can_be_written).map(tuple))
_UNWRAPPED: Final = st.builds(
    lambda log, unwrap, after: ast.Log(log.matchers, (*log.stages, unwrap, *after)),
    LOGS,
    _UNWRAPS,
    st.lists(CONDITIONS.map(ast.LabelFilterStage), max_size=2),
)
_GROUPINGS: Final = st.one_of(
    st.none(), st.builds(ast.Grouping, st.lists(SAFE_NAMES, max_size=2).map(tuple), st.booleans())
)
_OFFSETS: Final = st.sampled_from([0, 60 * 10**9, -3600 * 10**9])
_RANGED: Final = st.one_of(
    st.builds(
        ast.RangeAggregation, st.sampled_from(["rate", "count_over_time", "bytes_rate"]), LOGS, _RANGES, _OFFSETS
    ),
    st.builds(ast.RangeAggregation, st.sampled_from(["sum_over_time", "rate_counter"]), _UNWRAPPED, _RANGES, _OFFSETS),
    st.builds(ast.RangeAggregation, st.just("quantile_over_time"), _UNWRAPPED, _RANGES, _OFFSETS, _NUMBERS, _GROUPINGS),
    st.builds(ast.RangeAggregation, st.just("max_over_time"), _UNWRAPPED, _RANGES, _OFFSETS, st.none(), _GROUPINGS),
)
_MATCHINGS: Final = st.one_of(
    st.just(VectorMatching()),
    st.builds(VectorMatching, st.just(Cardinality.ONE_TO_ONE), st.just(("a",)), st.booleans()),
    st.builds(
        VectorMatching,
        st.sampled_from([Cardinality.MANY_TO_ONE, Cardinality.ONE_TO_MANY]),
        st.just(("a",)),
        st.booleans(),
        st.sampled_from([(), ("b",)]),
    ),
)
_SETS_MATCHING: Final = VectorMatching(Cardinality.MANY_TO_MANY)


def _grown(inner: st.SearchStrategy[Any]) -> st.SearchStrategy[Any]:
    return st.one_of(
        st.builds(ast.VectorAggregation, st.sampled_from(["sum", "avg", "stdvar"]), inner, st.none(), _GROUPINGS),
        st.builds(ast.VectorAggregation, st.sampled_from(["topk", "bottomk"]), inner, st.just(3.0), _GROUPINGS),
        st.builds(ast.Sorted, inner, st.booleans()),
        st.builds(ast.LabelReplace, inner, st.just("x"), TEXTS, st.just("a"), st.just("(.*)")),
        st.builds(ast.Binary, st.sampled_from(["+", "/", "^", ">=", "!="]), inner, inner, st.booleans(), _MATCHINGS),
        st.builds(
            ast.Binary, st.sampled_from(["and", "or", "unless"]), inner, inner, st.just(False), st.just(_SETS_MATCHING)
        ),
    )


METRICS: Final[st.SearchStrategy[Any]] = st.recursive(
    st.one_of(_RANGED, st.builds(ast.Vector, _NUMBERS)), _grown, max_leaves=4
)
QUERIES: Final = st.one_of(LOGS, METRICS)
RUBBISH: Final = st.lists(
    st.sampled_from(
        ["{", "}", "a", '="b"', '{a="b"}', "|", "|=", '"x"', "json", "(", ")", "sum", "rate", "[5m]", "by", "5", "1h",
         "unwrap", ",", "or", "and", "!=", "`", '"', "#", "\n", "offset", "-", "--strict", "é", "\x00", "ip(", "5KB"]
    ),
    max_size=20,
).map(" ".join)  # fmt: skip
