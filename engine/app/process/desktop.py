"""Alerts as notifications of the desktop, by the program that the system has for it.

Words are arguments of that program and never part of a script. One notification at a time, and one for all that is new
at one time: a desktop shows few, and a hundred of them are noise.
"""

from __future__ import annotations

import asyncio
import logging
import shutil
import sys
from collections.abc import Callable
from typing import Final

from engine.app.process.alertnews import News, described, shortened
from engine.foundation.errors import ConfigError

MOST_WAITING: Final = 5
_MOST_LINES: Final = 4
_SECONDS: Final = 10.0
_SCRIPT: Final = (
    "on run argv", "display notification (item 2 of argv) with title (item 1 of argv)", "end run",
)  # fmt: skip

log = logging.getLogger(__name__)


def program(platform: str = sys.platform, which: Callable[[str], str | None] = shutil.which) -> str:
    """The one that shows notifications here. Raises ConfigError where there is none."""
    name = "osascript" if platform == "darwin" else "notify-send"
    found = which(name) if platform == "darwin" or platform.startswith("linux") else None
    if found is None:
        hint = "install it (Debian's libnotify-bin)" if platform.startswith("linux") else "there is none on this system"
        raise ConfigError(f"--notify: {name}, which shows notifications on the desktop, is not here: {hint}")
    return found


def command(path: str, news: News) -> list[str]:
    """What shows this."""
    title, body = _words(news)
    if path.endswith("osascript"):
        return [path, *(word for line in _SCRIPT for word in ("-e", line)), title, body]
    urgency = "critical" if news.firing else "normal"
    return [path, "--app-name=engine", f"--urgency={urgency}", "--", title, body]


def _words(news: News) -> tuple[str, str]:
    counts = [f"{len(news.firing)} firing"] if news.firing else []
    counts += [f"{len(news.resolved)} resolved"] if news.resolved else []
    lines = [described(one) for one in news.firing] + [f"resolved: {described(one)}" for one in news.resolved]
    return f"Alerts: {', '.join(counts)}", "\n".join(shortened(lines, _MOST_LINES))


class Desktop:
    """`show` never waits; what comes while many wait is not shown, as the log says."""

    def __init__(self, path: str) -> None:
        self._path = path
        self._waiting: asyncio.Queue[News] = asyncio.Queue(MOST_WAITING)

    def show(self, news: News) -> None:
        try:
            self._waiting.put_nowait(news)
        except asyncio.QueueFull:
            log.warning("too many alerts at once: some are not shown on the desktop")

    async def run(self) -> None:
        while True:
            await self._shown(await self._waiting.get())

    async def _shown(self, news: News) -> None:
        try:
            process = await asyncio.create_subprocess_exec(
                *command(self._path, news), stdin=asyncio.subprocess.DEVNULL, stdout=asyncio.subprocess.DEVNULL,
                stderr=asyncio.subprocess.PIPE,
            )  # fmt: skip
        except OSError as error:
            log.warning("%s: %s: nothing is shown on the desktop", self._path, error.strerror)
            return
        try:
            async with asyncio.timeout(_SECONDS):
                _, said = await process.communicate()
        except TimeoutError:
            log.warning("%s does not end: nothing is shown on the desktop", self._path)
            return
        finally:
            if process.returncode is None:
                process.kill()
                await process.wait()
        if process.returncode:
            words = said.decode("utf-8", "replace").strip() or f"exit code {process.returncode}"
            log.warning("nothing is shown on the desktop: %s: %s", self._path, words)
