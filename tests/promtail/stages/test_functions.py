"""What templates of pipelines may call: no fault but an error of the line, whatever is handed over."""

from __future__ import annotations

from hypothesis import given

from engine.gotemplate.budget import Limits
from engine.gotemplate.errors import TemplateError
from engine.promtail.stages.functions import FUNCTIONS
from engine.promtail.stages.template import compiled
from tests.gotemplate.calls import calls


@given(calls(sorted(FUNCTIONS)))
def test_a_call_gives_a_text_or_an_error_of_templates(template: str) -> None:
    try:
        compiled(template).execute({"a": "b"}, limits=Limits(steps=50_000)).encode()
    except TemplateError:
        return
