"""Tree to text. The tables were recorded from the rules API and from /api/v1/format_query of Prometheus 2.42."""

from __future__ import annotations

import pytest

from promql.syntax.parser import parse
from promql.syntax.printer import LINE, pretty, print_expr
from tests.promql.syntax.tables import CANONICAL, PRETTY


@pytest.mark.parametrize(("text", "printed"), CANONICAL, ids=[repr(text) for text, _ in CANONICAL])
def test_the_canonical_text_is_that_of_prometheus(text: str, printed: str) -> None:
    assert print_expr(parse(text)) == printed


@pytest.mark.parametrize(("text", "printed"), PRETTY, ids=[repr(text) for text, _ in PRETTY])
def test_long_expressions_are_broken_as_prometheus_breaks_them(text: str, printed: str) -> None:
    assert pretty(parse(text)) == printed


@pytest.mark.parametrize("text", [text for text, printed in CANONICAL if len(printed) <= LINE // 2])
def test_short_expressions_stay_in_one_line(text: str) -> None:
    assert pretty(parse(text)) == print_expr(parse(text))


def test_bytes_that_are_no_text_are_not_kept() -> None:
    r"""Prometheus prints "\xff" here; our values are text."""
    assert print_expr(parse(r'"\xff"')) == '"\ufffd"'
