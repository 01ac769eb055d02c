"""Instants as text in the APIs."""

from __future__ import annotations

from datetime import UTC, datetime


def rfc3339(ms: int) -> str:
    """As Go prints a time in UTC: fractions without trailing zeros."""
    text = datetime.fromtimestamp(ms // 1000, UTC).strftime("%Y-%m-%dT%H:%M:%S")
    return f"{text}.{ms % 1000:03d}".rstrip("0") + "Z" if ms % 1000 else f"{text}Z"
