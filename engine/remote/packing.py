"""Snappy's block form, in which requests and answers of remote write and read are packed."""

from __future__ import annotations

from typing import Final

import cramjam

from engine.foundation.protobuf import WireError, varint

LARGEST: Final = 256 * 1024 * 1024


def packed(message: bytes) -> bytes:
    return bytes(cramjam.snappy.compress_raw(message))


def inflated(body: bytes, most: int = LARGEST) -> bytes:
    """What was packed, no more than so many bytes. Raises WireError."""
    size, _ = _told(body)
    if size > most:
        raise WireError(f"the message would be {size} bytes long, more than {most}: send smaller ones")
    try:
        return bytes(cramjam.snappy.decompress_raw(body))
    except cramjam.DecompressionError:
        raise WireError("snappy: corrupt input") from None


def _told(body: bytes) -> tuple[int, int]:
    """How long it is without packing."""
    try:
        return varint(body, 0, len(body))
    except WireError:
        raise WireError("snappy: corrupt input") from None
