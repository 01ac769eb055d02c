"""What is counted of pushes, for `/metrics`."""

from __future__ import annotations

from collections import Counter

from msgspec import Struct, field


class PushCounts(Struct):
    """By tenant; what was refused by (reason, tenant)."""

    lines: Counter[str] = field(default_factory=Counter)
    bytes: Counter[str] = field(default_factory=Counter)
    appends: Counter[str] = field(default_factory=Counter)
    refused_lines: Counter[tuple[str, str]] = field(default_factory=Counter)
    refused_bytes: Counter[tuple[str, str]] = field(default_factory=Counter)
