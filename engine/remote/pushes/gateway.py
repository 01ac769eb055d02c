"""Pushed groups as sources of the store: what was pushed is appended at once, and again at each scrape interval, as if
somebody scraped it, until it is deleted or replaced; then its series end.

The groups are kept in a log, which is written before a push is answered, so that they are there again after a restart.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import Final, NamedTuple, Protocol

import numpy as np

from engine.foundation.clock import Clock
from engine.foundation.supervise import Supervisor
from engine.remote.pushes.groups import Groups, Key, UnfitError, key_of
from engine.remote.pushes.log import PushLog
from engine.tsdb.batch import Appended, Batch
from engine.tsdb.source import Source
from promql.model.labels import Labels
from promql.model.staleness import STALE_NAN


class _Alive(NamedTuple):
    """The series that a group had when it was appended, and when that was (Unix ms)."""

    series: frozenset[Labels] = frozenset()
    latest: int = -1


class Store(Protocol):
    """The store, as far as it is written to."""

    def source(self, key: str) -> Source:
        """The source of this key, made where there is none."""

    def append(self, source: Source, batches: Sequence[Batch]) -> Appended:
        """Keep them. Raises DiskFullError."""


class PushGateway:
    """Owns the groups. `interval` is that of scrapes, in ms, as the configuration in force has it."""

    def __init__(self, store: Store, clock: Clock, file: Path | None, interval: Callable[[], int]) -> None:
        """Raises ConfigError where the file is none of ours."""
        self._log = None if file is None else PushLog(file)
        self.groups: Final = Groups(self._log.groups if self._log is not None else ())
        self._store = store
        self._clock = clock
        self._interval = interval
        self._alive: dict[Key, _Alive] = {}

    def start(self, supervisor: Supervisor) -> asyncio.Task[None]:
        """Append what there is, again and again."""
        return supervisor.start("pushed groups", self._run)

    def push(self, labels: Mapping[str, str], body: bytes, *, replace: bool) -> None:
        """Take a push. Raises PushError, StoreError."""
        try:
            self.groups.push(labels, body, self._clock.now_ms(), replace=replace)
        except UnfitError:
            self._changed(labels)
            raise
        self._changed(labels)

    def delete(self, labels: Mapping[str, str]) -> None:
        """End the group, if there is one. Raises StoreError."""
        if labels in self.groups:
            self.groups.delete(labels)
            self._changed(labels)

    def close(self) -> None:
        """Let go of the file."""
        if self._log is not None:
            self._log.close()

    async def _run(self) -> None:
        while True:
            keys = {group.labels for group in self.groups}
            for key in keys:
                self._append(key)
            for deleted in self._alive.keys() - keys:
                del self._alive[deleted]
            await self._clock.sleep(self._interval() / 1000)

    def _changed(self, labels: Mapping[str, str]) -> None:
        key = key_of(labels)
        if self._log is not None:
            group, alive = self.groups.get(key), len(self.groups)
            if self._log.put(group, alive) if group is not None else self._log.delete(key, alive):
                self._log.rewrite(self.groups)
        self._append(key)

    def _append(self, key: Key) -> None:
        """What the group has now, and the ends of what it had before and has no more; no instant is told twice."""
        before = self._alive.pop(key, _Alive())
        series = self.groups.series(key)
        gone = dict.fromkeys(before.series - series.keys(), float(STALE_NAN))
        time = max(self._clock.now_ms(), before.latest + 1)
        if series or gone:
            source = self._store.source(f"push {Labels.of(key)}")
            columns = source.columns([*series, *gone])
            self._store.append(source, [Batch(time, columns, np.array([*series.values(), *gone.values()]))])
            self._alive[key] = _Alive(frozenset(series), time)
