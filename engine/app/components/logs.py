"""Loki's work in this process: made only where there is a configuration of it, and nothing of it imported before."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import TYPE_CHECKING

from aiohttp import web

from engine.app.preflight import check_folders
from engine.config.load import Loaded
from engine.foundation.clock import Clock
from engine.foundation.supervise import Supervisor
from engine.foundation.workers import Workers
from exporters.exposition.families import Family

if TYPE_CHECKING:
    from engine.app.components.logpart import LogPart
    from engine.logql.lines import LogSink
    from engine.ruler.ruler import Ruler
    from engine.rules.config import RuleGroup

log = logging.getLogger(__name__)


class Logs:
    """Owns what runs; `part` is None where no file configures it."""

    def __init__(self, loaded: Loaded, data_dir: Path | None, clock: Clock, workers: Workers) -> None:
        """Lines are kept below `data_dir`, if anywhere. Raises ConfigError, StoreError."""
        self.part: LogPart | None = None
        if loaded.loki is None:
            return
        from engine.app.components.logpart import LogPart  # noqa: PLC0415 - as the module says

        folder = None if data_dir is None else data_dir / "loki"
        check_folders([] if folder is None else [folder])
        self.part = LogPart(folder, loaded.loki, clock, workers)

    def start(self, supervisor: Supervisor) -> list[asyncio.Task[None]]:
        return [] if self.part is None else [self.part.start(supervisor)]

    def apply(self, loaded: Loaded) -> None:
        """Go on with another configuration."""
        if (self.part is None) != (loaded.loki is None):
            log.warning("a Loki configuration has come or gone: that takes effect at the next start")
        if self.part is not None and loaded.loki is not None:
            self.part.apply(loaded.loki)

    def sink(self) -> LogSink | None:
        """Where lines go without HTTP in between."""
        return None if self.part is None else self.part.service.intake

    def routes(self, ruler: Callable[[], Ruler | None]) -> list[web.RouteDef]:
        """`ruler` gives what evaluates rules, where there are any."""
        if self.part is None:
            return []
        from engine.web.api.loki.rules import Ruling  # noqa: PLC0415 - as the module says

        return self.part.routes(Ruling(ruler, _judge))

    async def collect(self, only: Sequence[str]) -> list[Family]:
        return [] if self.part is None else await self.part.collect(only)

    def told(self) -> str:
        """Where lines are kept, and for how long; empty where they are not."""
        return "" if self.part is None else self.part.told()

    def close(self) -> None:
        if self.part is not None:
            self.part.close()


def _judge(group: bytes) -> tuple[RuleGroup, list[str]]:
    from engine.config.log_rules import judge_group  # noqa: PLC0415 - few send groups

    return judge_group(group)
