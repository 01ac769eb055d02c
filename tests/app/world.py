"""A whole engine in this process, on the manual clock and without threads, its ports on loopback."""

from __future__ import annotations

import os
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

from aiohttp import ClientSession

from engine.app.application import Application
from engine.app.around import Around
from engine.app.options import RunOptions
from engine.app.reading import read
from engine.foundation.supervise import Supervisor
from engine.foundation.workers import InlineWorkers
from engine.testing.manual_clock import ManualClock

START = 1_700_000_000_000
ANYWHERE = {
    "prometheus": "127.0.0.1:0",
    "alertmanager": "127.0.0.1:0",
    "node": "127.0.0.1:0",
    "blackbox": "127.0.0.1:0",
    "grafana": "127.0.0.1:0",
}


def write(folder: Path, name: str, text: str) -> Path:
    path = folder / name
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(text)
    return path


def relative(path: Path) -> Path:
    """The same file, as it is named from here."""
    return Path(os.path.relpath(path))


@asynccontextmanager
async def engine(config: Path, **options: Any) -> AsyncIterator[Application]:
    """Started, and stopped in the end. Keeps nothing on disk unless told a `data_dir`."""
    clock = ManualClock(START)
    given = RunOptions(config=config, **{"data_dir": None, "listen": ANYWHERE, **options})
    app = Application(given, read(given), Around(clock, InlineWorkers(), Supervisor(clock)))
    try:
        await app.start()
        yield app
    finally:
        await app.stop()


async def ask(app: Application, path: str, component: str = "prometheus", method: str = "GET") -> tuple[int, str]:
    """Status and body."""
    async with (
        ClientSession() as client,
        client.request(method, f"http://{app.parts.components.ports[component]}{path}") as response,
    ):
        return response.status, await response.text()
