"""The engine's own log: quiet lines for people, or one JSON object a line for machines.

`logfmt` is the originals' format, `json` theirs for machines; both go to standard error, so that standard
output stays free for answers.
"""

from __future__ import annotations

import logging
import sys
from collections.abc import Mapping
from datetime import UTC, datetime
from typing import Final, Literal

import msgspec

LEVELS: Final = {"debug": logging.DEBUG, "info": logging.INFO, "warn": logging.WARNING, "error": logging.ERROR}
_NAMES: Final = {number: name for name, number in LEVELS.items()} | {logging.CRITICAL: "error"}

Format = Literal["logfmt", "json"]


class LineFormatter(logging.Formatter):
    """Time, level, component and message; a traceback is folded into one field."""

    def __init__(self, style: Format) -> None:
        super().__init__()
        self._machine = style == "json"

    def format(self, record: logging.LogRecord) -> str:
        said = record.getMessage().encode("utf-8", "backslashreplace").decode()  # as names of files may be
        fields = {
            "ts": datetime.fromtimestamp(record.created, UTC).isoformat(timespec="milliseconds").replace("+00:00", "Z"),
            "level": _NAMES.get(record.levelno, "info"),
            "component": record.name.removeprefix("engine.").split(".", maxsplit=1)[0],
            "msg": said,
        }
        if record.exc_info:
            fields["trace"] = self.formatException(record.exc_info)
        if self._machine:
            return msgspec.json.encode(fields).decode()
        return logfmt(fields)


def logfmt(fields: Mapping[str, str]) -> str:
    """One line of `key=value`, in quotes where a value needs them."""
    return " ".join(f"{key}={_quoted(value)}" for key, value in fields.items())


def _quoted(value: str) -> str:
    plain = value and all(c.isprintable() and c not in ' "=' for c in value)
    return value if plain else msgspec.json.encode(value).decode()


def configure(level: str, style: Format) -> None:
    """Send the engine's log to standard error; libraries speak only from warnings on."""
    handler = logging.StreamHandler(sys.stderr)
    handler.setFormatter(LineFormatter(style))
    root = logging.getLogger()
    root.handlers[:] = [handler]
    root.setLevel(max(LEVELS[level], logging.WARNING))
    for package in ("engine", "exporters", "promql"):
        logging.getLogger(package).setLevel(LEVELS[level])
