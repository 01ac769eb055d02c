"""Pushed groups as sources of the store: what was pushed is appended at once, and again at each scrape interval, as if
somebody scraped it, until it is deleted or replaced; then its series end.

The groups lie in a file, which is written before a push is answered, so that they are there again after a restart.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import Final, NamedTuple, Protocol

import msgspec
import numpy as np

from engine.foundation.clock import Clock
from engine.foundation.errors import ConfigError
from engine.foundation.files import replace as replace_file
from engine.foundation.supervise import Supervisor
from engine.remote.pushes.groups import Group, Groups, Key, UnfitError, key_of
from engine.tsdb.batch import Appended, Batch
from engine.tsdb.source import Source
from promql.model.labels import Labels
from promql.model.staleness import STALE_NAN

_FORMAT: Final = 1


class _File(msgspec.Struct, frozen=True):
    format: int
    groups: list[Group]


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
        self.groups: Final = Groups(_read(file))
        self._store = store
        self._clock = clock
        self._file = file
        self._interval = interval
        self._alive: dict[Key, _Alive] = {}

    def start(self, supervisor: Supervisor) -> asyncio.Task[None]:
        """Append what there is, again and again."""
        return supervisor.start("pushed groups", self._run)

    def push(self, labels: Mapping[str, str], body: bytes, *, replace: bool) -> None:
        """Take a push. Raises PushError, DiskFullError, OSError."""
        try:
            self.groups.push(labels, body, self._clock.now_ms(), replace=replace)
        except UnfitError:
            self._changed(labels)
            raise
        self._changed(labels)

    def delete(self, labels: Mapping[str, str]) -> None:
        """End the group, if there is one. Raises DiskFullError, OSError."""
        if labels in self.groups:
            self.groups.delete(labels)
            self._changed(labels)

    async def _run(self) -> None:
        while True:
            keys = {group.labels for group in self.groups}
            for key in keys:
                self._append(key)
            for deleted in self._alive.keys() - keys:
                del self._alive[deleted]
            await self._clock.sleep(self._interval() / 1000)

    def _changed(self, labels: Mapping[str, str]) -> None:
        if self._file is not None:
            replace_file(self._file, msgspec.msgpack.encode(_File(_FORMAT, list(self.groups))))
        self._append(key_of(labels))

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


def _read(file: Path | None) -> list[Group]:
    if file is None or not file.exists():
        return []
    try:
        found = msgspec.msgpack.decode(file.read_bytes(), type=_File)
    except (OSError, msgspec.DecodeError) as error:
        raise ConfigError(f"{file}: the pushed groups can't be read ({error}): move the file away") from None
    if found.format != _FORMAT:
        raise ConfigError(f"{file}: another release wrote it: move the file away, or use that release")
    return found.groups
