"""Loki's files: the config, the limits of single tenants, and the rules, where it names them."""

from __future__ import annotations

from collections.abc import Mapping
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING

from engine.config.loki_document import LokiFile, parse_loki
from engine.config.reading import Reading
from engine.config.translate import Translation, Translator
from engine.foundation.files import is_folder
from engine.foundation.source import Severity
from engine.logs.config.limits import Limits
from engine.logs.config.overrides import parse_overrides
from engine.logs.config.settings import LogSettings

if TYPE_CHECKING:  # few have rules over lines
    from engine.ruler.rules import LogRules


def load_loki(path: Path, translator: Translator, reading: Reading) -> tuple[LogSettings, LogRules | None]:
    """All that is at `path` and that it leads to; no rules where it has no place for them."""
    config = translator.rooted(reading.parse(path, parse_loki), path.parent)
    overrides: Mapping[str, Limits] = {}
    if config.overrides_file:
        file = Path(config.overrides_file)
        if file.is_file():
            overrides = reading.parse(file, partial(parse_overrides, limits=config.limits_config))
        else:
            reading.tell(Severity.WARNING, path, f"the limits of tenants are not there: {file}")
    return LogSettings(config, overrides), _rules(path, config, translator, reading)


def _rules(path: Path, config: LokiFile, translator: Translator, reading: Reading) -> LogRules | None:
    if not config.rules_directory:
        return None
    from engine.config.log_rules import load_log_rules  # noqa: PLC0415 - few have rules over lines

    folder = _found(path, Path(config.rules_directory), translator)
    return load_log_rules(config.ruler, folder, reading, named_in=path, authenticated=config.auth_enabled)


def _found(path: Path, folder: Path, translator: Translator) -> Path:
    """The folder, or one of its name beside the file: rules are no data, and lie with the files of their container."""
    beside = path.parent / folder.name
    if not translator.enabled or is_folder(folder) or not is_folder(beside):
        return folder
    written = next((one.written for one in translator.done.values() if one.used == str(folder)), str(folder))
    translator.done[written] = Translation(written, str(beside))
    return beside
