"""JSON lines, on standard output and in a file, for Promtail to follow."""

from __future__ import annotations

import json
import logging
import sys
from pathlib import Path
from typing import Any


class JSONFormatter(logging.Formatter):
    """One object a record; `extra={"extra": {...}}` adds fields."""

    def format(self, record: logging.LogRecord) -> str:
        told: dict[str, Any] = {
            "timestamp": self.formatTime(record),
            "level": record.levelname,
            "message": record.getMessage(),
            "module": record.module,
            "line": record.lineno,
            "logger": record.name,
        }
        if record.exc_info:
            told["exception"] = self.formatException(record.exc_info)
        told.update(getattr(record, "extra", {}))
        return json.dumps(told)


def setup_logging(file: Path) -> None:
    logger = logging.getLogger("app")
    logger.setLevel(logging.INFO)
    for handler in (logging.StreamHandler(sys.stdout), logging.FileHandler(file)):
        handler.setFormatter(JSONFormatter())
        logger.addHandler(handler)
