"""The cri stage: lines as container runtimes write them, `TIME STREAM FLAGS CONTENT`; partial ones are joined."""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from typing import Annotated, Final

import msgspec

from engine.gotemplate.layout import RFC3339_NANO
from engine.gotemplate.timeread import TimeReader
from engine.promtail.entry import Entry
from engine.promtail.portion import Portion
from engine.promtail.stages.sizes import Bytes
from engine.promtail.stages.stage import Parts, Stage

_LINE: Final = re.compile(  # noqa: TID251 - ours, linear
    r"(?s)(?P<time>\S+?) (?P<stream>stdout|stderr) (?P<flags>\S+?) (?P<content>.*)\Z"
)
_PARTIAL: Final = "P"
_WHOLE: Final = "F"
_STREAMS: Final = frozenset(("stdout", "stderr"))


class CriConfig(msgspec.Struct, frozen=True, kw_only=True):
    """So many streams may have a partial line at once; a joined line that is longer goes on as it is, or is cut."""

    max_partial_lines: Annotated[int, msgspec.Meta(ge=1)] = 100
    max_partial_line_size: Bytes = Bytes(0)
    max_partial_line_size_truncate: bool = False


class Cri(Stage):
    """Partial lines wait for the rest of their stream, told apart by their labels."""

    def __init__(self, config: CriConfig, parts: Parts) -> None:
        self._config = config
        self._counts = parts.counts
        self._times = TimeReader(RFC3339_NANO)
        self._waiting: dict[tuple[tuple[str, str], ...], list[Entry]] = {}

    def process(self, entry: Entry) -> Sequence[Entry]:
        found = _LINE.match(entry.line)
        if found is None:
            self._counts.faults["cri"] += 1
            return (entry,)
        entry.extracted.update(found.groupdict())
        entry.labels["stream"] = found["stream"]
        entry.line = found["content"]
        time = self._times.read(found["time"])
        if time is None:
            self._counts.faults["cri"] += 1
        else:
            entry.time = time
        return self._joined(entry, partial=found["flags"].startswith(_PARTIAL))

    def bulk(self, portion: Portion) -> bool:
        """Where all lines are whole ones, and none waits for the rest."""
        try:
            texts, streams, flags, lines = zip(*(line.split(" ", 3) for line in portion.lines), strict=True)
        except ValueError:
            return False
        times = self._times.read_all(texts)
        if self._waiting or None in times or not _STREAMS.issuperset(streams) or flags.count(_WHOLE) < len(flags):
            return False
        for name, column in (("time", texts), ("stream", streams), ("flags", flags), ("content", lines)):
            portion.extract(name, column)
        portion.set_label("stream", streams)
        portion.times = [time for time in times if time is not None]
        portion.lines = list(lines)
        return True

    def _joined(self, entry: Entry, *, partial: bool) -> Sequence[Entry]:
        key = tuple(sorted(entry.labels.items()))
        if not partial:
            parts = self._waiting.pop(key, None)
            return (entry,) if parts is None else (self._whole([*parts, entry]),)
        out: Sequence[Entry] = ()
        if key not in self._waiting and len(self._waiting) >= self._config.max_partial_lines:
            out = self.flush()
        self._waiting.setdefault(key, []).append(entry)
        return out

    def _whole(self, parts: list[Entry]) -> Entry:
        """All of it, with the labels and the time of its last part."""
        last, limit = parts[-1], self._config.max_partial_line_size
        last.line = "".join(part.line for part in parts)
        last.starts = tuple(start for part in parts for start in part.starts)
        if limit and self._config.max_partial_line_size_truncate:
            last.line = last.line.encode(errors="replace")[:limit].decode(errors="ignore")
        return last

    def flush(self) -> Sequence[Entry]:
        waiting, self._waiting = list(self._waiting.values()), {}
        return [self._whole(parts) for parts in waiting]

    def held(self) -> Iterable[Entry]:
        return [entry for parts in self._waiting.values() for entry in parts]
