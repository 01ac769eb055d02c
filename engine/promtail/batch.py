"""What goes to clients at once: lines by tenant and stream, and how far their sources were read by them."""

from __future__ import annotations

from collections.abc import Iterable, Mapping

from msgspec import Struct, field

from engine.logql.lines import StreamLines
from engine.promtail.entry import TENANT, Entry
from promql.model.labels import Labels

DEFAULT_TENANT = ""
"""Of lines of which no stage has said whose they are."""


class Batch(Struct, frozen=True):
    """`streams` are (tenant, lines). `positions` hold once all lines before them are kept."""

    streams: list[tuple[str, StreamLines]] = field(default_factory=list)
    positions: Mapping[str, str] = field(default_factory=dict)

    def with_more(self, other: Batch) -> Batch:
        """Both as one; this one must not be used any more."""
        self.streams.extend(other.streams)
        return Batch(self.streams, {**self.positions, **other.positions} if self.positions else other.positions)

    @property
    def count(self) -> int:
        return sum(len(lines.lines) for _, lines in self.streams)

    @property
    def size(self) -> int:
        return sum(sum(map(len, lines.lines)) for _, lines in self.streams)


class LabelLimits(Struct, frozen=True):
    """Characters; 0 is no limit. A label with a longer name is left out, a longer value is cut."""

    name: int = 0
    value: int = 0

    def fitted(self, labels: Iterable[tuple[str, str]]) -> list[tuple[str, str]]:
        return [
            (name, value[: self.value] if self.value else value)
            for name, value in labels
            if not self.name or len(name) <= self.name
        ]


def gathered(entries: Iterable[Entry], limits: LabelLimits) -> list[tuple[str, StreamLines]]:
    """Entries as streams, in the order in which each stream came first. Labels that begin with `__` stay behind."""
    found: dict[tuple[str, tuple[tuple[str, str], ...]], _Stream] = {}
    for entry in entries:
        labels = tuple(sorted(pair for pair in entry.labels.items() if not pair[0].startswith("__")))
        key = entry.labels.get(TENANT, DEFAULT_TENANT), labels
        stream = found.get(key)
        if stream is None:
            stream = found[key] = _Stream()
        if entry.metadata:
            stream.metadata[len(stream.lines)] = Labels.of(entry.metadata)
        stream.times.append(entry.time)
        stream.lines.append(entry.line.encode("utf-8", "replace"))
    return [
        (tenant, StreamLines(Labels.of(limits.fitted(labels)), stream.times, stream.lines, stream.metadata))
        for (tenant, labels), stream in found.items()
    ]


class _Stream(Struct):
    times: list[int] = field(default_factory=list)
    lines: list[bytes] = field(default_factory=list)
    metadata: dict[int, Labels] = field(default_factory=dict)
