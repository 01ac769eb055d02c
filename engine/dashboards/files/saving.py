"""Saving: one at a time, in a worker, since rewriting a large file as it is laid out takes a while."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from engine.dashboards.files.entry import Entry, LibraryError, made_up, shown
from engine.dashboards.files.library import Library
from engine.dashboards.files.plan import SAFE_UID, Plan, check, plan
from engine.foundation import files
from engine.foundation.workers import Workers

log = logging.getLogger(__name__)


class Saver:
    """Writes the files of a library. `versions` is where their earlier contents go, `keep` how many of each."""

    def __init__(self, library: Library, workers: Workers, versions: Path | None = None, keep: int = 20) -> None:
        self._library = library
        self._workers = workers
        self._versions = versions
        self._keep = keep
        self._turn = asyncio.Lock()

    async def difference(
        self, given: Mapping[str, Any], folder: str, uid: str = ""
    ) -> tuple[Plan, list[dict[str, str]]]:
        """What saving would change, line by line. Raises LibraryError."""

        def compared() -> tuple[Plan, list[dict[str, str]]]:
            made = plan(self._library, given, folder, uid)
            return made, made.difference()

        return await self._workers.run(compared)

    async def save(
        self, given: Mapping[str, Any], folder: str, revision: str, *, overwrite: bool = False, uid: str = ""
    ) -> Entry:
        """Write the dashboard into the file that it came from, or a new one. Raises LibraryError."""

        def written() -> Path:
            made = plan(self._library, given, folder, uid)
            if made.known is not None:
                check(made, given, revision, overwrite=overwrite)
                self._keep_version(made.known, made.before)
            _write(made)
            return made.file

        async with self._turn:
            file = await self._workers.run(written)
            self._library.look_again()
        return self._library.at(file)

    def _keep_version(self, known: Entry, body: bytes) -> None:
        """The file as it was, so that it can be had again; the oldest go. Raises LibraryError."""
        if self._versions is None or self._keep < 1:
            return
        safe = SAFE_UID.fullmatch(known.uid) is not None  # a file may say anything, `../..` too
        folder = self._versions / (known.uid if safe else made_up(known.file))
        try:
            folder.mkdir(parents=True, exist_ok=True)
            old = sorted(int(one.stem) for one in folder.glob("*.json") if one.stem.isdecimal())
            kept = [*old, old[-1] + 1 if old else 1]
            files.replace(folder / f"{kept[-1]:06d}.json", body)
            for number in kept[: -self._keep]:
                (folder / f"{number:06d}.json").unlink(missing_ok=True)
        except OSError as error:
            raise LibraryError(f"{folder}: can't keep what the file was before: {error.strerror}", 500) from None


def _write(made: Plan) -> None:
    target = made.file.resolve()
    try:
        mode = target.stat().st_mode if target.exists() else None
        files.replace(target, made.after)
        if mode is not None:
            target.chmod(mode)
    except OSError as error:
        raise LibraryError(f"{shown(made.file)}: can't be written: {error.strerror}", 500) from None
    log.info("saved a dashboard to %s", shown(made.file))
