"""The docker stage: lines of Docker's json-file driver."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final

import msgspec

from engine.gotemplate.layout import RFC3339_NANO
from engine.gotemplate.timeread import TimeReader
from engine.promtail.entry import Entry
from engine.promtail.portion import Portion
from engine.promtail.stages.stage import Parts, Stage


class DockerConfig(msgspec.Struct, frozen=True, kw_only=True):
    """Nothing to say."""


class _Line(msgspec.Struct):
    log: str | None = None
    stream: str | None = None
    time: str | None = None


_DECODER = msgspec.json.Decoder(_Line)
_FAULTS: Final = (msgspec.DecodeError, UnicodeError, RecursionError)


class Docker(Stage):
    """The line becomes what the program wrote, without the line feed at its end; `stream` becomes a label."""

    def __init__(self, config: DockerConfig, parts: Parts) -> None:
        self._counts = parts.counts
        self._times = TimeReader(RFC3339_NANO)

    def process(self, entry: Entry) -> Sequence[Entry]:
        try:
            found = _DECODER.decode(entry.line)
        except _FAULTS:
            self._counts.faults["docker"] += 1
            return (entry,)
        entry.extracted.update(output=found.log, stream=found.stream, timestamp=found.time)
        if found.stream is not None:
            entry.labels["stream"] = found.stream
        if found.time is not None and (time := self._times.read(found.time)) is not None:
            entry.time = time
        if found.log is not None:
            entry.line = found.log.removesuffix("\n")
        return (entry,)

    def bulk(self, portion: Portion) -> bool:
        try:
            found = list(map(_DECODER.decode, portion.lines))
        except _FAULTS:
            return False  # some line is not Docker's, which is counted
        logs, streams, texts = ([getattr(one, name) for one in found] for name in ("log", "stream", "time"))
        portion.extracted.update(output=logs, stream=streams, timestamp=texts)
        portion.set_label("stream", streams)
        times = self._times.read_all([text or "" for text in texts])
        portion.times = [old if new is None else new for old, new in zip(portion.times, times, strict=True)]
        portion.lines = [
            line if log is None else log.removesuffix("\n") for line, log in zip(portion.lines, logs, strict=True)
        ]
        return True
