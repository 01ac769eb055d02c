"""What a stage is.

Law: a stage does no I/O and asks nobody but its `Parts` for the time. It gives each entry on (changed or not), drops
it, or holds it; what it holds it tells, so that a source can say how far it was read for good.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from typing import TYPE_CHECKING

from msgspec import Struct, field

from engine.promtail.entry import Entry, PipelineCounts

if TYPE_CHECKING:
    from engine.promtail.portion import Portion
    from engine.promtail.stages.custom import CustomMetrics


class Parts(Struct, frozen=True):
    """What stages need of the rest: `now` is Unix ns; `metrics` is where the metrics stage counts, if somewhere."""

    now: Callable[[], int]
    counts: PipelineCounts = field(default_factory=PipelineCounts)
    metrics: CustomMetrics | None = None


class Stage:
    """A step. Most give on what they get; those that hold entries override `due` and `held` too."""

    def process(self, entry: Entry) -> Sequence[Entry]:
        """What goes on now, in order."""
        raise NotImplementedError

    def bulk(self, portion: Portion) -> bool:
        """The same for all lines of a portion, which is changed; False, and nothing is done, where that can't be."""
        return False

    def due(self) -> Sequence[Entry]:
        """What was held and has waited long enough."""
        return ()

    def flush(self) -> Sequence[Entry]:
        """All that is held: nothing more will come."""
        return ()

    def held(self) -> Iterable[Entry]:
        """What has been taken and not yet given on."""
        return ()
