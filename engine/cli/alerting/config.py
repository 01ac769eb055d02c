"""An Alertmanager configuration for commands that need no engine."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from engine.alerting.config.document import AlertmanagerConfig
    from engine.alerting.matching.grammar import Grammar


def read(path: Path, grammar: Grammar) -> AlertmanagerConfig:
    """The config, its paths translated. Raises ConfigError with everything that is wrong with it."""
    from engine.config.check import render_findings
    from engine.config.load import load_alertmanager
    from engine.config.reading import Reading
    from engine.config.translate import Translator
    from engine.foundation.errors import ConfigError

    reading = Reading()
    translator = Translator({"alertmanager": path.parent}, Path("engine-data"))
    config = load_alertmanager(path, translator, reading, grammar)
    fatal = [finding for finding in reading.findings if finding.fatal]
    if fatal or config.route is None:
        raise ConfigError("\n".join(render_findings(fatal, reading.sources)) or f"{path}: there is no route in it")
    return config
