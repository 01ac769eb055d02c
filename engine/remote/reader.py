"""The answers to remote read: samples as they are stored, of series by their labels, with the external labels on them.

Series are read in portions, in the order of their labels, so that a large answer that is streamed is never held whole.
"""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Callable, Iterator, Mapping, Sequence
from contextlib import asynccontextmanager
from typing import Final, Protocol

import numpy as np
from msgspec import Struct

from engine.foundation.errors import RemoteError
from engine.foundation.protobuf import WireError
from engine.foundation.workers import Workers
from engine.remote.packing import inflated, packed
from engine.remote.reading import ReadQuery, ReadRequest, Row, decode_read, frames, query_result
from engine.remote.receiver import LARGE
from promql.model.labels import Labels
from promql.model.matchers import Matcher
from promql.model.panel import Kind, Selected
from promql.model.types import IntArray

_PORTION: Final = 256
_LARGEST: Final = 32 * 1024 * 1024
"""Bytes of a request, of which those that anybody sends have some hundreds."""


class ReadError(RemoteError):
    """The request can't be read, or asks for too much."""


class ReadLimits(Struct, frozen=True):
    """As Prometheus's `--storage.remote.read-*`; samples of 0 are not limited."""

    samples: int = 50_000_000
    concurrency: int = 10
    bytes_in_frame: int = 1 << 20


class Store(Protocol):
    """The store, as far as it is read from."""

    def find(self, matchers: Sequence[Matcher], start: int, end: int) -> IntArray:
        """The numbers of the series that match and have lived in that time."""

    def labels_of(self, refs: IntArray) -> list[Labels]:
        """What the numbers mean."""

    def read(self, refs: IntArray, start: int, end: int, kind: Kind) -> list[Selected]:
        """The samples of the series with these numbers, which ascend."""


class Reader:
    """Answers requests, so many at a time; others wait."""

    def __init__(
        self, store: Store, workers: Workers, limits: ReadLimits, external_labels: Callable[[], Mapping[str, str]]
    ) -> None:
        self._store = store
        self._workers = workers
        self._limits = limits
        self._external_labels = external_labels
        self.current = 0
        self._room = asyncio.Semaphore(limits.concurrency)

    @asynccontextmanager
    async def turn(self) -> AsyncIterator[None]:
        """One request is answered; `current` counts these."""
        async with self._room:
            self.current += 1
            try:
                yield
            finally:
                self.current -= 1

    async def decode(self, body: bytes) -> ReadRequest:
        """What a body asks. Raises ReadError."""
        try:
            if len(body) < LARGE:
                return decode_read(inflated(body, _LARGEST))
            return await self._workers.run(lambda: decode_read(inflated(body, _LARGEST)))
        except WireError as error:
            raise ReadError(str(error)) from None

    async def samples(self, request: ReadRequest) -> bytes:
        """One answer with everything. Raises ReadError for too many samples, MatcherError, RegexError."""
        return await self._workers.run(self._samples, request)

    async def frames(self, request: ReadRequest) -> AsyncIterator[bytes]:
        """The answer piece by piece. Raises MatcherError, RegexError before the first one."""
        external = dict(self._external_labels())
        asked = [query.asked(external) for query in request.queries]
        for number, (query, matchers) in enumerate(zip(request.queries, asked, strict=True)):
            for portion in await self._workers.run(self._portions, query, matchers):
                yield await self._workers.run(self._framed, query, portion, number, external)

    def _framed(self, query: ReadQuery, portion: Portion, number: int, external: Mapping[str, str]) -> bytes:
        return b"".join(frames(self._rows(query, portion, external), number, self._limits.bytes_in_frame))

    def _samples(self, request: ReadRequest) -> bytes:
        external = dict(self._external_labels())
        results = [query_result(self._counted(query, external)) for query in request.queries]
        return packed(b"".join(results))

    def _counted(self, query: ReadQuery, external: dict[str, str]) -> Iterator[Row]:
        """All series, as long as they have not too many samples."""
        count, most = 0, self._limits.samples
        for portion in self._portions(query, query.asked(external)):
            for row in self._rows(query, portion, external):
                count += len(row[1])
                if 0 < most < count:
                    raise ReadError(f"exceeded sample limit ({most})")
                yield row

    def _portions(self, query: ReadQuery, matchers: Sequence[Matcher]) -> list[Portion]:
        refs = self._store.find(matchers, query.start, query.end)
        labels = self._store.labels_of(refs)
        ordered = sorted(zip(labels, refs.tolist(), strict=True), key=lambda pair: pair[0])
        return [ordered[at : at + _PORTION] for at in range(0, len(ordered), _PORTION)]

    def _rows(self, query: ReadQuery, portion: Portion, external: Mapping[str, str]) -> Iterator[Row]:
        refs = np.array(sorted(ref for _, ref in portion), np.int64)
        found = {
            ref: (times, values)
            for selected in self._store.read(refs, query.start, query.end, Kind.INSTANT)
            for ref, _, times, values in selected.series()
        }
        for labels, ref in portion:
            if ref in found:
                yield Labels.of({**external, **labels.as_dict()}), *found[ref]


Portion = list[tuple[Labels, int]]
"""Series and their numbers, sorted by labels."""
