"""Promtail in this process: made only where there is a configuration of it, and nothing of it imported before."""

from __future__ import annotations

import logging
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import TYPE_CHECKING

from engine.config.load import Loaded
from engine.config.translate import ROOTED
from engine.foundation.addresses import AddressBook
from engine.foundation.clock import Clock
from engine.foundation.delivery import Delivery
from engine.foundation.supervise import Supervisor
from engine.foundation.workers import Workers
from exporters.exposition.families import Family

if TYPE_CHECKING:
    from engine.logql.lines import LogSink
    from engine.promtail.manager import Promtail

_MOST_SKIPPED = 5

log = logging.getLogger(__name__)


class Tailing:
    """Owns Promtail; `promtail` is None where no file configures it. `sink` gives the store of lines, if there is one.

    The store is asked for once, when the first configuration is put in force.
    """

    def __init__(
        self,
        loaded: Loaded,
        data_dir: Path | None,
        sink: Callable[[], LogSink | None],
        *,
        clock: Clock,
        workers: Workers,
        supervisor: Supervisor,
        addresses: AddressBook,
        delivery: Delivery,
    ) -> None:
        self.promtail: Promtail | None = None
        self._clock = clock
        self._deliveries: list[tuple[str, bool]] = []
        if loaded.promtail is None or loaded.promtail_file is None:
            return
        from engine.promtail.manager import Promtail, PromtailParts  # noqa: PLC0415 - as the module says

        parts = PromtailParts(
            clock=clock, workers=workers, supervisor=supervisor, addresses=addresses, delivery=delivery, sink=sink(),
            data_dir=data_dir, base=ROOTED,
        )  # fmt: skip
        self.promtail = Promtail(parts)

    async def apply(self, loaded: Loaded) -> None:
        """Raises ConfigError, and then everything is as it was."""
        if (self.promtail is None) != (loaded.promtail is None):
            log.warning("a Promtail configuration has come or gone: that takes effect at the next start")
        if self.promtail is not None and loaded.promtail is not None:
            await self.promtail.apply(loaded.promtail)

    def refused(self) -> None:
        """New files could not be used."""
        if self.promtail is not None:
            self.promtail.counts.reloads["bad"] += 1

    async def settle(self) -> None:
        """Wait until it has looked for the files that it was told of."""
        if self.promtail is not None:
            await self.promtail.settle()
            self._deliveries = await self.promtail.deliveries()

    async def stop(self) -> None:
        if self.promtail is not None:
            await self.promtail.stop()

    async def collect(self, _: Sequence[str]) -> list[Family]:
        """What it tells of itself."""
        if self.promtail is None:
            return []
        from engine.promtail.metrics import families  # noqa: PLC0415 - as the module says

        return families(self.promtail, self._clock.now_ns())

    def delivering(self) -> list[str]:
        """What goes to other Lokis, and what does not."""
        return [
            f"lines to {place}" if sent else f"no lines to {place}: it lies beyond this machine; --deliver sends them"
            for place, sent in self._deliveries
        ]

    def told(self) -> list[str]:
        """What is followed, where its lines go, and what is not followed, with the reason."""
        if self.promtail is None:
            return []
        jobs, skipped = self.promtail.jobs, sorted(self.promtail.skipped().items())
        files = sum(len(list(job.files())) for job in jobs.values())
        clients = ", ".join(client.place for client in self.promtail.clients)
        found = [f"{_count(files, 'file')} in {_count(len(jobs), 'job')}, to {clients}"]
        found += [f"not {path}: {why}" for path, why in skipped[:_MOST_SKIPPED]]
        if len(skipped) > _MOST_SKIPPED:
            found.append(f"nor {len(skipped) - _MOST_SKIPPED} others: /targets lists them")
        return found


def _count(number: int, noun: str) -> str:
    return f"{number} {noun}{'' if number == 1 else 's'}"
