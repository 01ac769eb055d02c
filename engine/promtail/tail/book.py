"""How far files were read, as it was kept: what an end of this process, however sudden, leaves to the next one.

Positions are kept under the target (job and pattern) and the file's device and inode. A name leads to an inode only as
long as nobody rotates; where none is known for a file, what another Promtail kept in its `positions.yaml` is taken, by
name. `changed` is what has to be kept with the next lines, an empty text for what is to be forgotten.
"""

from __future__ import annotations

from collections.abc import Collection, Iterator, Mapping
from hashlib import blake2b
from typing import Final

from engine.promtail.tail.file import Heirloom, TailedFile
from engine.promtail.tail.marks import Position

PREFIX: Final = "file/"


def prefix_of(job: str, pattern: str, number: int = 0) -> str:
    """Of the keys of a target's positions; `number` tells targets of one job and pattern apart."""
    digest = blake2b(f"{pattern}#{number}".encode(), digest_size=4).hexdigest()
    return f"{PREFIX}{job}/{digest}/"


class PositionBook:
    """Of one target, which may also take over those of targets that are no more: their prefixes are not `living`."""

    def __init__(
        self, prefix: str, kept: Mapping[str, str], adopted: Mapping[str, int], living: Collection[str] = ()
    ) -> None:
        self.changed: dict[str, str] = {}
        self._prefix = prefix
        self._known: dict[str, Position] = {}
        self._heirless: dict[str, Position] = {}
        self._adopted = dict(adopted)
        self._met: set[str] = set()
        self._heirlooms: dict[str, Heirloom] = {}
        for key, text in kept.items():
            if not key.startswith(PREFIX) or not text or (position := Position.parse(text)) is None:
                continue
            if key.startswith(prefix):
                self._known[key] = position
                self._met.add(key)
            elif not key.startswith(tuple(living) or ("\0",)):
                self._heirless[key] = position

    def key(self, dev: int, ino: int) -> str:
        """Under which a file's position is kept."""
        return f"{self._prefix}{dev}:{ino}"

    def take(self, handle: int, dev: int, ino: int, size: int) -> Position | None:
        """That of this very file, if what was read of it is still there. It is not given out again."""
        own = self.key(dev, ino)
        self._met.add(own)
        for known in (self._known, self._heirless):
            # devices may be numbered anew at each start of the machine
            keys = [own] if own in known else [one for one, p in known.items() if p.ino == ino and p.head.size]
            for key in keys:
                position = known[key]
                if position.fits(handle, size):
                    del known[key]
                    if key != own:
                        self.changed[key] = ""
                    return position
        if own in self._known:  # the inode has another content now, whose position will be kept under this key
            before = self._known.pop(own)
            self.orphan(before, before)
        return None

    def packed(self, dev: int, ino: int) -> Position | None:
        """That of a packed file, which is never written again: the inode tells."""
        return self._known.get(self.key(dev, ino))

    def adopt(self, path: str, size: int) -> int:
        """Where to begin with a file of which only the name is known: 0 where nothing is."""
        offset = self._adopted.pop(path, 0)
        return offset if offset <= size else 0

    def left(self) -> Iterator[tuple[str, Position]]:
        """What nobody has claimed."""
        yield from list(self._known.items())

    def knows_path(self, path: str) -> bool:
        return any(position.path == path for position in self._known.values())

    def knows(self, dev: int, ino: int) -> bool:
        """Whether some of that file was read, now or before the last end."""
        return self.key(dev, ino) in self._met

    def orphan(self, position: Position, kept: Position, heirloom: Heirloom | None = None) -> None:
        """The content that was read is gone from its file: whoever finds it elsewhere goes on there, with the heirloom.

        After another start it goes on where `kept` says, since what stages held by then is lost with them.
        """
        key = f"{self.key(position.dev, position.ino)}/{position.offset}-{position.head.digest}"
        self._known[key] = position
        self.changed[key] = kept.text()
        if heirloom is not None:
            self._heirlooms[key] = heirloom

    def claim(self, key: str, file: TailedFile) -> None:
        """Its content was found in this file, which reads on where it was left."""
        self._known.pop(key, None)
        if (heirloom := self._heirlooms.pop(key, None)) is not None:
            file.inherit(heirloom)
        own = self.key(file.dev, file.ino)
        self._met.add(own)
        self.changed[key] = ""
        self.changed[own] = file.position().text()

    def ended(self, dev: int, ino: int) -> None:
        """A file that is no more; its inode may be another's soon."""
        key = self.key(dev, ino)
        self.changed[key] = ""
        self._met.discard(key)
