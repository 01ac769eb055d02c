"""The table that is kept is the grammar's."""

from __future__ import annotations

import logging
from importlib.resources import files

import lark
import pytest

from promql.syntax import generate
from promql.syntax.build import ACTIONS
from promql.syntax.messages import UNEXPECTED
from promql.syntax.tables import RULES


def test_the_kept_table_is_that_of_the_grammar() -> None:
    kept = files("promql.syntax").joinpath("tables.py").read_text()
    assert generate.source() == kept, "run: python -m promql.syntax.generate > promql/syntax/tables.py"


def test_the_grammar_has_one_conflict_and_it_is_the_meant_one(caplog: pytest.LogCaptureFixture) -> None:
    with caplog.at_level(logging.DEBUG, logger=lark.logger.name):
        lark.logger.disabled = False
        generate.source()
    conflicts = [record.getMessage() for record in caplog.records if "onflict" in record.getMessage()]
    assert conflicts == ["Shift/Reduce conflict for terminal LPAR: (resolving as shift)"]


def test_every_alternative_has_its_action_or_its_words() -> None:
    named = {action for _, _, action in RULES if action}
    assert named == set(ACTIONS) | set(UNEXPECTED)
    assert all(length == 1 for _, length, action in RULES if not action)
