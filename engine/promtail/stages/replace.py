"""The replace stage: what the groups of a pattern found is replaced; each by a template, whose `.Value` it is."""

from __future__ import annotations

from collections.abc import Sequence

import msgspec

from engine.foundation.decode import Report
from engine.gotemplate.errors import TemplateError
from engine.promtail.entry import Entry
from engine.promtail.stages.regex import NOTHING, Search
from engine.promtail.stages.stage import Parts, Stage
from engine.promtail.stages.template import LIMITS, compiled, fault_of
from engine.promtail.stages.texts import as_text


class ReplaceConfig(msgspec.Struct, frozen=True, kw_only=True):
    expression: Search = Search()
    source: str | None = None
    replace: str = ""

    def check(self, report: Report) -> None:
        if not self.expression.pattern:
            report.error(NOTHING, "expression")
        if self.source is not None and not self.source:
            report.error("empty source in replace stage", "source")
        if (fault := fault_of(self.replace)) is not None:
            report.error(f"failed to parse template: {fault}", "replace")


class Replace(Stage):
    def __init__(self, config: ReplaceConfig, parts: Parts) -> None:
        self._config = config
        self._counts = parts.counts
        self._template = compiled(config.replace)
        self._plain = config.replace if "{{" not in config.replace else None
        self._names = {number: name for name, number in config.expression.groups.items()}

    def process(self, entry: Entry) -> Sequence[Entry]:
        source = self._config.source
        text = entry.line if source is None else as_text(entry.extracted.get(source))
        if text is None:
            self._counts.faults["replace"] += 1
            return (entry,)
        found: dict[str, str] = {}
        try:
            replaced = self._replaced(text, entry, found)
        except TemplateError:
            self._counts.faults["replace"] += 1
            return (entry,)
        if replaced is None:
            return (entry,)
        if source is None:
            entry.line = replaced
        else:
            entry.extracted[source] = replaced
        entry.extracted.update(found)
        return (entry,)

    def _replaced(self, text: str, entry: Entry, found: dict[str, str]) -> str | None:
        """The text with its replacements, or None where nothing matched. Raises TemplateError."""
        pieces: list[str] = []
        end, matched = 0, False
        for spans in self._config.expression.spans(text):
            matched = True
            for group, (start, stop) in enumerate(spans if len(spans) == 1 else spans[1:], len(spans) > 1):
                if start < end:  # took no part, or lies inside of one that is replaced
                    continue
                value = self._filled(text[start:stop], entry)
                pieces += (text[end:start], value)
                end = stop
                if (name := self._names.get(group)) is not None and value:
                    found[name] = value
        return "".join(pieces) + text[end:] if matched else None

    def _filled(self, value: str, entry: Entry) -> str:
        if self._plain is not None:
            return self._plain
        data = {name: text for name, one in entry.extracted.items() if (text := as_text(one)) is not None}
        return self._template.execute({**data, "Value": value}, limits=LIMITS)
