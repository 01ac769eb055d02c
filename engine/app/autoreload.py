"""`--config.auto-reload`: the configuration is loaded again when one of its files has another content.

Contents are compared, not times, so that a file that was only touched, or a volume that was mounted anew, reloads
nothing. After a configuration that is refused it is tried at each interval, since what it lacks may be a file that
nobody watches yet; the same refusal is told once.
"""

from __future__ import annotations

import hashlib
from collections.abc import Awaitable, Callable, Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path

from engine.config.load import Loaded
from engine.foundation.clock import Clock
from engine.foundation.errors import EngineError
from engine.foundation.files import matching
from engine.foundation.workers import Workers


@dataclass(frozen=True, slots=True, kw_only=True)
class AutoReload:
    """`loaded` is what is in force now; `refused` hears why nothing was changed."""

    loaded: Callable[[], Loaded]
    reload: Callable[[], Awaitable[None]]
    refused: Callable[[EngineError], None]
    clock: Clock
    workers: Workers
    seconds: float

    async def run(self) -> None:
        """Until cancelled."""
        seen: Mapping[Path, bytes] | None = await self._look()
        told = ""
        while True:
            await self.clock.sleep(self.seconds)
            now = await self._look()
            if now == seen:
                continue
            try:
                await self.reload()
            except EngineError as error:
                seen = None
                if str(error) != told:
                    told = str(error)
                    self.refused(error)
            else:
                seen, told = await self._look(), ""

    async def _look(self) -> Mapping[Path, bytes]:
        return await self.workers.run(contents, self.loaded())


def contents(loaded: Loaded) -> dict[Path, bytes]:
    """A digest of each file that the configuration is made of now; of one that can't be read an empty one."""
    return {path: _digest(path) for path in _files(loaded)}


def _files(loaded: Loaded) -> Iterator[Path]:
    yield from loaded.files
    config = loaded.config
    patterns: list[str] = [*config.rule_files, *config.scrape_config_files]
    if loaded.alertmanager is not None:
        patterns += loaded.alertmanager.templates
    for pattern in patterns:
        yield from matching(pattern)


def _digest(path: Path) -> bytes:
    try:
        return hashlib.blake2b(path.read_bytes(), digest_size=16).digest()
    except OSError:
        return b""
