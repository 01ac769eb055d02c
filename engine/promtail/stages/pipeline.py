"""Stages one after the other."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from typing import TYPE_CHECKING

from engine.promtail.entry import Entry
from engine.promtail.portion import Portion
from engine.promtail.stages.stage import Parts, Stage

if TYPE_CHECKING:
    from engine.promtail.stages.table import StageConfig


class Pipeline(Stage):
    """A stage made of stages. One pipeline belongs to one target, since stages remember what they saw."""

    def __init__(self, configs: Sequence[StageConfig], parts: Parts) -> None:
        from engine.promtail.stages.table import make  # noqa: PLC0415 - a stage of the table is made of stages again

        self._stages = [make(config, parts) for config in configs]
        self._holding = [stage for stage in self._stages if type(stage).held is not Stage.held]

    @property
    def stages(self) -> Sequence[Stage]:
        return self._stages

    def __bool__(self) -> bool:
        return bool(self._stages)

    def process(self, entry: Entry) -> Sequence[Entry]:
        return self._through((entry,), 0)

    def take(self, portion: Portion) -> Sequence[Entry] | None:
        """The same with all lines of a portion: None where that has become what goes on, or else what does."""
        for place, stage in enumerate(self._stages):
            if not stage.bulk(portion):
                return self._through(portion.entries(), place)
        return None

    def due(self) -> Sequence[Entry]:
        return [entry for found in self._each(flushing=False) for entry in found]

    def flush(self) -> Sequence[Entry]:
        return [entry for found in self._each(flushing=True) for entry in found]

    def held(self) -> Iterable[Entry]:
        return [entry for stage in self._holding for entry in stage.held()]

    def _each(self, *, flushing: bool) -> Iterator[Sequence[Entry]]:
        """What each stage lets go, through the stages behind it; the first one first, so that nothing overtakes."""
        if not self._holding:
            return
        for place, stage in enumerate(self._stages):
            found = stage.flush() if flushing else stage.due()
            if found:
                yield self._through(found, place + 1)

    def _through(self, entries: Sequence[Entry], place: int) -> Sequence[Entry]:
        for stage in self._stages[place:]:
            if len(entries) == 1:
                entries = stage.process(entries[0])
            else:
                entries = [out for entry in entries for out in stage.process(entry)]
            if not entries:
                break
        return entries
