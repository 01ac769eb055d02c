"""The application: one engine, from its start over new configurations to its end.

What it consists of is in `parts`, how that is made in `build`, how a configuration changes it in `applying`.
"""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Callable
from typing import Final

from engine.app.applying import apply
from engine.app.around import Around
from engine.app.autoreload import AutoReload
from engine.app.build import build
from engine.app.changes import changes, telling
from engine.app.collects import answer_in_process, collects
from engine.app.options import RunOptions
from engine.app.parts import Acts, Parts
from engine.app.reading import read
from engine.app.routes import routes
from engine.config.load import Loaded
from engine.foundation.clock import Clock
from engine.foundation.errors import EngineError

UPKEEP_SECONDS: Final = 5.0

log = logging.getLogger(__name__)


class Application:
    """One running engine. `start` it once, `reload` at will, `stop` it."""

    def __init__(self, options: RunOptions, loaded: Loaded, around: Around) -> None:
        """`loaded` must not be fatal. Raises ConfigError, StoreError."""
        self.parts: Parts = build(options, loaded, around, Acts(reload=self.reload, quit=self.quit))
        self.tell: Callable[[str], None] = log.info
        """Says something to whoever watches."""
        self._stopping = asyncio.Event()
        self._loops: list[asyncio.Task[None]] = []
        self._reloading = asyncio.Lock()

    @property
    def options(self) -> RunOptions:
        return self.parts.options

    @property
    def loaded(self) -> Loaded:
        """The configuration in force."""
        return self.parts.in_force.loaded

    @property
    def clock(self) -> Clock:
        return self.parts.around.clock

    async def start(self) -> None:
        """Answer at the ports, begin to scrape, to evaluate and to notify."""
        parts, found = self.parts, collects(self.parts)
        answer_in_process(parts, found)
        await parts.components.serve(routes(parts, found))
        supervisor = parts.around.supervisor
        self._loops = [
            supervisor.start("upkeep of the store", self._upkeep),
            parts.notifier.start(supervisor),
            *parts.logs.start(supervisor),
        ]
        if parts.gateway is not None:
            self._loops.append(parts.gateway.start(supervisor))
        if self.options.auto_reload_seconds is not None:
            self._loops.append(supervisor.start("auto reload", self._auto_reload(self.options.auto_reload_seconds).run))
        await apply(parts, self.loaded)

    async def reload(self) -> None:
        """Read all files again and put them in force. Raises ConfigError, StoreError; then all is as it was."""
        parts, in_force = self.parts, self.parts.in_force
        async with self._reloading:
            before = in_force.loaded
            try:
                loaded = read(self.options)
                await apply(parts, loaded)
            except EngineError:
                in_force.good = False
                parts.probing.refused()
                parts.tailing.refused()
                raise
            in_force.loaded, in_force.good, in_force.since = loaded, True, self.clock.now_ms()
            for line in telling(changes(before, loaded), len(loaded.files)):
                self.tell(line)

    async def adopt(self, loaded: Loaded) -> None:
        """Put in force what was not read from files. Raises ConfigError, StoreError; then all is as it was."""
        async with self._reloading:
            await apply(self.parts, loaded)
            self.parts.in_force.loaded = loaded

    async def stop(self) -> None:
        """End everything, the listening first and the store last."""
        parts = self.parts
        await parts.components.close()
        await parts.around.supervisor.stop(*self._loops)
        await parts.tailing.stop()
        await parts.scrapes.stop()
        await parts.rules.stop()
        await parts.ruling.stop()
        await parts.writes.stop()
        await parts.reads.close()
        if parts.forwarder is not None:
            await parts.forwarder.close()
        if parts.alertmanager is not None:
            await parts.alertmanager.stop()
        await parts.telling.close()
        if parts.gateway is not None:
            parts.gateway.close()
        await parts.boards.close()
        await parts.around.supervisor.stop_all()
        parts.around.workers.close()  # upkeep that was under way must not outlive the store
        parts.store.close()
        parts.ruling.close()
        parts.logs.close()

    def quit(self) -> None:
        """Ask for the end."""
        self._stopping.set()

    async def stopped(self) -> None:
        """Returns once somebody has asked for the end."""
        await self._stopping.wait()

    def _auto_reload(self, seconds: float) -> AutoReload:
        return AutoReload(
            loaded=lambda: self.loaded,
            reload=self.reload,
            refused=lambda error: self.tell(f"nothing was changed: {error}"),
            clock=self.clock,
            workers=self.parts.around.workers,
            seconds=seconds,
        )

    async def _upkeep(self) -> None:
        while True:
            await self.clock.sleep(UPKEEP_SECONDS)
            await self.parts.around.workers.run(self.parts.store.maintain, self.clock.now_ms())
