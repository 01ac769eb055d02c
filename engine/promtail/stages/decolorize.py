"""The decolorize stage: ANSI colours go."""

from __future__ import annotations

from collections.abc import Sequence

import msgspec

from engine.logql.colours import without_colours
from engine.promtail.entry import Entry
from engine.promtail.stages.stage import Parts, Stage


class DecolorizeConfig(msgspec.Struct, frozen=True, kw_only=True):
    """Nothing to say."""


class Decolorize(Stage):
    def __init__(self, config: DecolorizeConfig, parts: Parts) -> None:
        pass

    def process(self, entry: Entry) -> Sequence[Entry]:
        if "\x1b" in entry.line or "\x9b" in entry.line:
            entry.line = without_colours(entry.line.encode("utf-8", "replace")).decode("utf-8", "replace")
        return (entry,)
