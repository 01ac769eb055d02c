"""The sampling stage: a share of the lines goes on, the same share of every thousand."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final

import msgspec

from engine.foundation.decode import Report
from engine.promtail.entry import Entry
from engine.promtail.stages.stage import Parts, Stage

DEFAULT_REASON: Final = "sampling_stage"


class SamplingConfig(msgspec.Struct, frozen=True, kw_only=True):
    """`rate` is the share that is kept, 0 to 1."""

    rate: float = -1.0
    drop_counter_reason: str = DEFAULT_REASON

    def check(self, report: Report) -> None:
        if not 0.0 <= self.rate <= 1.0:
            report.error("sampling rate must be between 0.0 and 1.0", "rate")


class Sampling(Stage):
    """Adds the share for each line, and lets one through whenever a whole one is full: evenly, without dice."""

    def __init__(self, config: SamplingConfig, parts: Parts) -> None:
        self._config = config
        self._counts = parts.counts
        self._share = 0.0

    def process(self, entry: Entry) -> Sequence[Entry]:
        self._share += self._config.rate
        if self._share >= 1.0 - 1e-9:
            self._share -= 1.0
            return (entry,)
        self._counts.dropped[self._config.drop_counter_reason] += 1
        return ()
