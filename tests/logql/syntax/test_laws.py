"""What holds of all queries."""

from __future__ import annotations

import logging
from collections.abc import Callable
from importlib.resources import files

import lark
import pytest
from hypothesis import given
from hypothesis import strategies as st

from engine.logql.errors import ParseError
from engine.logql.syntax import generate, tables
from engine.logql.syntax.ast import Expr
from engine.logql.syntax.build import ACTIONS
from engine.logql.syntax.parser import parse, parse_matchers
from engine.logql.syntax.printer import printed
from tests.logql.syntax.strategies import QUERIES, RUBBISH


@given(QUERIES)
def test_a_tree_that_is_printed_is_read_as_the_same_tree(query: Expr) -> None:
    assert parse(printed(query)) == query


@given(st.one_of(RUBBISH, st.text(max_size=40)))
def test_any_text_is_a_query_or_has_one_plain_error(text: str) -> None:
    for read in (parse, parse_matchers):
        assert _told(read, text).startswith("parse error")


def _told(read: Callable[[str], object], text: str) -> str:
    try:
        read(text)
    except ParseError as error:
        return str(error)
    return "parse error: none"


def test_the_kept_table_is_that_of_the_grammar() -> None:
    kept = files("engine.logql.syntax").joinpath("tables.py").read_text()
    assert generate.source() == kept, "run: python -m engine.logql.syntax.generate"


def test_conflicts_of_the_grammar_are_the_meant_ones(caplog: pytest.LogCaptureFixture) -> None:
    with caplog.at_level(logging.DEBUG, logger=lark.logger.name):
        lark.logger.disabled = False
        generate.source()
    conflicts = {record.getMessage() for record in caplog.records if "onflict" in record.getMessage()}
    shifts = ("AND", "COMMA", "NEQ", "NRE", "OPEN_PARENTHESIS", "OR")
    assert conflicts <= {f"Shift/Reduce conflict for terminal {name}: (resolving as shift)" for name in shifts}


def test_every_alternative_has_its_action() -> None:
    named = {action for _, _, action in tables.RULES if action}
    assert named == set(ACTIONS)
    assert all(length == 1 for _, length, action in tables.RULES if not action)


@pytest.mark.parametrize(
    "text", ["(" * 5000, '{a="b"}' + ' | c="d"' * 500, "1" + "+1" * 5000, '{a="b"} | ' + "(" * 900]
)
def test_long_and_deep_texts_end_in_an_answer(text: str) -> None:
    assert "parse error" in _told(parse, text)
