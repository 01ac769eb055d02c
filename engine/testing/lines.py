"""Lines that a test's application writes: files that are followed, and queries over what was read of them.

Made only where a test follows a file. Lines are kept in memory, and have the instants of the test's own clock.
"""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any, Final

import msgspec
from msgspec import Struct

from engine.app.components.logpart import LogPart
from engine.foundation.addresses import AddressBook
from engine.foundation.clock import Clock
from engine.foundation.delivery import Delivery
from engine.foundation.errors import ConfigError
from engine.foundation.supervise import Supervisor
from engine.foundation.workers import Workers
from engine.logs.config.document import LokiConfig
from engine.logs.config.settings import LogSettings
from engine.promtail.clients.own import ANYBODY
from engine.promtail.config import parse_promtail
from engine.promtail.manager import Promtail, PromtailParts
from engine.query.logs.engine import Asked, LinesWanted
from engine.testing.errors import TestEngineError

MOST: Final = 5000
_TENANT: Final = ANYBODY
_STEP: Final = 1_000_000_000


class Line(Struct, frozen=True):
    """`time` in Unix seconds; `labels` are those of its stream, and what the query made of them."""

    time: float
    labels: Mapping[str, str]
    text: str


class Lines:
    """What is followed, and what was read of it. `close` it."""

    def __init__(self, clock: Clock, workers: Workers) -> None:
        addresses = AddressBook(clock)
        self._supervisor = Supervisor(clock)
        addresses.listens("loki", "127.0.0.1", 3100)
        self._jobs: list[dict[str, Any]] = []
        self._part = LogPart(None, LogSettings(LokiConfig(), {}), clock, workers)
        parts = PromtailParts(
            clock=clock, workers=workers, supervisor=self._supervisor, addresses=addresses, delivery=Delivery(),
            sink=self._part.service.intake, data_dir=None, base=Path(),
        )  # fmt: skip
        self._promtail = Promtail(parts)

    async def follow(self, path: Path, labels: Mapping[str, str]) -> None:
        """From its beginning. Raises TestEngineError for labels that are none."""
        static = {"targets": ["localhost"], "labels": {**labels, "__path__": _whole(path)}}
        jobs = [*self._jobs, {"job_name": f"file {len(self._jobs) + 1}", "static_configs": [static]}]
        content = {"clients": [{"url": "http://127.0.0.1:3100/loki/api/v1/push"}], "scrape_configs": jobs}
        decoded = parse_promtail(msgspec.json.encode(content), "given by the test")
        if mistakes := [finding.message for finding in decoded.findings if finding.fatal]:
            raise TestEngineError("; ".join(mistakes))
        try:
            await self._promtail.apply(decoded.value)
        except ConfigError as error:
            raise TestEngineError(str(error)) from None
        self._jobs = jobs

    async def find(self, query: str, start: int, now: int) -> list[Line]:
        """The first lines from `start` to `now` (Unix ns), oldest first. Raises LogQLError, TestEngineError."""
        wanted = LinesWanted(limit=MOST, backward=False)
        found = (await self._part.queries.range(_TENANT, query, Asked(start, now + 1, _STEP), wanted)).result
        if not isinstance(found, list):
            raise TestEngineError(f"{query} gives numbers, and no lines")
        return [Line(one.time / 1e9, dict(one.labels), one.line) for one in found]

    async def close(self) -> None:
        await self._promtail.stop()
        await self._supervisor.stop_all()
        self._part.close()


def _whole(path: Path) -> str:
    """From the root on: the configuration has no folder of its own."""
    return str(path.absolute())
