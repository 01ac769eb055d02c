"""What can go wrong between a log and its store."""

from __future__ import annotations

from engine.foundation.errors import EngineError, RemoteError


class PromtailError(EngineError):
    """Root of this package's own errors."""


class SourceError(PromtailError, RemoteError):
    """A log, or who should tell it, can't be read."""
