"""What amtool 0.25 (Go 1.19) answered for several hundred templates over `data.json`: outputs and error texts.

`tests/peers/test_templates.py` asks amtool again.
"""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from engine.gotemplate.errors import TemplateError
from engine.gotemplate.functions.alertmanager import ALERTMANAGER
from engine.gotemplate.template import Mode, TemplateSet
from tests.gotemplate.notification import notification

DATA = notification()


def recorded(mode: Mode) -> list[dict[str, str]]:
    cases: list[dict[str, str]] = json.loads(Path(__file__).with_name(f"recorded_{mode.value}.json").read_text())
    return cases


def answer(mode: Mode, template: str) -> dict[str, str]:
    try:
        return {"output": TemplateSet(ALERTMANAGER, mode=mode).execute(template, DATA)}
    except TemplateError as error:
        return {"error": str(error)}


@pytest.mark.parametrize("mode", Mode)
def test_outputs_and_errors_are_those_of_amtool(mode: Mode) -> None:
    for case in recorded(mode):
        template = case["template"]
        assert {"template": template, **answer(mode, template)} == case


def test_the_tables_are_as_large_as_they_claim() -> None:
    assert len(recorded(Mode.TEXT)) > 450
    assert len(recorded(Mode.HTML)) > 140
