"""The store's slow twin: a dict of lists, no arrays, no log; and helpers that compare the two."""

from __future__ import annotations

import math
import struct
from collections.abc import Sequence

import numpy as np

from engine.tsdb.batch import Appended, Batch
from engine.tsdb.source import Source
from engine.tsdb.store import Store
from promql.model.labels import Labels
from promql.model.matchers import Matcher, MatchOp, match_all
from promql.model.panel import Kind, Need, Panel
from promql.model.staleness import STALE_NAN

HOUR = 3_600_000
EVER = 2**62
Answer = dict[Labels, list[tuple[int, bytes]]]
STALE = struct.pack("d", STALE_NAN)


def bits(value: float) -> bytes:
    if math.isnan(value) and struct.pack("d", value) != STALE:
        return struct.pack("<Q", 0x7FF8000000000001)
    return struct.pack("d", value)


class Twin:
    """Takes the same commits as a store and answers the same questions, one sample at a time."""

    def __init__(self, bounds_ms: int = HOUR) -> None:
        self.samples: Answer = {}
        self.marks: dict[Labels, tuple[int, bytes]] = {}
        self.newest: int | None = None
        self.bounds = bounds_ms
        self.window = 0

    def append(self, batches: Sequence[tuple[int, Sequence[tuple[Labels, float]]]]) -> Appended:
        newest, told = self.newest, Appended()
        for time, series in batches:
            for labels, value in series:
                told += self._take(labels, time, bits(value), newest)
        return told

    def _take(self, labels: Labels, time: int, value: bytes, newest: int | None) -> Appended:
        mark, inside = self.marks.get(labels), newest is None or time >= newest - self.bounds
        if inside and (mark is None or time > mark[0]):
            self.marks[labels] = (time, value)
            self._insert(labels, time, value)
            return Appended(1)
        if inside and mark is not None and time == mark[0]:
            return Appended(1) if value == mark[1] else Appended(duplicate=1)
        if not self.window:
            return Appended(out_of_order=1) if inside else Appended(out_of_bounds=1)
        if newest is not None and time < newest - self.window:
            return Appended(too_old=1)
        new = time not in [t for t, _ in self.samples.get(labels, [])]
        if new:
            self._insert(labels, time, value)
            if mark is None or time > mark[0]:
                self.marks[labels] = (time, value)
        return Appended(1, late=int(new))

    def _insert(self, labels: Labels, time: int, value: bytes) -> None:
        own = self.samples.setdefault(labels, [])
        own.append((time, value))
        own.sort(key=lambda sample: sample[0])
        self.newest = time if self.newest is None else max(self.newest, time)

    def delete(self, matchers: Sequence[Matcher], start: int, end: int) -> None:
        """A further sample must still be later than what was deleted."""
        for labels in list(self.samples):
            if match_all(matchers, labels):
                self.samples[labels] = [(t, v) for t, v in self.samples[labels] if not start <= t <= end]
                if not self.samples[labels]:
                    del self.samples[labels]

    def clean(self) -> None:
        """From now on a further sample must be later than what is left."""
        self.marks = {labels: samples[-1] for labels, samples in self.samples.items()}

    def select(self, need: Need) -> Answer:
        answer = {}
        for labels, samples in self.samples.items():
            if match_all(need.matchers, labels):
                kept = [
                    (t, v)
                    for t, v in samples
                    if need.start <= t <= need.end and (need.kind is not Kind.RANGE or v != STALE)
                ]
                if kept:
                    answer[labels] = kept
        return answer


def batch(source: Source, time: int, series: Sequence[tuple[Labels, float]]) -> Batch:
    return Batch(time, source.columns([labels for labels, _ in series]), np.array([v for _, v in series], np.float64))


def answer(store: Store, need: Need) -> Answer:
    """What a store selects, by series; checks what every panel promises."""
    found: Answer = {}
    for one in store.select(need):
        if isinstance(one, Panel):
            assert one.values.shape == (len(one.labels), len(one.times))
            assert one.values.flags.c_contiguous
        assert (np.diff(one.refs) > 0).all()
        for _, labels, times, values in one.series():
            assert labels not in found, f"{labels} comes twice"
            assert len(times) == len(values) > 0
            assert (np.diff(times) > 0).all()
            found[labels] = list(zip(times.tolist(), [struct.pack("d", v) for v in values], strict=True))
    return found


def named(name: str, **labels: str) -> Labels:
    return Labels.of({"__name__": name}, **labels)


def equal(name: str, value: str) -> Matcher:
    return Matcher(name, MatchOp.EQUAL, value)


def everything(kind: Kind = Kind.INSTANT, start: int = -EVER, end: int = EVER) -> Need:
    return Need((Matcher("__name__", MatchOp.REGEX, ".+"),), start, end, kind)
