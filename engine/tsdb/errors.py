"""What can go wrong in the store. All are StoreErrors; only a full disk is expected to pass."""

from __future__ import annotations

from engine.foundation.errors import StoreError


class DiskError(StoreError):
    """The disk failed: what was acknowledged may be lost, so nothing more is promised."""


class DiskFullError(StoreError):
    """There was no room: nothing of the commit was applied, and a later one may succeed."""


class DamagedError(StoreError):
    """Stored bytes do not have the checksum that they were written with."""


class FormatError(StoreError):
    """The folder was written by another version of the store, or is none."""
