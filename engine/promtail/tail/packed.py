"""Files that are packed: unpacked as they are read. How far is counted in bytes of what comes out."""

from __future__ import annotations

import bz2
import gzip
import zlib
from collections.abc import Iterator
from typing import Final

from engine.promtail.errors import SourceError

FORMATS: Final = ("gz", "z", "bz2")
_CHUNK: Final = 256 * 1024


def format_of(path: str) -> str:
    """By the ending of its name; nothing where it is not packed."""
    ending = path.rpartition(".")[2].lower()
    return ending if ending in FORMATS and "." in path else ""


def unpacked(path: str, form: str, skip: int = 0) -> Iterator[bytes]:
    """What is in the file from there on, in pieces. Raises SourceError for one that is not whole, or not packed so."""
    try:
        for piece in _pieces(path, form):
            if skip >= len(piece):
                skip -= len(piece)
                continue
            yield piece[skip:]
            skip = 0
    except (OSError, EOFError, zlib.error) as error:
        raise SourceError(f"{path}: can't be unpacked as {form}: {error}") from None


def _pieces(path: str, form: str) -> Iterator[bytes]:
    if form == "z":
        yield from _inflated(path)
        return
    with gzip.open(path, "rb") if form == "gz" else bz2.open(path, "rb") as file:
        while piece := file.read(_CHUNK):
            yield piece


def _inflated(path: str) -> Iterator[bytes]:
    inflater = zlib.decompressobj()
    with open(path, "rb") as file:
        while packed := file.read(_CHUNK):
            piece = inflater.decompress(packed, _CHUNK)
            while piece:
                yield piece
                piece = inflater.decompress(inflater.unconsumed_tail, _CHUNK)
    if not inflater.eof:
        raise EOFError("it ends too early")
