"""Pushes in protobuf, which are compressed by snappy (its block format)."""

from __future__ import annotations

from array import array
from typing import Final

import cramjam

from engine.foundation.protobuf import CHUNK, VARINT, Message, WireError, fields, signed, varint
from engine.logs.push.entries import Entries
from engine.logs.push.json import FormatError, Runs
from engine.logs.push.labeltext import parsed
from engine.logs.push.runs import run_of_bytes
from engine.logs.store.head import Run
from promql.model.labels import Labels

_PUSH: Final = Message.of("PushRequest", streams=(1, CHUNK))
_STREAM: Final = Message.of("StreamAdapter", labels=(1, CHUNK), entries=(2, CHUNK))
_ENTRY: Final = Message.of("EntryAdapter", timestamp=(1, CHUNK), line=(2, CHUNK), metadata=(3, CHUNK))
_TIME: Final = Message.of("Timestamp", seconds=(1, VARINT), nanos=(2, VARINT))
_PAIR: Final = Message.of("LabelPairAdapter", name=(1, CHUNK), value=(2, CHUNK))
_SECOND: Final = 1_000_000_000
_LARGEST: Final = (1 << 63) - 1
MOST: Final = 256 << 20
_AT_ONCE: Final = 8 << 20
"""Bytes of a push whose entries are read at once, which takes many times their memory where lines are short. Few
pushes are larger.
"""


def from_snappy(body: bytes) -> Runs:
    """Raises FormatError, LabelsError."""
    try:
        size, _ = varint(body, 0, len(body))
        if size > MOST:
            raise FormatError(f"the push is larger than {MOST} bytes")
        data = bytes(cramjam.snappy.decompress_raw(body))
    except (WireError, cramjam.DecompressionError):
        raise FormatError("snappy: corrupt input") from None
    return from_protobuf(data)


def from_protobuf(data: bytes) -> Runs:
    """Raises FormatError, LabelsError."""
    return read(data, Entries(data if len(data) <= _AT_ONCE else b""))


def read(data: bytes, entries: Entries) -> Runs:
    """With the entries that were read before; all others are read one by one. Raises as `from_protobuf`."""
    try:
        found = [_stream(data, start, end, entries) for _, start, end in fields(_PUSH, data, 0, len(data))]
    except WireError as error:
        raise FormatError(str(error)) from None
    return [(labels, run) for labels, run in found if len(run)]


def _stream(data: bytes, start: int, end: int, entries: Entries) -> tuple[Labels, Run]:
    first = next(fields(_STREAM, data, start, end), None)
    chain = entries.chain(first[2], end) if first is not None and first[0] == 1 else None
    if first is None or chain is None:
        return _stream_by_entries(data, start, end)
    labels = data[first[1] : first[2]].decode(errors="replace")
    lines = [data[at:stop] for at, stop in zip(chain.begins, chain.ends, strict=True)]
    return parsed(labels), run_of_bytes(chain.times, lines, {})


def _stream_by_entries(data: bytes, start: int, end: int) -> tuple[Labels, Run]:
    labels, times = "", array("q")
    lines: list[bytes] = []
    metadata: dict[int, Labels] = {}
    for number, at, stop in fields(_STREAM, data, start, end):
        if number == 1:
            labels = data[at:stop].decode(errors="replace")
            continue
        time, line, kept = _entry(data, at, stop)
        if kept:
            metadata[len(lines)] = Labels.of(kept)
        times.append(time)
        lines.append(line)
    return parsed(labels), run_of_bytes(times, lines, metadata)


def _entry(data: bytes, start: int, end: int) -> tuple[int, bytes, dict[str, str]]:
    time, line = 0, b""
    metadata: dict[str, str] = {}
    for number, at, stop in fields(_ENTRY, data, start, end):
        if number == 1:
            time = sum(
                signed(value) * (_SECOND if part == 1 else 1) for part, value, _ in fields(_TIME, data, at, stop)
            )
        elif number == 2:
            line = data[at:stop]
        else:
            pair = {part: data[a:b].decode(errors="replace") for part, a, b in fields(_PAIR, data, at, stop)}
            metadata[pair.get(1, "")] = pair.get(2, "")
    return max(min(time, _LARGEST), -_LARGEST), line, metadata
