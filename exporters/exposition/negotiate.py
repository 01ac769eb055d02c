"""Which format a client gets, and which one an answer is in."""

from __future__ import annotations

from enum import Enum


class Format(Enum):
    """The text formats and their content types."""

    TEXT = "text/plain; version=0.0.4; charset=utf-8"
    OPENMETRICS = "application/openmetrics-text; version=1.0.0; charset=utf-8"

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


def format_of(content_type: str) -> Format:
    """How Prometheus 2.42 reads an answer with this `Content-Type`: as plain text unless it says OpenMetrics."""
    kind, _ = _media_type(content_type)
    return Format.OPENMETRICS if kind == "application/openmetrics-text" else Format.TEXT


def _media_type(text: str) -> tuple[str, dict[str, str]]:
    kind, *parameters = text.split(";")
    pairs = (parameter.partition("=") for parameter in parameters)
    return kind.strip().lower(), {name.strip().lower(): value.strip(' \t"') for name, _, value in pairs}


def _quality(text: str) -> float:
    try:
        return float(text)
    except ValueError:
        return 0.0
