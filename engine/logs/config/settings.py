"""What Loki's files say together."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final

from msgspec import Struct, field

from engine.logs.config.document import LokiConfig
from engine.logs.config.limits import Limits

NOBODY: Final = "fake"
"""The tenant of everybody where there is no authentication."""


class LogSettings(Struct, frozen=True):
    """`overrides` are the limits of single tenants."""

    config: LokiConfig
    overrides: Mapping[str, Limits] = field(default_factory=dict)

    def limits(self, tenant: str) -> Limits:
        return self.overrides.get(tenant, self.config.limits_config)

    @property
    def window_ns(self) -> int:
        """How far behind the newest of its stream a line may be."""
        return self.config.ingester.max_chunk_age * 1_000_000 // 2
