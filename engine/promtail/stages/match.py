"""The match stage: stages for the lines that a selector selects, or their end."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import TYPE_CHECKING, Final

from engine.promtail.entry import Entry
from engine.promtail.portion import Portion
from engine.promtail.stages.pipeline import Pipeline
from engine.promtail.stages.selector import parse_selector
from engine.promtail.stages.stage import Parts, Stage

if TYPE_CHECKING:
    from engine.promtail.stages.table import MatchConfig

DEFAULT_REASON: Final = "match_stage"
DROP: Final = "drop"


class Match(Stage):
    def __init__(self, config: MatchConfig, parts: Parts) -> None:
        self._selector = parse_selector(config.selector)
        self._reason = config.drop_counter_reason if config.action == DROP else None
        self._counts = parts.counts
        self._within = Pipeline(config.stages, parts)

    def process(self, entry: Entry) -> Sequence[Entry]:
        if not self._selector.selects(entry.labels, entry.line):
            return (entry,)
        if self._reason is None:
            return self._within.process(entry)
        self._counts.dropped[self._reason] += 1
        return ()

    def bulk(self, portion: Portion) -> bool:
        """Where nothing is selected, or what is is dropped."""
        if any(matcher.name in portion.own for matcher in self._selector.matchers):
            return False
        selects, labels = self._selector.selects, portion.labels
        kept = [row for row, line in enumerate(portion.lines) if not selects(labels, line)]
        gone = len(portion) - len(kept)
        if gone and self._reason is None:
            return False
        if gone:
            self._counts.dropped[self._reason or ""] += gone
            portion.keep(kept)
        return True

    def due(self) -> Sequence[Entry]:
        return self._within.due()

    def flush(self) -> Sequence[Entry]:
        return self._within.flush()

    def held(self) -> Iterable[Entry]:
        return self._within.held()
