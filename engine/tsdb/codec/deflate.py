"""Deflate, for the logs and for what earlier releases wrote."""

from __future__ import annotations

from typing import Final

from isal import isal_zlib

_LEVEL: Final = 1


def deflated(data: bytes | memoryview) -> bytes:
    """Zlib's form, at the least effort: four times as fast as zlib itself."""
    packed: bytes = isal_zlib.compress(data, _LEVEL)
    return packed


def inflated(data: bytes | memoryview) -> bytes:
    """The opposite."""
    plain: bytes = isal_zlib.decompress(data)
    return plain
