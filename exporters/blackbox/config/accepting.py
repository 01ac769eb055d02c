"""Whether an `Accept-Encoding` header takes a compression that is expected in answers."""

from __future__ import annotations


def accepts(compression: str, header: str) -> bool:
    """The most wanted entry that names it, or everything, decides; where either is empty, nothing contradicts."""
    if not compression or not header:
        return True
    entries = sorted(map(_entry, header.split(",")), key=lambda entry: -entry[1])
    return next((quality > 0 for coding, quality in entries if coding in (compression, "*")), False)


def _entry(text: str) -> tuple[str, float]:
    """A coding and how much it is wanted."""
    coding, semicolon, quality = text.rpartition(";")
    if not semicolon:
        return text.strip(), 1.0
    try:
        return coding.strip(), round(float(quality.strip().removeprefix("q=")), 3)
    except ValueError:
        return coding.strip(), 0.0
