"""What the engine of a test is made of."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Any, Final

import msgspec
from msgspec import Struct
from msgspec.structs import replace

from engine.app.options import DEFAULT_PORTS, OFF, RunOptions
from engine.app.reading import read
from engine.config.load import Loaded, load_alertmanager
from engine.config.prometheus import PrometheusConfig, parse_prometheus
from engine.config.reading import Reading
from engine.config.rules import parse_rules
from engine.config.translate import Translator
from engine.foundation.errors import ConfigError
from engine.foundation.files import matching
from engine.foundation.source import Finding

START_MS: Final = 1_700_000_000_000
INTERVAL: Final = "15s"
_IN_PROCESS: Final = {"alertmanagers": [{"static_configs": [{"targets": ["alertmanager:9093"]}]}]}


class EngineOptions(Struct, frozen=True, kw_only=True):
    """`config` is a prometheus.yml of the project, with its rules and its Alertmanager's file; `rules` are files of
    rules, or patterns of such, beside or without it; `alertmanager` is that file, where it is elsewhere.

    Scrapes and evaluations come each `interval` where no file says otherwise. Time begins at `start_ms` (Unix).
    """

    config: Path | str | None = None
    rules: Sequence[Path | str] | Path | str = ()
    alertmanager: Path | str | None = None
    interval: str = INTERVAL
    start_ms: int = START_MS

    def run_options(self) -> RunOptions:
        """Of an engine that listens nowhere and keeps nothing."""
        return RunOptions(
            config=Path(self.config or "prometheus.yml"),
            alertmanager_config=None if self.alertmanager is None else Path(self.alertmanager),
            data_dir=None,
            listen=dict.fromkeys(DEFAULT_PORTS, OFF),
        )

    def load(self) -> Loaded:
        """Everything that the files say. Raises ConfigError, with all mistakes."""
        loaded = self._without_config() if self.config is None else _without_logs(read(self.run_options()))
        reading = Reading()
        rules = {str(file): reading.parse(file, parse_rules) for file in _files(self.rules)}
        _refuse(reading.findings)
        config = loaded.config
        if loaded.alertmanager is not None and not config.alerting.alertmanagers:
            config = msgspec.structs.replace(config, alerting=config_of(alerting=_IN_PROCESS).alerting)
        known = {str(Path(path).resolve()) for path in loaded.rules}
        more = {path: file for path, file in rules.items() if str(Path(path).resolve()) not in known}
        return replace(loaded, config=config, rules={**loaded.rules, **more})

    def _without_config(self) -> Loaded:
        times = {"scrape_interval": self.interval, "evaluation_interval": self.interval}
        config = config_of(**{"global": times})
        reading, settings = Reading(), None
        file = None if self.alertmanager is None else Path(self.alertmanager)
        if file is not None:
            settings = load_alertmanager(file, Translator({"alertmanager": file.parent}, Path()), reading)
        _refuse(reading.findings)
        return Loaded(
            file=Path("prometheus.yml"),
            config=config,
            rules={},
            alertmanager_file=file,
            alertmanager=settings,
            findings=(),
            translations=(),
            sources={},
        )


def _without_logs(loaded: Loaded) -> Loaded:
    """Files of the machine are followed in no test."""
    return replace(loaded, promtail=None, promtail_file=None, loki=None, loki_file=None)


def config_of(**content: Any) -> PrometheusConfig:
    """What a prometheus.yml of this content says. Raises ConfigError."""
    decoded = parse_prometheus(msgspec.json.encode(content), "given by the test")
    _refuse(decoded.findings)
    return decoded.value


def _files(patterns: Sequence[Path | str] | Path | str) -> list[Path]:
    found: dict[Path, None] = {}
    for pattern in [patterns] if isinstance(patterns, str | Path) else patterns:
        files = matching(str(pattern))
        if not files:
            raise ConfigError(f"rules: {pattern} matches no file")
        found |= dict.fromkeys(files)
    return list(found)


def _refuse(findings: Sequence[Finding]) -> None:
    if mistakes := [str(finding) for finding in findings if finding.fatal]:
        raise ConfigError("\n".join(mistakes))
