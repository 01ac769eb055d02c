"""The output stage: something extracted becomes the line."""

from __future__ import annotations

from collections.abc import Sequence

import msgspec

from engine.foundation.decode import Report
from engine.promtail.entry import Entry
from engine.promtail.portion import Portion
from engine.promtail.stages.stage import Parts, Stage
from engine.promtail.stages.texts import as_text


class OutputConfig(msgspec.Struct, frozen=True, kw_only=True):
    source: str = ""

    def check(self, report: Report) -> None:
        if not self.source:
            report.error("output source value is required if output is specified", "source")


class Output(Stage):
    def __init__(self, config: OutputConfig, parts: Parts) -> None:
        self._source = config.source

    def process(self, entry: Entry) -> Sequence[Entry]:
        text = as_text(entry.extracted.get(self._source))
        if text is not None:
            entry.line = text
        return (entry,)

    def bulk(self, portion: Portion) -> bool:
        texts = portion.texts(self._source)
        portion.lines = [line if text is None else text for line, text in zip(portion.lines, texts, strict=True)]
        return True
