"""The error tree. Each package adds its own leaves; the root says that the message is for a person.

EngineError
    ConfigError        yours: a file, a flag, a request; says where, what, and what to do
    RemoteError        theirs: a target, a receiver or a peer broke its side
    StoreError         ours: disk and index disagree; never swallowed
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
