"""Why an application can't be measured."""

from __future__ import annotations

from engine.foundation.errors import ConfigError


class InstrumentError(ConfigError):
    """The application's own metrics stand in the way."""
