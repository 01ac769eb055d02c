"""Bodies as they are counted and searched: unpacked as the module says, and no longer than it allows.

Law: of gzip and deflate nothing grows beyond the limit by more than one piece, however much a body unpacks to.
"""

from __future__ import annotations

import zlib
from collections.abc import AsyncIterator
from typing import Final

from exporters.blackbox.task import ProbeError

_GZIP: Final = 31
"""zlib's name for its form."""
_RAW: Final = -15
_MOST: Final = 1 << 20
"""Bytes that are unpacked at once."""
_LARGEST_PACKED: Final = 8 << 20
_PEEKED: Final = 4096
"""So much of a body Go's reader has taken when it finds that there is no header of gzip."""


async def unpacked(pieces: AsyncIterator[bytes], compression: str) -> AsyncIterator[bytes]:
    """The pieces unpacked. Raises ProbeError."""
    if compression in ("", "identity"):
        async for piece in pieces:
            yield piece
        return
    unpacker: _Zlib | _Brotli = _Brotli() if compression == "br" else _Zlib(_GZIP if compression == "gzip" else _RAW)
    async for piece in pieces:
        for part in unpacker.feed(piece):
            yield part
    for part in unpacker.end():
        yield part


async def limited(pieces: AsyncIterator[bytes], limit: int) -> AsyncIterator[bytes]:
    """The pieces up to so many bytes (0 for any number). Raises ProbeError where there are more."""
    size = 0
    async for piece in pieces:
        if limit and size + len(piece) > limit:
            yield piece[: limit - size]
            raise ProbeError("http: request body too large")
        size += len(piece)
        yield piece


async def begun(pieces: AsyncIterator[bytes], size: int) -> tuple[bytes, AsyncIterator[bytes]]:
    """The first `size` bytes, fewer where there are no more, and all pieces with those."""
    head = b""
    async for piece in pieces:
        head += piece
        if len(head) >= size:
            break

    async def all_of_it() -> AsyncIterator[bytes]:
        if head:
            yield head
        async for piece in pieces:
            yield piece

    return head[:size], all_of_it()


async def without_peeked(pieces: AsyncIterator[bytes]) -> AsyncIterator[bytes]:
    """What is left of a body that turned out not to be gzip."""
    left = _PEEKED
    async for piece in pieces:
        kept, left = piece[left:], max(left - len(piece), 0)
        if kept:
            yield kept


def is_gzip(head: bytes) -> bool:
    """Whether a body may begin so."""
    return head.startswith(b"\x1f\x8b\x08")


class _Zlib:
    """gzip, perhaps several in a row, or raw deflate."""

    def __init__(self, form: int) -> None:
        self._form = form
        self._state = zlib.decompressobj(form)
        self._begun = False

    def feed(self, data: bytes) -> list[bytes]:
        parts: list[bytes] = []
        while data:
            if self._state.eof:
                if self._form != _GZIP:
                    return parts
                self._state = zlib.decompressobj(self._form)
            self._begun = True
            try:
                parts.append(self._state.decompress(data, _MOST))
            except zlib.error as error:
                raise ProbeError(f"can't be unpacked: {error}") from None
            data = self._state.unconsumed_tail or self._state.unused_data
        return parts

    def end(self) -> list[bytes]:
        if not self._begun or not self._state.eof:
            raise ProbeError("unexpected EOF")
        return []


class _Brotli:
    """Whole bodies: the library can't be given a part."""

    def __init__(self) -> None:
        self._data = bytearray()

    def feed(self, data: bytes) -> list[bytes]:
        self._data += data
        if len(self._data) > _LARGEST_PACKED:
            raise ProbeError(f"brotli: more than {_LARGEST_PACKED >> 20} MiB packed are not read")
        return []

    def end(self) -> list[bytes]:
        import cramjam  # noqa: PLC0415 - few need it

        try:
            return [bytes(cramjam.brotli.decompress(bytes(self._data)))]
        except cramjam.DecompressionError as error:
            raise ProbeError(f"brotli: {str(error).lower()}") from None
