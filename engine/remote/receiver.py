"""The receiver of remote write: a request's bytes become commits, whole or not at all.

A request that was answered is in the log. Small ones are decoded at once, large ones in a worker; what is known of
series is changed by the event loop alone.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from itertools import pairwise
from typing import Final, Protocol

import numpy as np
from msgspec import Struct

from engine.foundation.clock import Clock
from engine.foundation.errors import RemoteError
from engine.foundation.protobuf import WireError
from engine.foundation.workers import Workers
from engine.remote.packing import inflated
from engine.remote.places import COLUMN_BITS, Places
from engine.remote.places import Store as PlacesStore
from engine.remote.wire import Known, Request, decode, label_fields
from engine.tsdb.batch import Appended, Batch
from engine.tsdb.exemplars import Exemplar, Exemplars, Verdict
from engine.tsdb.request import Refusal, Writes
from engine.tsdb.source import Source
from promql.model.labels import Labels
from promql.model.types import FloatArray, IntArray

LARGE: Final = 32 * 1024
"""Bytes of a request that a worker decodes."""
_COLUMN: Final = (1 << COLUMN_BITS) - 1


class WriteError(RemoteError):
    """The request can't be taken, and to send it again is of no use."""


Decoder = Callable[[bytes, Known], Request]


class Written(Struct, frozen=True):
    """What a request had, all of which was taken."""

    samples: int
    exemplars: int


class Store(PlacesStore, Protocol):
    """The store, as far as it is written to."""

    def append_whole(self, writes: Writes) -> tuple[Appended, Refusal | None]:
        """All of it or nothing. Raises DiskFullError."""

    @property
    def exemplars(self) -> Exemplars:
        """Those that are kept."""

    def append_exemplars(self, source: Source, found: Sequence[tuple[int, Exemplar]]) -> list[Verdict]:
        """Keep exemplars of the series in these columns; what became of each."""


class Receiver:
    """Takes requests, from any number of clients."""

    def __init__(self, store: Store, workers: Workers, clock: Clock) -> None:
        self._store = store
        self._workers = workers
        self._clock = clock
        self._places = Places(store)

    async def write(self, body: bytes, decoded: Decoder = decode) -> Written:
        """Take a request, which is read by `decoded`. Raises WriteError, DiskFullError."""
        self._places.turn(self._clock.monotonic())
        known = self._places.known.get
        try:
            if len(body) < LARGE:
                request = decoded(inflated(body), known)
            else:
                request = await self._workers.run(lambda: decoded(inflated(body), known))
        except WireError as error:
            raise WriteError(str(error)) from None
        if len(request.times):
            self._take(request)
        elif request.exemplars:
            self._keep(request.exemplars, ())
        return Written(len(request.times), len(request.exemplars))

    def take(self, rows: Sequence[tuple[Labels, int, float]]) -> None:
        """Take samples by themselves: labels, time (Unix ms), value. Raises WriteError, DiskFullError."""
        self._places.turn(self._clock.monotonic())
        known, keys = self._places.known, [label_fields(labels) for labels, _, _ in rows]
        strangers = {key: row[0] for key, row in zip(keys, rows, strict=True) if key not in known}
        numbers = {key: -1 - at for at, key in enumerate(strangers)}
        series = [numbers[key] if key in numbers else known[key] for key in keys]
        times = np.array([time for _, time, _ in rows], np.int64)
        values = np.array([value for _, _, value in rows])
        if rows:
            self._take(Request(np.array(series, np.int64), times, values, strangers))

    def _take(self, request: Request) -> None:
        series, learned = self._known(request)
        writes, newest = [], []
        for lane, batches in grouped(series, request.times, request.values):
            writes.append((self._places.lanes[lane].source, batches))
            newest.append((self._places.lanes[lane], max(batch.time for batch in batches)))
        _, refusal = self._store.append_whole(writes)
        if refusal is not None:
            raise WriteError(refusal.value)
        for of, time in newest:
            of.note(time)
        self._keep(request.exemplars, learned)

    def _keep(self, exemplars: Sequence[tuple[int, Exemplar]], learned: Sequence[int]) -> None:
        """What is refused of them is no error, as in Prometheus. `learned` are the numbers of strangers."""
        for number, one in exemplars if self._store.exemplars.most else ():
            place = number if number >= 0 else learned[-1 - number]
            source = self._places.lanes[place >> COLUMN_BITS].source
            self._store.append_exemplars(source, [(place & _COLUMN, one)])

    def _known(self, request: Request) -> tuple[IntArray, Sequence[int]]:
        """The numbers of all series, now that each has one; and those of strangers."""
        if not request.strangers:
            return request.series, ()
        places = np.flatnonzero(request.series < 0)
        who = -1 - request.series[places]
        first = np.empty(len(request.strangers), np.int64)
        first[who[::-1]] = request.times[places[::-1]]
        learned = self._places.learn(request.strangers, first.tolist())
        series = request.series.copy()
        series[places] = np.array(learned, np.int64)[who]
        return series, learned


def grouped(series: IntArray, times: IntArray, values: FloatArray) -> Iterator[tuple[int, list[Batch]]]:
    """The samples by lane, in batches: of one instant each, none with a column twice, in the order of the samples of
    each series.
    """
    order = series.argsort(kind="stable")
    sorted_ = series[order]
    again = sorted_[1:] == sorted_[:-1]
    rounds = _rounds(again) if again.any() else np.zeros(len(order), np.int64)
    lanes, stamps = sorted_ >> COLUMN_BITS, times[order]
    edges = _edges(lanes, rounds, stamps)
    if len(edges) > len(np.unique(lanes)) + 1:
        sooner = np.lexsort((stamps, rounds, lanes))
        order, sorted_, stamps, lanes = order[sooner], sorted_[sooner], stamps[sooner], lanes[sooner]
        edges = _edges(lanes, rounds[sooner], stamps)
    columns, numbers = sorted_ & _COLUMN, values[order]
    batches: dict[int, list[Batch]] = {}
    for low, high in pairwise(edges):
        batch = Batch(int(stamps[low]), columns[low:high], numbers[low:high])
        batches.setdefault(int(lanes[low]), []).append(batch)
    yield from batches.items()


def _rounds(again: np.ndarray[tuple[int], np.dtype[np.bool_]]) -> IntArray:
    """Of samples by series: how many of the same series there are before each."""
    places = np.arange(len(again) + 1)
    starts = np.where(np.concatenate(([False], again)), 0, places)
    rounds: IntArray = places - np.maximum.accumulate(starts)
    return rounds


def _edges(*keys: IntArray) -> list[int]:
    """Where runs of equal keys begin, and the end."""
    differs = np.logical_or.reduce([key[1:] != key[:-1] for key in keys])
    return [0, *(np.flatnonzero(differs) + 1).tolist(), len(keys[0])]
