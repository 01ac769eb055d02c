"""How the store of lines behaves."""

from __future__ import annotations

from msgspec import Struct


class LogOptions(Struct, frozen=True, kw_only=True):
    """`seal_bytes` of open lines are sealed together, and what is older than `seal_after_ns`.

    A blob has about `blob_bytes` of text. `compact_files` files of alike size are made one, of at most
    `largest_file` bytes that spans at most `longest_file_ns`.
    """

    seal_bytes: int = 32 << 20
    seal_after_ns: int = 7_200_000_000_000
    blob_bytes: int = 1 << 20
    compact_files: int = 4
    largest_file: int = 256 << 20
    longest_file_ns: int = 86_400_000_000_000
