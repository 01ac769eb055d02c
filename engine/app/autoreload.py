"""`--config.auto-reload`: the configuration is loaded again when one of its files has another content.

Contents are compared, not times, so that a file that was only touched, or a volume that was mounted anew, reloads
nothing. After a configuration that is refused it is tried at each interval, since what it lacks may be a file that
nobody watches yet; the same refusal is told once.
"""

from __future__ import annotations

import hashlib
from collections.abc import Awaitable, Callable, Iterator, Mapping
from pathlib import Path

from msgspec import Struct

from engine.config.load import Loaded
from engine.foundation.clock import Clock
from engine.foundation.errors import EngineError
from engine.foundation.files import matching
from engine.foundation.workers import Workers


class AutoReload(Struct, frozen=True, kw_only=True):
    """`loaded` is what is in force now; `refused` hears why nothing was changed."""

    loaded: Callable[[], Loaded]
    reload: Callable[[], Awaitable[None]]
    refused: Callable[[EngineError], None]
    clock: Clock
    workers: Workers
    seconds: float

    async def run(self) -> None:
        """Until cancelled."""
        seen: Mapping[Path, bytes] | None = taken(self.loaded())
        told = ""
        while True:
            await self.clock.sleep(self.seconds)
            now = await self.workers.run(contents, self.loaded())
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
                seen, told = taken(self.loaded()), ""


def taken(loaded: Loaded) -> dict[Path, bytes]:
    """A digest of each file as it was when it was loaded, whatever has become of it since."""
    return {Path(name): _short(source) for name, source in loaded.sources.items()}


def contents(loaded: Loaded) -> dict[Path, bytes]:
    """A digest of each file that the configuration is made of now; of one that can't be read an empty one."""
    return {path: _digest(path) for path in _files(loaded)}


def _files(loaded: Loaded) -> Iterator[Path]:
    yield from loaded.files
    for pattern in (*loaded.config.rule_files, *loaded.config.scrape_config_files):
        yield from matching(pattern)
    yield from _templates(loaded)


def _templates(loaded: Loaded) -> Iterator[Path]:
    for pattern in loaded.alertmanager.templates if loaded.alertmanager is not None else ():
        yield from matching(pattern)


def _digest(path: Path) -> bytes:
    try:
        return _short(path.read_bytes())
    except OSError:
        return b""


def _short(content: bytes) -> bytes:
    return hashlib.blake2b(content, digest_size=16).digest()
