"""How far each queue is, kept beside the data, so that it goes on there after a restart.

A file is made whole, and from then on written in place, which is so cheap that it can be done after each round: what a
kill leaves is the last round's, always. All of it lies within a sector of the disk, and its size never changes.

A server is known by its name, or by what its entry says of where samples go, for whom, and which: so the order of
entries is of no matter. An entry that is new goes on where the one was that is most like it, if that is there no more.
"""

from __future__ import annotations

import logging
import os
from collections.abc import Collection, Iterable, Sequence
from hashlib import sha256
from pathlib import Path
from typing import Final
from urllib.parse import quote

import msgspec

from engine.foundation.encode import encode
from engine.foundation.files import replace
from engine.remote.config import RemoteWriteConfig, distinct_names
from engine.tsdb.log.feed import Position

_SIZE: Final = 192
"""Bytes of a file, of which blanks fill the end: both numbers may have 20 digits."""
_HASHED: Final = 12

log = logging.getLogger(__name__)

Traits = tuple[str, ...]
"""What an entry says, from the plain to the particular: each is about what the one before it is about, and more."""


class _Kept(msgspec.Struct):
    commit: int
    segment: int
    of: Traits = ()


class KeptPosition:
    """A file; without one nothing is kept."""

    def __init__(self, path: Path | None, traits: Traits = ()) -> None:
        self._path = path
        self._traits = traits
        self._written: Position | None = None

    def read(self) -> Position | None:
        kept = None if self._path is None else _read(self._path)
        return None if kept is None else Position(kept.commit, kept.segment)

    def write(self, position: Position) -> None:
        if self._path is None or position == self._written:
            return
        try:
            self._put(self._path, msgspec.json.encode(_Kept(*position, self._traits)).ljust(_SIZE))
        except OSError as error:  # a full disk: after a restart some of it goes out again
            log.warning("%s can't be written: %s", self._path, error.strerror)
            self._written = None
        else:
            self._written = position

    def _put(self, path: Path, content: bytes) -> None:
        if self._written is None:
            path.parent.mkdir(parents=True, exist_ok=True)
            replace(path, content)
            return
        file = os.open(path, os.O_WRONLY)
        try:
            os.pwrite(file, content, 0)
        finally:
            os.close(file)


def kept_position(folder: Path | None, identity: str, config: RemoteWriteConfig, all_: Collection[str]) -> KeptPosition:
    """Where this server's is kept, `all_` being the identities of all entries; None keeps none."""
    traits = traits_of(config)
    if folder is None:
        return KeptPosition(None)
    path = folder / f"{identity}.json"
    if not path.exists() and (like := _most_like(traits, _others(folder, all_))) is not None:
        log.info("remote write to %s goes on where an entry like it was", config.url)
        try:
            like.rename(path)
        except OSError as error:
            log.warning("%s can't be renamed (%s): remote write goes on from now", like, error.strerror)
    return KeptPosition(path, traits)


def identities(configs: Sequence[RemoteWriteConfig]) -> list[str]:
    """What the servers' positions are kept under, as names of files."""
    return distinct_names((quote(one.name, safe=""), traits_of(one)[-1]) for one in configs)


def traits_of(config: RemoteWriteConfig) -> Traits:
    """The URL; that and who sends; that and which samples."""
    url, user = config.url.reveal(), config.basic_auth.username if config.basic_auth else ""
    sender = f"{url}\n{sorted(config.headers.items())}\n{user}"
    rules = "".join(encode(rule) for rule in config.write_relabel_configs)
    return tuple(sha256(text.encode()).hexdigest()[:_HASHED] for text in (url, sender, f"{sender}\n{rules}"))


def _others(folder: Path, all_: Collection[str]) -> Iterable[tuple[Path, _Kept]]:
    """The positions of entries that are there no more."""
    for path in sorted(folder.glob("*.json")):
        if path.stem not in all_ and (kept := _read(path)) is not None:
            yield path, kept


def _most_like(traits: Traits, others: Iterable[tuple[Path, _Kept]]) -> Path | None:
    """The file that has most of these traits, among equals the one that is furthest; None where none has any."""
    rated = [(sum(one in traits for one in kept.of), kept.commit, path) for path, kept in others]
    alike, _, path = max(rated, default=(0, 0, None))
    return path if alike else None


def _read(path: Path) -> _Kept | None:
    try:
        return msgspec.json.decode(path.read_bytes(), type=_Kept)
    except FileNotFoundError:
        return None
    except (OSError, msgspec.DecodeError) as error:
        log.warning("%s can't be read (%s): remote write goes on from now", path, error)
        return None
