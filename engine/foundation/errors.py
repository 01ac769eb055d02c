"""The error tree. Each package adds its own leaves; the root says that the message is for a person.

EngineError
    ConfigError            yours: a file, a flag, a request; says where, what, and what to do
    RemoteError            theirs: a target, a receiver or a peer broke its side
    StoreError             ours: disk and index disagree; never swallowed
        DiskError          the disk failed
        DiskFullError      there was no room; expected to pass
        DamagedError       stored bytes are not what was written
        FormatError        another version of the store wrote the folder
"""

from __future__ import annotations


class EngineError(Exception):
    """Root of all errors whose text is meant for the user; no traceback is shown for one."""


class ConfigError(EngineError):
    """The user's input can't be accepted as it stands."""


class RemoteError(EngineError):
    """The other side of a connection failed."""


class StoreError(EngineError):
    """The store can't keep its promise."""


class DiskError(StoreError):
    """The disk failed: what was acknowledged may be lost, so nothing more is promised."""


class DiskFullError(StoreError):
    """There was no room: nothing of what was to be written was applied, and a later attempt may succeed."""


class DamagedError(StoreError):
    """Stored bytes do not have the checksum that they were written with."""


class FormatError(StoreError):
    """The folder was written by another version of the store, or is none."""
