"""The multiline stage: lines that belong together become one, for each label set on its own.

With `firstline` a match begins a new one, as in the original. `auto` needs no pattern: indented lines go to the line
before them, and so do the traces that Python, Java, Go and Node write (`traces.py`).
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import Annotated, Final, Protocol, TypeAlias

import msgspec

from engine.foundation.decode import Report
from engine.foundation.values import GoDuration
from engine.promtail.entry import Entry
from engine.promtail.stages.regex import Search
from engine.promtail.stages.stage import Parts, Stage
from engine.promtail.stages.traces import Traces

AUTO: Final = "auto"
_MILLISECOND: Final = 1_000_000
_Key: TypeAlias = tuple[tuple[str, str], ...]


class MultilineConfig(msgspec.Struct, frozen=True, kw_only=True):
    """`multiline: auto` stands for `{mode: auto}`."""

    firstline: Search = Search()
    max_lines: Annotated[int, msgspec.Meta(ge=1)] = 128
    max_wait_time: GoDuration = GoDuration(3000)
    mode: str = ""

    def check(self, report: Report) -> None:
        if self.mode and self.mode != AUTO:
            report.error(f'unknown mode "{self.mode}" (there is: {AUTO})', "mode")
        if not self.mode and not self.firstline.pattern:
            report.error("multiline stage config must define `firstline` regular expression", "firstline")
        if self.mode and self.firstline.pattern:
            report.error("either firstline or mode: both say where a line begins", "mode")


class _Gluing(Protocol):
    """Says of the lines of one stream, one after the other, whether each begins anew."""

    def begins(self, line: str) -> bool: ...


class _ByPattern:
    """Before the first match nothing begins: lines pass."""

    def __init__(self, firstline: Search) -> None:
        self._firstline = firstline

    def begins(self, line: str) -> bool:
        return self._firstline.matches(line)


class _Block:
    """What is being glued; `first` gives labels and time also to what follows where `max_lines` cut."""

    def __init__(self, gluing: _Gluing) -> None:
        self.gluing = gluing
        self.first: Entry | None = None
        self.parts: list[Entry] = []
        self.since = 0

    def whole(self) -> Sequence[Entry]:
        """All of it as one entry, or nothing."""
        parts, self.parts = self.parts, []
        if not parts or self.first is None:
            return ()
        first, one = self.first, parts[0]
        if one is not first:
            one.labels, one.time = dict(first.labels), first.time
            one.extracted = dict(first.extracted)
        if len(parts) > 1:
            one.line = "\n".join(part.line for part in parts)
            one.starts = tuple(start for part in parts for start in part.starts)
        return (one,)


class Multiline(Stage):
    def __init__(self, config: MultilineConfig, parts: Parts) -> None:
        self._config = config
        self._now = parts.now
        self._blocks: dict[_Key, _Block] = {}

    def process(self, entry: Entry) -> Sequence[Entry]:
        key = tuple(sorted(entry.labels.items()))
        block = self._blocks.get(key)
        if block is None:
            block = self._blocks[key] = _Block(Traces() if self._config.mode else _ByPattern(self._config.firstline))
        out: list[Entry] = []
        if block.gluing.begins(entry.line):
            out += block.whole()
            block.first = entry
        elif block.first is None:
            return (entry,)
        block.parts.append(entry)
        block.since = self._now()
        if len(block.parts) >= self._config.max_lines:
            out += block.whole()
        return out

    def due(self) -> Sequence[Entry]:
        if not self._blocks:
            return ()
        before = self._now() - self._config.max_wait_time * _MILLISECOND
        return [entry for block in self._blocks.values() if block.since <= before for entry in block.whole()]

    def flush(self) -> Sequence[Entry]:
        blocks, self._blocks = list(self._blocks.values()), {}
        return [entry for block in blocks for entry in block.whole()]

    def held(self) -> Iterable[Entry]:
        return [entry for block in self._blocks.values() for entry in block.parts]
