"""Loki's whole file: what its store, queries and pushes take effect by, and the ruler."""

from __future__ import annotations

from collections.abc import Mapping

from engine.foundation.decode import Decoded, Report, decode
from engine.logs.config.document import LokiConfig
from engine.ruler.config import RulerConfig


class LokiFile(LokiConfig, frozen=True, kw_only=True):
    ruler: RulerConfig = RulerConfig()

    def check(self, report: Report) -> None:
        super().check(report)
        if self.ruler.storage.type == "local" and not self.rules_directory:
            report.error("directory required for local rules config", "ruler", "storage", "local", "directory")

    @property
    def rules_directory(self) -> str:
        """Where rules lie, a folder for each tenant; empty where there are none."""
        storage = self.ruler.storage
        if storage.type:
            return str(storage.local.directory) if storage.type == "local" else ""
        return str(self.common.storage.filesystem.rules_directory)


def parse_loki(
    source: str | bytes, file: str = "local-config.yaml", *, environment: Mapping[str, str] | None = None
) -> Decoded[LokiFile]:
    """The file's content, and everything that is to be said of it."""
    return decode(source, LokiFile, file, environment=environment)
