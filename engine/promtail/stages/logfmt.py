"""The logfmt stage: `key=value` pairs of a line into what is extracted."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import msgspec

from engine.foundation.decode import Report
from engine.logql.logfmt import MalformedError, pairs
from engine.promtail.entry import Entry
from engine.promtail.stages.stage import Parts, Stage
from engine.promtail.stages.texts import as_text


class LogfmtConfig(msgspec.Struct, frozen=True, kw_only=True):
    """`mapping` gives the names under which keys are extracted; an empty one is the name itself."""

    mapping: Mapping[str, str] = {}
    source: str | None = None

    def check(self, report: Report) -> None:
        if not self.mapping:
            report.error("logfmt mapping is required", "mapping")
        if self.source is not None and not self.source:
            report.error("empty source", "source")


class Logfmt(Stage):
    def __init__(self, config: LogfmtConfig, parts: Parts) -> None:
        self._source = config.source
        self._counts = parts.counts
        self._names: dict[bytes, list[str]] = {}
        for name, key in config.mapping.items():
            self._names.setdefault((key or name).encode(), []).append(name)

    def process(self, entry: Entry) -> Sequence[Entry]:
        text = entry.line if self._source is None else as_text(entry.extracted.get(self._source))
        if text is None:
            self._counts.faults["logfmt"] += 1
            return (entry,)
        try:
            for key, value in pairs(text.encode("utf-8", "replace")):
                for name in self._names.get(key, ()):
                    entry.extracted[name] = value.decode("utf-8", "replace")
        except MalformedError:
            self._counts.faults["logfmt"] += 1
        return (entry,)
