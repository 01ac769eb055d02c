"""Loki's files: the config, and the limits of single tenants where it names them."""

from __future__ import annotations

from collections.abc import Mapping
from functools import partial
from pathlib import Path

from engine.config.reading import Reading
from engine.config.translate import Translator
from engine.foundation.source import Severity
from engine.logs.config.document import parse_loki
from engine.logs.config.limits import Limits
from engine.logs.config.overrides import parse_overrides
from engine.logs.config.settings import LogSettings


def load_loki(path: Path, translator: Translator, reading: Reading) -> LogSettings:
    """All that is at `path` and that it leads to."""
    config = translator.rooted(reading.parse(path, parse_loki), path.parent)
    overrides: Mapping[str, Limits] = {}
    if config.overrides_file:
        file = Path(config.overrides_file)
        if file.is_file():
            overrides = reading.parse(file, partial(parse_overrides, limits=config.limits_config))
        else:
            reading.tell(Severity.WARNING, path, f"the limits of tenants are not there: {file}")
    return LogSettings(config, overrides)
