"""Text to tree."""

from __future__ import annotations

import math
import re
import subprocess
import sys
from pathlib import Path

import pytest

from promql.model.labels import METRIC_NAME
from promql.model.matchers import Matcher, MatchOp
from promql.syntax.ast import (
    Aggregation,
    Binary,
    Bound,
    Call,
    Cardinality,
    Expr,
    MatrixSelector,
    NumberLiteral,
    Paren,
    Span,
    StringLiteral,
    Subquery,
    Unary,
    VectorMatching,
    VectorSelector,
)
from promql.syntax.parser import parse, parse_selector

HOUR = 3_600_000


def series(name: str, *matchers: Matcher, offset: int = 0, at: int | Bound | None = None) -> VectorSelector:
    return VectorSelector(name, (*matchers, Matcher(METRIC_NAME, MatchOp.EQUAL, name)), offset, at)


def shape(expr: Expr) -> str:
    """Operators with all their parentheses."""
    match expr:
        case Binary():
            return f"({shape(expr.left)} {expr.op} {shape(expr.right)})"
        case Unary():
            return f"({expr.op}{shape(expr.expr)})"
        case VectorSelector():
            return expr.name
        case NumberLiteral():
            return f"{expr.value:g}"
        case _:
            raise AssertionError(expr)


@pytest.mark.parametrize(
    ("text", "tree"),
    [
        ("a + b * c", "(a + (b * c))"),
        ("a * b + c", "((a * b) + c)"),
        ("a - b - c", "((a - b) - c)"),
        ("a / b * c % d atan2 e", "((((a / b) * c) % d) atan2 e)"),
        ("a ^ b ^ c", "(a ^ (b ^ c))"),
        ("-a ^ b", "(-(a ^ b))"),
        ("-a * b", "((-a) * b)"),
        ("a ^ -b * c", "((a ^ (-b)) * c)"),
        ("a ^ -b ^ c", "(a ^ (-(b ^ c)))"),
        ("-2 ^ 2", "(-(2 ^ 2))"),
        ("-1 * 2", "(-1 * 2)"),
        ("--a", "(-(-a))"),
        ("a or b and c", "(a or (b and c))"),
        ("a and b or c", "((a and b) or c)"),
        ("a and b unless c", "((a and b) unless c)"),
        ("a == b and c != d", "((a == b) and (c != d))"),
        ("a == b + c", "(a == (b + c))"),
        ("a > b >= c", "((a > b) >= c)"),
        ("or or or", "(or or or)"),
        ("a - -b", "(a - (-b))"),
    ],
)
def test_operators_bind_as_in_prometheus(text: str, tree: str) -> None:
    assert shape(parse(text)) == tree


@pytest.mark.parametrize(
    ("text", "value"),
    [
        ("1", 1.0),
        ("010", 8.0),
        ("08", 8.0),
        ("0x1F", 31.0),
        ("0X1f", 31.0),
        ("0x1e+5", 35.0),
        (".5", 0.5),
        ("5.", 5.0),
        ("1.e3", 1000.0),
        ("09.5", 9.5),
        ("99999999999999999999", 1e20),
        ("0777777777777777777777777", 777777777777777777777777.0),
        ("1e-400", 0.0),
        ("iNf", math.inf),
        ("-inf", -math.inf),
        ("+1", 1.0),
    ],
)
def test_numbers_are_read_as_go_reads_them(text: str, value: float) -> None:
    tree = parse(text)
    assert tree in (NumberLiteral(value), Binary("+", NumberLiteral(30.0), NumberLiteral(5.0)))


def test_nan_is_a_number_and_infinity_a_metric() -> None:
    tree = parse("NaN")
    assert isinstance(tree, NumberLiteral)
    assert math.isnan(tree.value)
    assert parse("infinity") == series("infinity")


def test_the_matcher_of_the_name_comes_last() -> None:
    expected = series("up", Matcher("b", MatchOp.EQUAL, "1"), Matcher("a", MatchOp.NOT_REGEX, "x|y"))
    assert parse('up{b="1", a!~"x|y",}') == expected


def test_keywords_are_names_in_their_places() -> None:
    assert parse("sum") == series("sum")
    assert parse("OFFSET offset 1h") == series("OFFSET", offset=HOUR)
    assert parse('by{on="x"}') == series("by", Matcher("on", MatchOp.EQUAL, "x"))
    tree = parse("SUM BY (sum, Bool, on, offset, start, group_left, or) (by)")
    assert tree == Aggregation("sum", series("by"), None, ("sum", "Bool", "on", "offset", "start", "group_left", "or"))


def test_offset_and_at_come_in_either_order() -> None:
    both = series("a", offset=HOUR, at=1500)
    assert parse("a offset 1h @ 1.5") == parse("a @ 1.5 offset 1h") == both
    assert parse("a[5m] offset -1h @ end()") == MatrixSelector(series("a", offset=-HOUR, at=Bound.END), 300_000)


@pytest.mark.parametrize(("text", "ms"), [("0.0005", 1), ("-0.0005", -1), ("1.0004", 1000), ("1e10", 10**13)])
def test_moments_are_rounded_to_milliseconds_halves_away_from_zero(text: str, ms: int) -> None:
    assert parse(f"a @ {text}") == series("a", at=ms)


def test_a_moment_just_below_a_half_is_rounded_down() -> None:
    assert parse("a @ 0.00049999999999999994") == series("a", at=0)


def test_a_subquery_may_have_no_step() -> None:
    assert parse("a[1h:]") == Subquery(series("a"), HOUR, None)
    assert parse("a[1h:5m] @ start() offset 1h") == Subquery(series("a"), HOUR, 300_000, HOUR, Bound.START)
    assert parse("a[1h x]") == parse("a[1h:]"), "any letter counts as the colon, as in Prometheus"


def test_the_parameter_of_an_aggregation_comes_first() -> None:
    expected = Aggregation("topk", series("a"), NumberLiteral(5.0), ("b",), without=True)
    assert parse("topk without (b) (5, a)") == parse("TOPK(5, a) WITHOUT (b,)") == expected


def test_a_matching_belongs_to_two_vectors_only() -> None:
    assert parse("a + 1") == parse("a + on () 1") == Binary("+", series("a"), NumberLiteral(1.0))
    assert parse("a + b") == Binary("+", series("a"), series("b"), matching=VectorMatching())


def test_the_matching_of_nested_operators_is_settled_too() -> None:
    inner = Binary(">", series("a"), NumberLiteral(1.0))
    assert parse("abs(-(sum(a > 1)))") == Call("abs", (Unary("-", Paren(Aggregation("sum", inner))),))
    assert parse("(a > 1)[1h:]") == Subquery(Paren(inner), HOUR, None)


def test_set_operators_match_many_to_many() -> None:
    matching = VectorMatching(Cardinality.MANY_TO_MANY, ("x",), on=True)
    assert parse("a AND on(x) b") == Binary("and", series("a"), series("b"), matching=matching)


def test_group_modifiers_name_the_side_of_the_many() -> None:
    left = VectorMatching(Cardinality.MANY_TO_ONE, ("x",), on=True, include=("y",))
    right = VectorMatching(Cardinality.ONE_TO_MANY, ("x",), on=False, include=())
    assert parse("a == bool on(x) group_left(y) b") == Binary("==", series("a"), series("b"), True, left)
    assert parse("a * ignoring(x) group_right b") == Binary("*", series("a"), series("b"), matching=right)


def test_strings_have_gos_escapes() -> None:
    assert parse(r'"\a\b\f\n\r\t\v\\\"\x41\101é\U0001F600"') == StringLiteral('\a\b\f\n\r\t\v\\"AAé😀')
    assert parse(r"'\''") == StringLiteral("'")
    assert parse("`\\n\n`") == StringLiteral("\\n\n")
    assert parse(r'"\xc3\xa9\xff"') == StringLiteral("é\ufffd")


def test_spans_count_bytes_and_reach_over_modifiers() -> None:
    tree = parse(' rate(up{a="é"}[5m:] offset 1h )')
    assert isinstance(tree, Call)
    assert tree.span == Span(1, 33)
    (subquery,) = tree.args
    assert subquery.span == Span(6, 31)
    assert isinstance(subquery, Subquery)
    assert subquery.expr.span == Span(6, 16)


def test_the_same_text_gives_the_same_tree() -> None:
    assert parse("some_metric + 1") is parse("some_metric + 1")


def test_long_texts_parse_without_being_kept() -> None:
    text = f'up{{a="{"x" * 5000}"}}'
    assert parse(text) == parse(text)
    assert parse(text) is not parse(text)


def test_a_selector_gives_its_matchers() -> None:
    matchers = parse_selector(' up{a="b"} # all')
    assert matchers == (Matcher("a", MatchOp.EQUAL, "b"), Matcher(METRIC_NAME, MatchOp.EQUAL, "up"))
    assert parse_selector("{}") == ()
    assert parse_selector("sum") == (Matcher(METRIC_NAME, MatchOp.EQUAL, "sum"),)


def test_all_expressions_of_the_conformance_scripts_parse(conformance: Path) -> None:
    line = re.compile(r"\s*eval(?:_ordered|_fail)?\s+instant\s+(?:at\s+\S+\s+)?(.*)")
    scripts = sorted((conformance / "prometheus" / "promql").glob("*.test"))
    texts = [found[1] for script in scripts for row in script.read_text().splitlines() if (found := line.match(row))]
    assert len(texts) == 566
    for text in texts:
        parse(text)


def test_parsing_does_not_import_lark() -> None:
    """It costs as much as all else together."""
    program = "import sys, promql.syntax.parser as p; p.parse('sum(a)'); sys.exit('lark' in sys.modules)"
    assert subprocess.run([sys.executable, "-c", program], check=False).returncode == 0


def test_literals_are_equal_where_their_texts_are() -> None:
    assert parse("0") != parse("-0")
    assert parse("NaN") == parse("NaN")
    assert hash(parse("NaN")) == hash(parse("NaN"))
    assert len({parse("1"), parse("1.0"), parse("1s")}) == 2
