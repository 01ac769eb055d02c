"""An alert, as it is received, kept and notified about. Times are Unix nanoseconds."""

from __future__ import annotations

from dataclasses import dataclass
from functools import lru_cache
from typing import Final

from promql.model.labels import Labels

_OFFSET: Final = 14695981039346656037
_PRIME: Final = 1099511628211
_MASK: Final = 2**64 - 1


@dataclass(frozen=True, slots=True)
class Alert:
    """`ends_at` may lie ahead: the alert then counts as resolved from that instant on, unless it is sent again.

    `timeout` says that nobody gave an end and `resolve_timeout` was used. `annotations` keep empty values.
    """

    labels: Labels
    annotations: tuple[tuple[str, str], ...]
    starts_at: int
    ends_at: int
    updated_at: int
    generator_url: str = ""
    timeout: bool = False

    @property
    def fingerprint(self) -> str:
        return fingerprint(self.labels)

    @property
    def name(self) -> str:
        return self.labels.get("alertname")

    def resolved_at(self, now: int) -> bool:
        return self.ends_at <= now


@lru_cache(maxsize=65_536)
def fingerprint(labels: Labels) -> str:
    """FNV-1a, 64 bits, over the sorted labels with 0xff behind each name and value; 16 hex digits."""
    state = _OFFSET
    for name, value in labels:
        for byte in (*name.encode(), 0xFF, *value.encode(), 0xFF):
            state = ((state ^ byte) * _PRIME) & _MASK
    return f"{state:016x}"
