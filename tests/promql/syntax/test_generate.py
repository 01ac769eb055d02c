"""The table that is kept is the grammar's."""

from __future__ import annotations

import logging
from collections.abc import Mapping
from importlib.resources import files
from types import ModuleType

import lark
import pytest

from promql.syntax import generate, tables, wide_tables
from promql.syntax.build import ACTIONS, WIDE_ACTIONS
from promql.syntax.messages import UNEXPECTED


@pytest.mark.parametrize("module", generate.MADE_OF)
def test_the_kept_table_is_that_of_the_grammar(module: str) -> None:
    kept = files("promql.syntax").joinpath(module).read_text()
    assert generate.source(module) == kept, "run: python -m promql.syntax.generate"


@pytest.mark.parametrize("module", generate.MADE_OF)
def test_the_grammar_has_one_conflict_and_it_is_the_meant_one(module: str, caplog: pytest.LogCaptureFixture) -> None:
    with caplog.at_level(logging.DEBUG, logger=lark.logger.name):
        lark.logger.disabled = False
        generate.source(module)
    conflicts = [record.getMessage() for record in caplog.records if "onflict" in record.getMessage()]
    assert conflicts == ["Shift/Reduce conflict for terminal LPAR: (resolving as shift)"]


@pytest.mark.parametrize(("table", "actions"), [(tables, ACTIONS), (wide_tables, WIDE_ACTIONS)])
def test_every_alternative_has_its_action_or_its_words(table: ModuleType, actions: Mapping[str, object]) -> None:
    named = {action for _, _, action in table.RULES if action}
    assert named == set(actions) | set(UNEXPECTED)
    assert all(length == 1 for _, length, action in table.RULES if not action)
