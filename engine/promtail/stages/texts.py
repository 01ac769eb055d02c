"""What was extracted, as text, in the way of Go."""

from __future__ import annotations

import msgspec

from promql.model.numbers import plain


def as_text(value: object) -> str | None:
    """Numbers without exponent, true and false, texts as they are; None for what has no text (null, nothing)."""
    if isinstance(value, str):
        return value
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, float | int):
        return plain_number(float(value))
    if value is None:
        return None
    return msgspec.json.encode(value).decode()


def plain_number(value: float) -> str:
    """The shortest decimal text that reads back as this number."""
    return str(int(value)) if value.is_integer() and abs(value) < 1e15 else plain(value)
