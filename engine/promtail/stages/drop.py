"""The drop stage: lines that meet all its conditions go no further."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Annotated, Final

import msgspec

from engine.foundation.decode import OneOrMany, Report
from engine.foundation.regexes import Regex
from engine.foundation.values import GoDuration
from engine.promtail.entry import Entry
from engine.promtail.portion import Portion
from engine.promtail.stages.sizes import Bytes
from engine.promtail.stages.stage import Parts, Stage
from engine.promtail.stages.texts import as_text

DEFAULT_REASON: Final = "drop_stage"
_MILLISECOND: Final = 1_000_000


class DropConfig(msgspec.Struct, frozen=True, kw_only=True):
    """Conditions; several sources are joined by `separator`."""

    source: Annotated[tuple[str, ...], OneOrMany()] = ()
    separator: str = ";"
    value: str | None = None
    expression: Regex | None = None
    older_than: GoDuration = GoDuration(0)
    longer_than: Bytes = Bytes(0)
    drop_counter_reason: str = DEFAULT_REASON

    def check(self, report: Report) -> None:
        given = self.source or self.value is not None or self.expression is not None
        if not given and not self.older_than and not self.longer_than:
            report.error(
                "drop stage config must contain at least one of `source`, `expression`, `older_than` or `longer_than`"
            )
        if self.value is not None and self.expression is not None:
            report.error("only one of `value` or `expression` can be defined", "value")
        if self.value is not None and not self.source:
            report.error("`value` needs a `source` to compare it with", "value")


class Drop(Stage):
    def __init__(self, config: DropConfig, parts: Parts) -> None:
        self._config = config
        self._parts = parts

    def process(self, entry: Entry) -> Sequence[Entry]:
        texts = [as_text(entry.extracted.get(name)) for name in self._config.source]
        if not self._is_meant(entry.line, entry.time, texts):
            return (entry,)
        self._parts.counts.dropped[self._config.drop_counter_reason] += 1
        return ()

    def bulk(self, portion: Portion) -> bool:
        columns = [portion.texts(name) for name in self._config.source]
        texts = list(zip(*columns, strict=True)) if columns else [()] * len(portion)
        is_meant = self._is_meant
        kept = [
            row
            for row, (line, time, some) in enumerate(zip(portion.lines, portion.times, texts, strict=True))
            if not is_meant(line, time, some)
        ]
        if len(kept) < len(portion):
            self._parts.counts.dropped[self._config.drop_counter_reason] += len(portion) - len(kept)
            portion.keep(kept)
        return True

    def _is_meant(self, line: str, time: int, texts: Sequence[str | None]) -> bool:
        """`texts` are what the sources name."""
        config = self._config
        if config.longer_than and len(line.encode(errors="replace")) <= config.longer_than:
            return False
        if config.older_than and time >= self._parts.now() - config.older_than * _MILLISECOND:
            return False
        return self._fits(texts) if config.source else config.expression is None or config.expression.matches(line)

    def _fits(self, texts: Sequence[str | None]) -> bool:
        """What is extracted must be there, and be the value or match the pattern, if there is one."""
        config = self._config
        if any(text is None for text in texts):
            return False
        text = config.separator.join(filter(None, texts)) if len(texts) > 1 else texts[0] or ""
        if config.value is not None:
            return text == config.value
        return config.expression is None or config.expression.matches(text)
