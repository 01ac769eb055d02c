"""The eventlogmessage stage: `Key: value` lines of a Windows event's message into what is extracted."""

from __future__ import annotations

import re
from collections.abc import Sequence
from typing import Final

import msgspec

from engine.promtail.entry import Entry
from engine.promtail.stages.stage import Parts, Stage
from engine.promtail.stages.texts import as_text

_NOT_A_NAME: Final = re.compile(r"[^a-zA-Z0-9_]")  # noqa: TID251 - ours, linear
_NAME: Final = re.compile(r"[a-zA-Z_][a-zA-Z0-9_]*", re.ASCII)  # noqa: TID251 - ours, linear


class EventLogConfig(msgspec.Struct, frozen=True, kw_only=True):
    source: str = "message"
    drop_invalid_labels: bool = False
    overwrite_existing: bool = False


class EventLogMessage(Stage):
    def __init__(self, config: EventLogConfig, parts: Parts) -> None:
        self._config = config
        self._counts = parts.counts

    def process(self, entry: Entry) -> Sequence[Entry]:
        config = self._config
        text = as_text(entry.extracted.get(config.source))
        if text is None:
            self._counts.faults["eventlogmessage"] += 1
            return (entry,)
        for line in text.splitlines():
            name, colon, value = line.partition(":")
            if colon and (key := self._key(name.strip())):
                if key in entry.extracted and not config.overwrite_existing:
                    key += "_extracted"
                entry.extracted[key] = value.strip()
        return (entry,)

    def _key(self, name: str) -> str:
        """What it is extracted as; nothing where it is to be dropped."""
        if _NAME.fullmatch(name) is not None:
            return name
        if self._config.drop_invalid_labels or not name:
            return ""
        made = _NOT_A_NAME.sub("_", name)
        return f"_{made}" if made[0].isdigit() else made
