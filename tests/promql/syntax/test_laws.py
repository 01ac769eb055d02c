"""What holds for all expressions, and for all texts."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from hypothesis import example, given
from msgspec.structs import replace

from promql.errors import ParseError
from promql.syntax.ast import Expr, MatrixSelector, Node, VectorSelector
from promql.syntax.parser import parse, parse_selector
from promql.syntax.printer import pretty, print_expr
from promql.syntax.walk import children
from tests.promql.syntax.strategies import EXPRESSIONS, RUBBISH


def nodes(expr: Expr) -> list[Expr]:
    """All nodes; the selector inside a range is left out, since its modifiers stand outside its span."""
    below = () if isinstance(expr, MatrixSelector) else children(expr)
    return [expr, *(node for child in below for node in nodes(child))]


def in_order(value: Any) -> Any:
    """The same tree with its matchers in the order in which they are printed."""
    if isinstance(value, tuple):
        return tuple(map(in_order, value))
    if isinstance(value, VectorSelector):
        return replace(value, matchers=tuple(sorted(value.matchers, key=str)))
    if isinstance(value, Node):
        return replace(value, **{name: in_order(getattr(value, name)) for name in value.__struct_fields__})
    return value


def failure(read: Callable[[str], object], text: str) -> ParseError | None:
    try:
        read(text)
    except ParseError as error:
        return error
    return None


@given(EXPRESSIONS)
def test_what_is_printed_reads_back_as_the_same_tree(text: str) -> None:
    tree = parse(text)
    assert in_order(parse(print_expr(tree))) == in_order(tree)
    assert in_order(parse(pretty(tree))) == in_order(tree)


@given(EXPRESSIONS)
def test_printing_what_was_printed_changes_nothing(text: str) -> None:
    printed = print_expr(parse(text))
    assert print_expr(parse(printed)) == printed
    laid_out = pretty(parse(text))
    assert pretty(parse(laid_out)) == laid_out


@given(EXPRESSIONS)
def test_the_span_of_a_node_holds_the_text_of_that_node_alone(text: str) -> None:
    source = text.encode()
    for node in nodes(parse(text)):
        assert parse(source[node.span.start : node.span.end].decode()) == node


@given(RUBBISH)
@example("\ud800")
@example('"\\U0011')
@example("up @ 1e999")
@example("0" * 5000)
@example("up[" + "9" * 5000 + "s]")
def test_any_text_gives_a_tree_or_an_error_with_its_place(text: str) -> None:
    for read in (parse, parse_selector):
        error = failure(read, text)
        if error is not None:
            assert 1 <= error.line <= text.count("\n") + 1
            assert 1 <= error.column <= len(text.encode(errors="replace")) * 3 + 2
            assert str(error) == f"{error.line}:{error.column}: parse error: {error.message}"


@given(RUBBISH)
def test_whatever_parses_can_be_printed_and_read_again(text: str) -> None:
    if failure(parse, text) is None:
        printed = print_expr(parse(text))
        assert print_expr(parse(printed)) == printed
