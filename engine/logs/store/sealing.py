"""From open lines to a file of blobs."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import BinaryIO

from engine.logs.store.blob import sealed
from engine.logs.store.files import Files
from engine.logs.store.lines import cut
from engine.logs.store.segment import Segment, Writing
from engine.logs.store.stream import Stored, Stream


def sealed_file(files: Files, streams: Sequence[Stream], through: int, blob_bytes: int) -> Segment:
    """What these streams have in the heads that are being sealed. Raises DiskFullError, DiskError."""

    def blobs() -> Iterator[bytes]:
        for place, stream in enumerate(streams):
            head = stream.held.sealing
            assert head is not None, "taken before"
            for piece in cut(head.all_lines(), blob_bytes):
                yield sealed(place, piece)
            head.forget()

    def write(file: BinaryIO) -> None:
        Writing(files.next_order(), through).write(file, [stream.named for stream in streams], blobs())

    return files.made(write)


def stored_in(segment: Segment) -> dict[int, list[Stored]]:
    """The blobs of a file, by the place of their stream in it."""
    found: dict[int, list[Stored]] = {}
    for entry in segment.entries:
        found.setdefault(entry.stream, []).append(Stored(segment, entry))
    return found
