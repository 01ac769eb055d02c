"""Targets from files that others write: `file_sd_configs`.

A file that changed is read again within a second, all of them at every refresh interval. A file that can't be read
or is wrong keeps the targets that it had; one that is gone has none.
"""

from __future__ import annotations

import logging
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Final, TypeAlias

from msgspec import Struct

from engine.discovery.config import FileSDConfig
from engine.discovery.groups import Publish, TargetGroup
from engine.discovery.ports import DiscoveryError, DiscoveryParts
from engine.discovery.told import from_json, from_yaml, news
from engine.foundation.clock import SECOND
from engine.foundation.files import matching

LOOK_SECONDS: Final = 1.0
_META: Final = "__meta_filepath"
_Stamp: TypeAlias = tuple[int, int, int]

log = logging.getLogger(__name__)


class _Read(Struct, frozen=True):
    """A file as it was last read; `stamp` is None where it has to be read again, `fault` says why it is of no use."""

    stamp: _Stamp | None
    groups: tuple[TargetGroup, ...]
    fault: str = ""


class FileDiscovery:
    """One entry of `file_sd_configs`."""

    def __init__(self, config: FileSDConfig, parts: DiscoveryParts) -> None:
        self._config = config
        self._parts = parts

    async def run(self, publish: Publish) -> None:
        clock, counts, known, due = self._parts.clock, self._parts.counts, dict[str, _Read](), 0.0
        told = False
        try:
            while True:
                begun = clock.monotonic()
                if now_due := begun >= due:
                    due = begun + self._config.refresh_interval / 1000
                found = await self._parts.workers.run(self._look, {} if now_due else known, known)
                counts.file_scans.add(clock.monotonic() - begun)
                self._tell_faults(known, found)
                changed = news(_groups(known), _groups(found))
                if changed or not told:
                    publish(changed)
                known, told = found, True
                await clock.sleep(LOOK_SECONDS)
        finally:
            self._tell_faults(known, {})

    def _look(self, fresh: Mapping[str, _Read], known: Mapping[str, _Read]) -> dict[str, _Read]:
        """All files as they are now; those that are `fresh` and have their old stamp are not read again."""
        return {
            str(path): _read(path, fresh.get(str(path)), known.get(str(path)))
            for pattern in self._config.files
            for path in matching(pattern)
        }

    def _tell_faults(self, known: Mapping[str, _Read], found: Mapping[str, _Read]) -> None:
        counts = self._parts.counts
        for path, one in found.items():
            before = known.get(path)
            if one.stamp is not None:
                counts.file_times[path] = one.stamp[0] / SECOND
            if one.fault and one is not before:
                counts.file_read_errors += 1
                if before is None or before.fault != one.fault:
                    log.error("file_sd_configs: %s; the targets that it had before stay", one.fault)
            if one.fault:
                counts.faults[_name(path)] = one.fault
            else:
                counts.faults.pop(_name(path), None)
        for path in known.keys() - found.keys():
            counts.faults.pop(_name(path), None)
            counts.file_times.pop(path, None)


def _name(path: str) -> str:
    """Of a file among all sources."""
    return f"file_sd_configs: {path}"


def read_groups(path: Path) -> list[TargetGroup]:
    """The groups of one file. Raises DiscoveryError, whose text begins with the file."""
    parse = from_json if path.suffix.lower() == ".json" else from_yaml
    try:
        return parse(path.read_bytes(), str(path), **{_META: str(path)})
    except OSError as error:
        raise DiscoveryError(f"{path}: can't be read: {error.strerror}") from None


def _read(path: Path, fresh: _Read | None, known: _Read | None) -> _Read:
    stamp = _stamp(path)
    if fresh is not None and fresh.stamp == stamp:
        return fresh
    try:
        return _Read(stamp, tuple(read_groups(path)))
    except DiscoveryError as error:
        return _Read(stamp, known.groups if known is not None else (), str(error))


def _stamp(path: Path) -> _Stamp | None:
    try:
        stat = path.stat()
    except OSError:
        return None  # gone since it was listed: reading it will tell
    return (stat.st_mtime_ns, stat.st_size, stat.st_ino)


def _groups(files: Mapping[str, _Read]) -> list[TargetGroup]:
    return list(_each_group(files))


def _each_group(files: Mapping[str, _Read]) -> Iterator[TargetGroup]:
    for one in files.values():
        yield from one.groups
