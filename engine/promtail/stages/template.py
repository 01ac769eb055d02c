"""The template stage: a text made of what was extracted."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final

import msgspec

from engine.foundation.decode import Report
from engine.gotemplate.budget import Limits
from engine.gotemplate.errors import TemplateError
from engine.gotemplate.template import Template, parse
from engine.promtail.entry import Entry
from engine.promtail.stages.functions import FUNCTIONS
from engine.promtail.stages.stage import Parts, Stage
from engine.promtail.stages.texts import as_text

LIMITS: Final = Limits(steps=50_000)
"""Of one line: others wait for it."""


class TemplateConfig(msgspec.Struct, frozen=True, kw_only=True):
    source: str = ""
    template: str = ""

    def check(self, report: Report) -> None:
        if not self.source:
            report.error("template source value is required", "source")
        if (fault := fault_of(self.template)) is not None:
            report.error(f"failed to parse template: {fault}", "template")


class TemplateStage(Stage):
    def __init__(self, config: TemplateConfig, parts: Parts) -> None:
        self._source = config.source
        self._template = compiled(config.template)
        self._counts = parts.counts

    def process(self, entry: Entry) -> Sequence[Entry]:
        data = {name: text for name, value in entry.extracted.items() if (text := as_text(value)) is not None}
        if self._source in data:
            data["Value"] = data[self._source]
        data["Entry"] = entry.line
        try:
            text = self._template.execute(data, limits=LIMITS)
        except TemplateError:
            self._counts.faults["template"] += 1
            return (entry,)
        if text:
            entry.extracted[self._source] = text
        else:
            entry.extracted.pop(self._source, None)
        return (entry,)


def compiled(text: str) -> Template:
    """Raises TemplateError."""
    return parse("pipeline_template", text, FUNCTIONS)


def fault_of(text: str) -> str | None:
    """Why it is no template."""
    try:
        compiled(text)
    except TemplateError as error:
        return str(error)
    return None
