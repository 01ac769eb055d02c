"""Where what rules write goes: to several stores, each with relabelling of its own, or nowhere.

What Loki's rules write is not kept by Loki. A server that is this process takes it at once, as one of its own groups'
samples; for others it waits in a store of its own, from which remote write takes it.
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from msgspec import Struct
from msgspec.structs import replace

from engine.relabel.config import RelabelConfig
from engine.relabel.relabel import relabel
from engine.tsdb.batch import Appended, Batch
from engine.tsdb.store import Store
from promql.model.labels import Labels
from promql.model.panel import Need, Selected
from promql.model.types import IntArray


class Way(Struct, frozen=True):
    """A store, and what becomes of labels before they go there."""

    store: Store
    relabelling: tuple[RelabelConfig, ...] = ()


class Outlet:
    """`ways` may change while groups write."""

    def __init__(self) -> None:
        self.ways: tuple[Way, ...] = ()

    def source(self, key: str) -> Writer:
        return Writer(key)

    def append(self, source: Writer, batches: Sequence[Batch]) -> Appended:
        """What was refused anywhere counts."""
        total = Appended()
        for batch in batches:
            for way in self.ways:
                total += source.write(way, batch)
        return total

    def select(self, need: Need) -> Sequence[Selected]:
        """Nothing: whoever wants to know the past asks lines."""
        return ()


class Writer:
    """A group's series. Columns are those of the newest question."""

    def __init__(self, key: str) -> None:
        self._key = key
        self._labels: tuple[Labels, ...] = ()

    def columns(self, labels: Sequence[Labels]) -> IntArray:
        self._labels = tuple(labels)
        return np.arange(len(labels))

    def write(self, way: Way, batch: Batch) -> Appended:
        """What relabelling drops is not written; of what it makes equal the first is."""
        kept: dict[Labels, int] = {}
        for at, column in enumerate(batch.columns.tolist()):
            if changed := relabel(self._labels[column], way.relabelling):
                kept.setdefault(changed, at)
        if not kept:
            return Appended()
        source = way.store.source(self._key)
        chosen = np.array(list(kept.values()))
        changed_batch = replace(batch, columns=source.columns(list(kept)), values=batch.values[chosen])
        return way.store.append(source, [changed_batch])
