"""The tenant stage: to whom a line belongs."""

from __future__ import annotations

from collections.abc import Sequence

import msgspec

from engine.foundation.decode import Report
from engine.promtail.entry import TENANT, Entry
from engine.promtail.stages.stage import Parts, Stage
from engine.promtail.stages.texts import as_text


class TenantConfig(msgspec.Struct, frozen=True, kw_only=True):
    """One of them: a label, something extracted, or a text."""

    label: str = ""
    source: str = ""
    value: str = ""

    def check(self, report: Report) -> None:
        given = [key for key in ("label", "source", "value") if getattr(self, key)]
        if len(given) > 1:
            report.error(
                "label, source and value are mutually exclusive: you should set source, value or label", given[1]
            )
        if not given:
            report.error("label, source or value config are required")


class Tenant(Stage):
    def __init__(self, config: TenantConfig, parts: Parts) -> None:
        self._config = config

    def process(self, entry: Entry) -> Sequence[Entry]:
        config = self._config
        if config.label:
            found = entry.labels.get(config.label)
        elif config.source:
            found = as_text(entry.extracted.get(config.source))
        else:
            found = config.value
        if found:
            entry.labels[TENANT] = found
        return (entry,)
