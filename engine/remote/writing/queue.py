"""One server's queue: what was committed, sent in rounds.

A round takes what has come, shares it out by series among some senders that work beside each other, and ends when all
of it was taken or refused for good; then the position moves. So the samples of a series go out in their order, a stop
loses nothing, and a kill sends again at most a round, which the server has already. How many senders there are follows
from how much there is to send and how long requests take, between `min_shards` and `max_shards`.
"""

from __future__ import annotations

import asyncio
import logging
import math
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from contextlib import suppress
from functools import partial
from typing import Final, TypeVar

import numpy as np

from engine.foundation.clock import Clock
from engine.foundation.workers import Workers
from engine.remote.config import V1, V2, RemoteWriteConfig
from engine.remote.writing import encode, encode2
from engine.remote.writing.client import Refusal, RemoteClient, Sent
from engine.remote.writing.counts import Counts
from engine.remote.writing.encode import SeriesBytes, Told
from engine.remote.writing.position import KeptPosition
from engine.remote.writing.series import OutgoingSeries
from engine.tsdb.exemplars import Exemplar, Exemplars
from engine.tsdb.log.feed import Feed, Piece, Position
from promql.model.labels import Labels
from promql.model.types import IntArray

_SHORTEST: Final = 0.05
_AT_ONCE: Final = 50_000
"""Samples of a round."""
_FIRST_SECONDS: Final = 5.0
Metadata = Callable[[], Iterable[Told]]
"""What is known of all metrics that are scraped."""

log = logging.getLogger(__name__)


class Queue:
    """`run` it until it is cancelled; then `close` it."""

    def __init__(
        self,
        *,
        name: str,
        config: RemoteWriteConfig,
        feed: Feed,
        series: OutgoingSeries,
        client: RemoteClient,
        kept: KeptPosition,
        clock: Clock,
        workers: Workers,
        exemplars: Exemplars | None,
    ) -> None:
        """`name` is for people and metrics, `exemplars` are those that are sent, as far as there are still some when it
        is their turn.
        """
        self.name = name
        self.config = config
        self.feed = feed
        self.counts = Counts()
        self._series = series
        self._client = client
        self._kept = kept
        self._clock = clock
        self._workers = workers
        self._idle = asyncio.Event()
        self._ending = False
        self._exemplars = exemplars
        self._exemplars_passed = 0 if exemplars is None else exemplars.counts.kept
        self._metadata: Mapping[str, Told] = {}

    @property
    def problem(self) -> str:
        """Why the server takes nothing at the moment; empty where it does."""
        return self._client.problem

    @property
    def message(self) -> str:
        """What requests are made of."""
        return self._client.message

    @property
    def exemplars_pending(self) -> int:
        """Those that came and were not sent yet."""
        return 0 if self._exemplars is None else self._exemplars.counts.kept - self._exemplars_passed

    async def run(self) -> None:
        while not self._ending:
            self._idle.clear()
            if self.feed.behind:
                await self._catch_up()
                continue
            pieces, position = self.feed.recent(_AT_ONCE)
            if pieces:
                await self._round(pieces)
                self._pass_to(position)
            await self._send_exemplars()
            self._idle.set()
            if self.feed.pending < self.config.queue_config.max_samples_per_send:
                await self._clock.sleep(self.config.queue_config.batch_send_deadline / 1000)
        self._idle.set()

    async def finish(self, seconds: float) -> None:
        """No further round begins. The one that is under way may end, so that nothing of it goes out again after the
        next start; of a server that takes nothing that is not waited for.
        """
        self._ending = True
        if not self.problem:
            with suppress(TimeoutError):
                async with asyncio.timeout(seconds):
                    await self._idle.wait()

    async def tell(self, metadata: Metadata) -> None:
        """Send metadata at each interval; requests of 2.0 have it beside the samples."""
        seconds = self.config.metadata_config.send_interval / 1000
        while True:
            if self._client.message == V2:
                self._metadata = {one[0]: one for one in metadata()}
                await self._clock.sleep(seconds if self._metadata else min(seconds, _FIRST_SECONDS))
                continue
            await self._clock.sleep(seconds)
            if self._client.message == V1:
                await self._send_metadata(list(metadata()))

    async def _send_metadata(self, found: Sequence[Told]) -> None:
        most = self.config.metadata_config.max_samples_per_send
        for some in _parts(found, most):
            await self._told(Sent(partial(_metadata_in, some), len(some), "metadata", self.counts.metadata))

    async def _send_exemplars(self) -> None:
        """Those that came since the last time. What is refused is lost, as in Prometheus."""
        if self._exemplars is None or not self.exemplars_pending:
            return
        pending, most = self.exemplars_pending, self.config.queue_config.max_samples_per_send
        came = self._exemplars.since(self._exemplars_passed)
        named = [(self._series.named(series), one) for series, one in came]
        found = [(series, one) for series, one in named if series is not None]
        self.counts.exemplars.dropped += pending - len(found)
        self._exemplars_passed += pending
        for some in _parts(found, most):
            await self._told(Sent(partial(_exemplars_in, some), len(some), "exemplars", self.counts.exemplars))

    async def _told(self, sent: Sent) -> None:
        """Post it, count it, and say what is lost."""
        self._note(sent, await self._client.post(sent, self.counts))

    def _note(self, sent: Sent, refusal: Refusal | None) -> None:
        sent.tally.total += sent.count
        if refusal is not None:
            lost = sent.count - refusal.written
            sent.tally.failed += lost
            log.warning("remote write to %s: %d %s were refused: %s", self.name, lost, sent.kind, refusal.text)

    async def close(self) -> None:
        self._kept.write(self.feed.position)
        await self._client.close()

    async def _catch_up(self) -> None:
        """Send what a segment of the log has."""
        older = self.feed.older()
        while not self._ending and (read := await self._workers.run(_some, older, _AT_ONCE)):
            await self._round([one for one in read if isinstance(one, Piece)])
            for position in [one for one in read if isinstance(one, Position)][-1:]:
                self._pass_to(position)

    def _pass_to(self, position: Position) -> None:
        self.feed.pass_to(position)
        self._kept.write(position)

    async def _round(self, pieces: Sequence[Piece]) -> None:
        if not pieces:
            return
        whole = Piece(
            np.concatenate([one.refs for one in pieces]),
            np.concatenate([one.times for one in pieces]),
            np.concatenate([one.values for one in pieces]),
        )
        async with asyncio.TaskGroup() as group:
            for shard in _shared_out(whole, self._shards(len(whole))):
                group.create_task(self._send(shard))

    def _shards(self, samples: int) -> int:
        """As many senders as get through by the next round, at the pace of the requests so far."""
        queue, seconds = self.config.queue_config, self.counts.seconds
        requests = -(-samples // queue.max_samples_per_send)
        pace = seconds.total / seconds.count if seconds.count else 0.0
        self.counts.desired = requests * pace / max(queue.batch_send_deadline / 1000, _SHORTEST)
        least, most = max(1, queue.min_shards), min(queue.max_shards, requests)
        self.counts.shards = max(least, min(most, math.ceil(self.counts.desired)))
        return self.counts.shards

    async def _send(self, shard: Piece) -> None:
        """The samples of some series, in requests of the allowed size, one after the other."""
        most = self.config.queue_config.max_samples_per_send
        for at in range(0, len(shard), most):
            await self._post(shard.part(slice(at, at + most)))

    async def _post(self, piece: Piece) -> None:
        """A server refuses a request whole. After a restart some of it may be there already, and older than what is,
        so what is refused for its content is tried again in parts, by time: only what is refused by itself is lost.
        """
        series = self._series.of(piece.refs)
        known = [one for one in series if one is not None]
        if len(known) < len(series):
            chosen = np.array([one is not None for one in series])
            piece = piece.part(chosen)
            self.counts.samples.dropped += len(series) - len(known)
        if not known:
            return
        sent = Sent(partial(_samples_in, known, piece, self._metadata), len(known), "samples", self.counts.samples)
        refusal = await self._client.post(sent, self.counts)
        if refusal and refusal.of_content and (middle := _middle(piece.times)) is not None:
            await self._post(piece.part(piece.times < middle))
            await self._post(piece.part(piece.times >= middle))
            return
        self._note(sent, refusal)
        if refusal is None or refusal.written:
            self.counts.highest_sent = max(self.counts.highest_sent, int(piece.times.max()))


def _samples_in(series: Sequence[SeriesBytes], piece: Piece, metadata: Mapping[str, Told], message: str) -> bytes:
    if message == V1:
        return encode.samples(series, piece.times, piece.values)
    return encode2.samples2([one.labels for one in series], piece.times, piece.values, metadata)


def _exemplars_in(found: Sequence[tuple[Labels, Exemplar]], message: str) -> bytes:
    return encode.exemplars(found) if message == V1 else encode2.exemplars2(found)


def _metadata_in(found: Sequence[Told], _message: str) -> bytes:
    return encode.metadata(found)


def _some(older: Iterator[Piece | Position], most: int) -> list[Piece | Position]:
    """Pieces of about so many samples, with the positions behind them; nothing at the end."""
    found: list[Piece | Position] = []
    count = 0
    for one in older:
        found.append(one)
        count += 0 if isinstance(one, Position) else len(one)
        if count >= most:
            break
    return found


def _middle(times: IntArray) -> int | None:
    """An instant that parts them in two; None where there is one alone."""
    instants = np.unique(times)
    return int(instants[len(instants) // 2]) if len(instants) > 1 else None


def _shared_out(whole: Piece, shards: int) -> Iterator[Piece]:
    """By series, and each series in its order."""
    if shards == 1:
        yield whole
        return
    shard = whole.refs % shards
    order = np.argsort(shard, kind="stable")
    ends = np.searchsorted(shard[order], np.arange(shards + 1))
    for start, end in zip(ends[:-1].tolist(), ends[1:].tolist(), strict=True):
        if end > start:
            yield whole.part(order[start:end])


_T = TypeVar("_T")


def _parts(whole: Sequence[_T], most: int) -> Iterator[Sequence[_T]]:
    """One after the other, of so many each."""
    for at in range(0, len(whole), most):
        yield whole[at : at + most]
