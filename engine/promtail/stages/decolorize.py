"""The decolorize stage: ANSI colours go."""

from __future__ import annotations

import re
from collections.abc import Sequence
from typing import Final

import msgspec

from engine.promtail.entry import Entry
from engine.promtail.stages.stage import Parts, Stage

_COLOURS: Final = re.compile(r"\x1b\[[0-9;]*m")  # noqa: TID251 - ours, linear


class DecolorizeConfig(msgspec.Struct, frozen=True, kw_only=True):
    """Nothing to say."""


class Decolorize(Stage):
    def __init__(self, config: DecolorizeConfig, parts: Parts) -> None:
        pass

    def process(self, entry: Entry) -> Sequence[Entry]:
        if "\x1b" in entry.line:
            entry.line = _COLOURS.sub("", entry.line)
        return (entry,)
