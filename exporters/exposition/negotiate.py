"""Which format a client gets, and which one an answer is in."""

from __future__ import annotations

from enum import Enum
from typing import Final


class Format(Enum):
    """The formats and their content types. Pages are read in all of them, and rendered in the two of text."""

    TEXT = "text/plain; version=0.0.4; charset=utf-8"
    OPENMETRICS = "application/openmetrics-text; version=1.0.0; charset=utf-8"
    PROTOBUF = "application/vnd.google.protobuf; proto=io.prometheus.client.MetricFamily; encoding=delimited"

    @property
    def content_type(self) -> str:
        return self.value


def negotiate(accept: str) -> Format:
    """The best format for an `Accept` header: OpenMetrics only for those that rank it over plain text."""
    best, rank = Format.TEXT, 0.0
    for clause in accept.split(","):
        kind, parameters = _media_type(clause)
        quality = _quality(parameters.get("q", "1"))
        if kind == "application/openmetrics-text" and parameters.get("version", "1.0.0") in ("1.0.0", "0.0.1"):
            offered = Format.OPENMETRICS
        elif kind in ("text/plain", "text/*", "*/*"):
            offered = Format.TEXT
        else:
            continue
        if quality > rank:
            best, rank = offered, quality
    return best


_KINDS: Final = {
    "text/plain": Format.TEXT,
    "application/openmetrics-text": Format.OPENMETRICS,
    "application/vnd.google.protobuf": Format.PROTOBUF,
}


def format_of(content_type: str, fallback: Format = Format.TEXT) -> Format:
    """What an answer with this `Content-Type` is read as; `fallback` where it says nothing that is known."""
    kind, _ = _media_type(content_type)
    return _KINDS.get(kind, fallback)


def _media_type(text: str) -> tuple[str, dict[str, str]]:
    kind, *parameters = text.split(";")
    pairs = (parameter.partition("=") for parameter in parameters)
    return kind.strip().lower(), {name.strip().lower(): value.strip(' \t"') for name, _, value in pairs}


def _quality(text: str) -> float:
    try:
        return float(text)
    except ValueError:
        return 0.0
