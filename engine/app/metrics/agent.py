"""What an agent says of its store, under the names of the original's agent, which has a log and nothing else.

Checkpoints, truncations and series that wait to be deleted from the log are the original's own ways, and not told.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Final

from engine.tsdb.store import Store
from exporters.exposition.families import Family, MetricType

_C, _G = MetricType.COUNTER, MetricType.GAUGE
_TABLE: Final[tuple[tuple[str, MetricType, str, Callable[[Store], float]], ...]] = (
    ("active_series", _G, "Series in the store.", lambda store: store.size.series),
    ("corruptions_total", _C, "Damages of the log found at the start.", lambda store: len(store.recovery.damages)),
    ("exemplars_appended_total", _C, "Exemplars kept so far.", lambda store: store.exemplars.counts.kept),
    ("out_of_order_samples_total", _C, "Samples refused: out of order.", lambda store: store.totals.out_of_order),
)


def agent_families(store: Store) -> list[Family]:
    """`prometheus_agent_*`."""
    found = [
        Family.of(f"prometheus_agent_{name}", kind, text, ({}, float(read(store)))) for name, kind, text, read in _TABLE
    ]
    appended = ({"type": "float"}, float(store.totals.appended))
    return [
        *found,
        Family.of("prometheus_agent_samples_appended_total", _C, "Samples stored since the start.", appended),
    ]
