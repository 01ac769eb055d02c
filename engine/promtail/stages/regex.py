"""The regex stage: named groups of a pattern into what is extracted."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final

import msgspec

from engine.foundation.decode import Report
from engine.foundation.regexes import Regex
from engine.promtail.entry import Entry
from engine.promtail.portion import MISSING, Portion
from engine.promtail.stages.stage import Parts, Stage
from engine.promtail.stages.texts import as_text

NOTHING: Final = "expression is required"


class Search(Regex):
    """A pattern that may match anywhere in a text; one that is not given is empty."""

    __slots__ = ()

    def __init__(self, pattern: str = "") -> None:
        super().__init__(pattern, anchored=False)

    @classmethod
    def from_text(cls, text: str) -> Search:
        return cls(text)


class RegexConfig(msgspec.Struct, frozen=True, kw_only=True):
    """Without `source` the line is searched."""

    expression: Search = Search()
    source: str | None = None

    def check(self, report: Report) -> None:
        if not self.expression.pattern:
            report.error(NOTHING, "expression")
        elif not self.expression.groups:
            report.warning("the expression has no named group, so nothing is extracted", "expression")
        if self.source is not None and not self.source:
            report.error("empty source", "source")


class RegexStage(Stage):
    def __init__(self, config: RegexConfig, parts: Parts) -> None:
        self._config = config
        self._counts = parts.counts

    def process(self, entry: Entry) -> Sequence[Entry]:
        source = self._config.source
        text = entry.line if source is None else as_text(entry.extracted.get(source))
        if text is None:
            self._counts.faults["regex"] += 1
        elif (found := self._config.expression.named(text)) is not None:
            entry.extracted.update(found)
        return (entry,)

    def bulk(self, portion: Portion) -> bool:
        source, named = self._config.source, self._config.expression.named
        texts: Sequence[str | None] = portion.lines if source is None else portion.texts(source)
        found = [None if text is None else named(text) for text in texts]
        self._counts.faults["regex"] += texts.count(None)
        for name in self._config.expression.groups:
            portion.extract(name, [MISSING if one is None else one[name] for one in found])
        return True
