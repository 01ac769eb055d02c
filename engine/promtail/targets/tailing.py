"""The files of one target, their lines through its stages, and how far each was read: from files to batches."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from typing import Final

from msgspec import Struct, field

from engine.foundation.clock import Clock
from engine.logql.lines import StreamLines
from engine.promtail.batch import DEFAULT_TENANT, Batch, LabelLimits, gathered
from engine.promtail.counts import Counts
from engine.promtail.entry import Entry
from engine.promtail.errors import SourceError
from engine.promtail.portion import Portion
from engine.promtail.stages.pipeline import Pipeline
from engine.promtail.tail.file import TailedFile
from engine.promtail.tail.names import shown
from engine.promtail.tail.packing import PackedFile, PackedFiles
from engine.promtail.tail.target import FileTarget
from promql.model.labels import Labels

FILENAME: Final = "filename"
BATCH_BYTES: Final = 1024 * 1024
MOST_HELD: Final = 10_000
"""Lines that stages may hold before nothing more is read."""

_SERIAL: Final = 48  # bits of an offset; above it stands which file


class LineLimits(Struct, frozen=True, kw_only=True):
    """`size` is bytes of a line, 0 for no limit: longer ones are dropped, or cut. `admit` says how many of so many
    lines may be read now; the others are gone.
    """

    size: int = 0
    truncate: bool = False
    admit: Callable[[int], int] | None = None


class _Gathered(Struct):
    """What one batch is made of."""

    streams: list[tuple[str, StreamLines]] = field(default_factory=list)
    entries: list[Entry] = field(default_factory=list)
    positions: dict[str, str] = field(default_factory=dict)
    size: int = 0

    def settle(self, limits: LabelLimits) -> None:
        """What came line by line, before what comes as streams."""
        self.streams += gathered(self.entries, limits)
        self.entries = []

    def batch(self, limits: LabelLimits) -> Batch | None:
        self.settle(limits)
        return Batch(self.streams, self.positions) if self.streams or self.positions else None


class Tailing:
    """One target. `labels` are those of its lines, without their file's name."""

    def __init__(
        self,
        labels: Mapping[str, str],
        target: FileTarget,
        pipeline: Pipeline,
        *,
        clock: Clock,
        counts: Counts,
        limits: LineLimits,
        label_limits: LabelLimits,
        delay: float = 0.0,
    ) -> None:
        self.labels = dict(labels)
        self.target = target
        self.packed = PackedFiles(target, delay)
        self._pipeline = pipeline
        self._clock = clock
        self._counts = counts
        self._limits = limits
        self._label_limits = label_limits
        self._last = 0
        self._known: dict[str, tuple[dict[str, str], Labels]] = {}

    def round(self, every: float, last_after: float | None) -> Iterator[Batch]:
        """Everything that has come since, in batches; each must be kept before the next one is asked for."""
        now = self._clock.monotonic()
        self.target.search(now, every)
        found = _Gathered()
        for file, lines, starts in self._read(now, last_after):
            self._take(file, lines, starts, found)
            if found.size > BATCH_BYTES:
                if (batch := self._finished(found)) is not None:
                    yield batch
                found = _Gathered()
            if self._is_full():
                break
        if (batch := self._finished(found)) is not None:
            yield batch

    def close(self) -> None:
        self.target.close()
        self.packed.close()

    def _is_full(self) -> bool:
        return bool(self._pipeline) and sum(1 for _ in self._pipeline.held()) > MOST_HELD

    def _read(
        self, now: float, last_after: float | None
    ) -> Iterator[tuple[TailedFile | PackedFile, list[bytes], list[int]]]:
        if self._is_full():
            self.target.behind = []  # and waits, until stages let go
            return
        for one in self.target.read(now, last_after):
            yield one.file, one.lines, one.starts
        for packed in self.packed.files(now):
            try:
                for lines, starts in packed.read():
                    yield packed, lines, starts
            except SourceError as error:
                self.target.told.skipped[packed.at] = str(error)

    def _take(self, file: TailedFile | PackedFile, lines: list[bytes], starts: list[int], found: _Gathered) -> None:
        path, name = file.path, shown(file.path)
        self._counts.read_lines[name] += len(lines)
        self._counts.read_bytes[name] = file.read_at
        lines, kept = self._limited(lines, starts)
        found.size += sum(map(len, lines))
        time = max(self._clock.now_ns(), self._last + 1)
        self._last = time + len(lines)
        if not self._pipeline:
            if lines:
                _, labels = self._labels_of(path)
                found.streams.append((DEFAULT_TENANT, StreamLines(labels, range(time, time + len(lines)), lines)))
            file.track((), ())
        else:
            own, _ = self._labels_of(path)
            base = file.serial << _SERIAL
            portion = Portion.of(own, time, lines, [base | start for start in kept])
            entries = self._pipeline.take(portion)
            if entries is None:
                found.settle(self._label_limits)
                found.streams += portion.streams(self._label_limits)
            else:
                found.entries += entries
            file.track(starts, self._held_of(file))
        found.positions[self.target.book.key(file.dev, file.ino)] = file.position().text()

    def _finished(self, found: _Gathered) -> Batch | None:
        """With what stages let go by now, and where that lets files go on."""
        found.entries += self._pipeline.due()
        if self._pipeline:
            for file in [one for one in self.target.open_files if one.waits]:
                file.track((), self._held_of(file))
                found.positions[self.target.book.key(file.dev, file.ino)] = file.position().text()
        found.positions = {**self.target.book.changed, **found.positions}
        self.target.book.changed.clear()
        return found.batch(self._label_limits)

    def _held_of(self, file: TailedFile | PackedFile) -> list[int]:
        mask = (1 << _SERIAL) - 1
        return [
            start & mask for entry in self._pipeline.held() for start in entry.starts if start >> _SERIAL == file.serial
        ]

    def _limited(self, lines: list[bytes], starts: list[int]) -> tuple[list[bytes], list[int]]:
        """Those that are neither too long nor too many, and where they begin."""
        size, limits = self._limits.size, self._limits
        if size and any(len(line) > size for line in lines):
            if limits.truncate:
                lines = [line[:size] for line in lines]
            else:
                kept = [(line, start) for line, start in zip(lines, starts, strict=True) if len(line) <= size]
                self._counts.pipeline.dropped["line_too_long"] += len(lines) - len(kept)
                lines, starts = [line for line, _ in kept], [start for _, start in kept]
        if limits.admit is not None and lines:
            count = limits.admit(len(lines))
            self._counts.pipeline.dropped["rate_limited"] += len(lines) - count
            lines, starts = lines[:count], starts[:count]
        return lines, starts

    def _labels_of(self, path: str) -> tuple[dict[str, str], Labels]:
        found = self._known.get(path)
        if found is None:
            own = {**self.labels, FILENAME: shown(path)}
            found = self._known[path] = own, Labels.of(self._label_limits.fitted(own.items()))
        return found
