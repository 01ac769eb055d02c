"""A container's output as the daemon streams it. Bytes in, lines with their times out; knows no socket.

Without a terminal each chunk has a header of 8 bytes: which stream, three zeros, how long. With one the bytes are bare.
Each message begins with a time; of a line that was cut into several the later ones may begin with one too.
"""

from __future__ import annotations

import re
from typing import Final

from msgspec import Struct

from engine.gotemplate.layout import RFC3339_NANO
from engine.gotemplate.timeparse import parse_time
from engine.promtail.errors import SourceError

STREAMS: Final = {1: "stdout", 2: "stderr"}
LONGEST: Final = 1024 * 1024
_HEADER: Final = 8
_LARGEST: Final = 16 * 1024 * 1024
_TIME: Final = re.compile(  # noqa: TID251 - ours, linear
    rb"(\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(?:\.\d{1,9})?(?:Z|[+-]\d\d:\d\d)) "
)


class Output(Struct, frozen=True):
    """A line of a container: its stream, its time (Unix ns), None where it bears none."""

    stream: str
    time: int | None
    line: bytes


class Frames:
    """One answer of the daemon. `feed` raises SourceError where the bytes are no frames."""

    def __init__(self, *, tty: bool) -> None:
        self._tty = tty
        self._rest = b""
        self._lines = {name: _Lines(name) for name in STREAMS.values()}

    def feed(self, data: bytes) -> list[Output]:
        """The lines that end in these bytes."""
        if self._tty:
            return [
                Output(one.stream, one.time, one.line.removesuffix(b"\r")) for one in self._lines["stdout"].feed(data)
            ]
        found: list[Output] = []
        self._rest += data
        at = 0
        while len(self._rest) - at >= _HEADER:
            kind, size = self._rest[at], int.from_bytes(self._rest[at + 4 : at + _HEADER])
            if kind not in STREAMS or any(self._rest[at + 1 : at + 4]) or size > _LARGEST:
                raise SourceError("the daemon's answer is no stream of frames")
            if len(self._rest) - at < _HEADER + size:
                break
            found += self._lines[STREAMS[kind]].feed(self._rest[at + _HEADER : at + _HEADER + size])
            at += _HEADER + size
        self._rest = self._rest[at:]
        return found

    def finish(self) -> list[Output]:
        """Lines without an end, once nothing more comes."""
        return [one for lines in self._lines.values() for one in lines.finish()]


class _Lines:
    """Of one stream."""

    def __init__(self, stream: str) -> None:
        self._stream = stream
        self._rest = b""
        self._begun = False  # the rest has its time already

    def feed(self, data: bytes) -> list[Output]:
        if self._begun and (time := _TIME.match(data)) is not None:
            data = data[time.end() :]
        *whole, rest = (self._rest + data).split(b"\n")
        self._rest = rest[:LONGEST]
        self._begun = bool(rest)
        return [self._output(line) for line in whole]

    def finish(self) -> list[Output]:
        rest, self._rest, self._begun = self._rest, b"", False
        return [self._output(rest)] if rest else []

    def _output(self, line: bytes) -> Output:
        found = _TIME.match(line)
        if found is None:
            return Output(self._stream, None, line[:LONGEST])
        time = parse_time(RFC3339_NANO, found[1].decode())
        return Output(self._stream, time, line[found.end() :][:LONGEST])
