"""What collectors raise."""

from __future__ import annotations

from engine.foundation.errors import EngineError


class NoDataError(EngineError):
    """The machine has nothing for the collector: no success, and no reason to warn."""


class UnknownCollectorError(EngineError):
    """A request names a collector that does not exist or is off; the text is the original's."""
