"""A config in force, written again as YAML, for `/api/v1/status/config` and Alertmanager's status."""

from __future__ import annotations

from typing import Any

import msgspec

from engine.alerting.config_routes import MatchersText
from engine.alerting.matchers import format_matcher, parse_matchers
from engine.foundation.encode import encode


def render(config: msgspec.Struct) -> str:
    """The YAML of a resolved config."""
    return encode(config, _shown)


def _shown(value: Any) -> Any:
    """Matchers one by one, however many a text holds."""
    if isinstance(value, tuple) and value and all(isinstance(part, MatchersText) for part in value):
        return tuple(format_matcher(matcher) for part in value for matcher in parse_matchers(part))
    return value
