"""The pack stage: labels move into the line, which becomes JSON; LogQL's `unpack` takes them out again."""

from __future__ import annotations

from collections.abc import Sequence

import msgspec

from engine.foundation.decode import Report
from engine.foundation.gojson import encode
from engine.promtail.entry import Entry
from engine.promtail.stages.stage import Parts, Stage
from engine.promtail.stages.texts import as_text


class PackConfig(msgspec.Struct, frozen=True, kw_only=True):
    """With `ingest_timestamp` the line gets the time of now."""

    labels: tuple[str, ...] = ()
    ingest_timestamp: bool = True

    def check(self, report: Report) -> None:
        if not self.labels:
            report.warning("no labels are named, so the line is packed alone", "labels")


class Pack(Stage):
    def __init__(self, config: PackConfig, parts: Parts) -> None:
        self._config = config
        self._now = parts.now

    def process(self, entry: Entry) -> Sequence[Entry]:
        packed: dict[str, str] = {}
        for name in sorted(self._config.labels):
            text = entry.labels.pop(name, None)
            if text is None:
                text = as_text(entry.extracted.get(name))
            if text is not None:
                packed[name] = text
        entry.line = encode({**packed, "_entry": entry.line}).decode()
        if self._config.ingest_timestamp:
            entry.time = self._now()
        return (entry,)
