"""All files that one pattern names, for one set of labels.

What rotation does is undone here. The file under a name is another one (renamed, or a link that leads elsewhere): the
old one is read to its end, for as long as somebody writes to it, and the new one from its beginning. The content under
an inode is another one (copied and cut): the copy is looked for, and read from where reading had stopped. A file that
turns up and seems to be a copy of one that is being read waits until that one is cut, or until the two differ. So a
line is read once, whatever its file is called by then.
"""

from __future__ import annotations

import os
from collections import deque
from collections.abc import Iterable, Iterator
from typing import Final

from msgspec import Struct, field

from engine.promtail.tail.book import PositionBook
from engine.promtail.tail.file import Copy, Options, Replaced, TailedFile
from engine.promtail.tail.globs import Found, Glob
from engine.promtail.tail.marks import Position, holds_part, is_copy
from engine.promtail.tail.names import is_rotated, originals_of
from engine.promtail.tail.opening import Unfit, open_text
from engine.promtail.tail.packed import format_of

REMEMBERED: Final = 256
_MANY: Final = 1 << 40
QUIET_SECONDS: Final = 60.0
"""So long a file that has lost its name is kept open after its last byte."""


class Lines(Struct, frozen=True):
    """What was read of a file in one go: `starts` are where its lines begin."""

    file: TailedFile
    lines: list[bytes]
    starts: list[int]


class Told(Struct):
    """What a person may want to know: files that are skipped, and why; rests that could not be found."""

    skipped: dict[str, str] = field(default_factory=dict)
    lost: list[str] = field(default_factory=list)


class FileTarget:
    """Owned by one poller. `files` are by the path that the pattern found; `rotated` have lost theirs.

    `packed` are packed files that the pattern found, and how each is packed.
    """

    def __init__(self, glob: Glob, excluded: Glob | None, options: Options, book: PositionBook) -> None:
        self.files: dict[str, TailedFile] = {}
        self.rotated: list[TailedFile] = []
        self.packed: dict[str, str] = {}
        self.told = Told()
        self.behind: list[TailedFile] = []
        """The files of which something was read at the last go, and that hold more."""
        self.book = book
        self._glob = glob
        self._excluded = excluded
        self._options = options
        self._found: Found | None = None
        self._searched = float("-inf")
        self._turns = 0
        self._earlier = -_MANY  # turns that come before those of all files that the pattern finds
        self._ended: deque[Position] = deque(maxlen=REMEMBERED)

    @property
    def pattern(self) -> str:
        return self._glob.pattern

    @property
    def open_files(self) -> list[TailedFile]:
        return [*self.files.values(), *self.rotated]

    def search(self, now: float, every: float) -> None:
        """Find new files; in full where a folder has changed, or at the latest after `every` seconds (monotonic)."""
        first = self._found is None
        if self._found is not None and now < self._searched + every and not self._found.is_stale():
            return
        self._found, self._searched = self._glob.find(), now
        for folder in self._found.closed:
            self.told.skipped[folder] = "may not be read"
        new = [path for path in self._found.files if path not in self.files and path not in self.packed]
        for _, path in _by_age(path for path in new if self._excluded is None or not self._excluded.matches(path)):
            form = self._options.packed or format_of(path)
            if form:
                self.packed[path] = form
            else:
                self._meet(path, now)
        if first:
            self._claim_left(now)

    def read(self, now: float, last_after: float | None = None) -> Iterator[Lines]:
        """What has come since, by file. With `last_after` a line without end counts after so many quiet seconds."""
        for path, file in list(self.files.items()):
            self._follow(path, file, now)
        self.behind = []
        behind: list[TailedFile] = []
        self._await_older()
        for file in sorted(dict.fromkeys(self.open_files), key=lambda one: one.turn):
            if behind and any(_goes_before(older, file) for older in behind):
                continue
            before = file.read_at
            found = self._read(file, now, last_after)
            if found is not None:
                yield found
                if file.read_at < file.size():
                    behind.append(file)
                    self.behind += [file] * (file.read_at > before)  # where a size is not true, no more is ever read
            elif file in self.rotated and (now - file.quiet_since > QUIET_SECONDS or file.is_deleted):
                yield from self._part_with(file)

    def _await_older(self) -> None:
        """A file of which nothing was read, and of which older parts turned up unread, comes after those."""
        unread = {file.at: file for file in self.open_files if file.read_at == 0}
        for file in sorted(unread.values(), key=lambda one: one.turn):
            for original in originals_of(file.at):
                newer = unread.get(original)
                if newer is not None and newer.turn < file.turn:
                    newer.turn = self.next_turn()

    def close(self) -> None:
        for file in self.open_files:
            file.close()
        self.files.clear()
        self.rotated.clear()

    # --- names

    def _meet(self, path: str, now: float) -> None:
        """A path that the pattern found, and that is not followed."""
        try:
            handle = open_text(path, self._options.encoding)
        except FileNotFoundError:
            return
        except Unfit as error:
            self.told.skipped[path] = str(error)
            return
        self.told.skipped.pop(path, None)
        file = TailedFile(path, handle, self._options, now)
        known = self._by_inode(file)
        if known is None:
            self._begin(file)
            file.turn = file.serial = self.next_turn()
        else:  # renamed, to a name that the pattern finds too
            file.close()
            known.at = path
            if known in self.rotated:
                self.rotated.remove(known)
        self.files[path] = known or file

    def _begin(self, file: TailedFile) -> None:
        """Where it was left, or at its first byte."""
        size = file.size()
        position = self.book.take(file.handle, file.dev, file.ino, size)
        if position is not None:
            file.path = position.path
            file.resume(position)
        elif not self.book.knows_path(file.path) and (offset := self.book.adopt(file.path, size)):
            file.resume(Position(path=file.path, dev=file.dev, ino=file.ino, offset=offset))

    def _by_inode(self, file: TailedFile) -> TailedFile | None:
        return next((one for one in self.open_files if (one.dev, one.ino) == (file.dev, file.ino)), None)

    def _follow(self, path: str, file: TailedFile, now: float) -> None:
        """Where the name means another file now, that one is met, and the old one is read on without a name."""
        try:
            info = os.stat(path)
        except OSError:
            self._lose(path, file)
            return
        if info.st_ino == file.ino and info.st_dev == file.dev:
            file.looked = (info.st_size, info.st_mtime_ns)
        else:
            self._lose(path, file)
            self._meet_unseen(file, now)
            self._meet(path, now)

    def _meet_unseen(self, older: TailedFile, now: float, since: int | None = None) -> list[TailedFile]:
        """Files that had the name after `older` and before anybody looked: rotation was quicker, or nobody was there.

        Other names that rotation gives are theirs, and they were written later (than `since`, in ns).
        """
        since = os.fstat(older.handle).st_mtime_ns if since is None else since
        found: list[TailedFile] = []
        names = [one.path for one in _beside(older.path) if is_rotated(one.path, older.path)]
        for at, path in _by_age(names):
            if at < since or path in self.files or format_of(path):
                continue
            try:
                file = TailedFile(older.path, open_text(path, self._options.encoding), self._options, now)
            except (Unfit, FileNotFoundError):
                continue
            if self._by_inode(file) is not None or self.book.knows(file.dev, file.ino):
                file.close()
                continue
            file.at = path
            file.turn = file.serial = self.next_turn()
            found.append(file)
        self.rotated += found
        return found

    def _lose(self, path: str, file: TailedFile) -> None:
        del self.files[path]
        if file not in self.files.values():
            self.rotated.append(file)

    def _part_with(self, file: TailedFile) -> Iterator[Lines]:
        """Nobody writes to it any more. What its last line lacks is an end."""
        lines, starts = file.finish() if file.copy is None else ([], [])
        if lines:
            yield Lines(file, lines, starts)
        self.rotated.remove(file)
        self._ended.append(file.position(settled=True))
        if file.is_deleted:
            self.book.ended(file.dev, file.ino)
        file.close()

    def read_before(self) -> list[Position]:
        """Of every content that was read here, as far as it is remembered: where reading stopped."""
        open_ones = [file.position(settled=True) for file in self.open_files]
        return [*self._ended, *open_ones, *(left for _, left in self.book.left())]

    def next_turn(self) -> int:
        """A number that none has had."""
        self._turns += 1
        return self._turns

    # --- contents

    def _read(self, file: TailedFile, now: float, last_after: float | None) -> Lines | None:
        looked, file.looked = file.looked, None
        if looked == (file.read_at, file.written_at) and last_after is None:
            return None
        try:
            size, written_at = looked or (file.size(), 0)
            if (file.copy is not None or (file.read_at == 0 and size)) and self._is_copy(file, size):
                return None
            if file.read_at == 0 and size and file.written_at and self._meet_unseen(file, now, file.written_at):
                file.turn = self.next_turn()  # it was empty, and lines that it had since were copied and cut
                return None
            if size < file.read_at:
                raise Replaced
            if size == file.read_at and written_at != file.written_at:
                file.check()
            file.written_at = written_at
            if size > file.read_at:
                lines, starts = file.read(now)
            elif last_after is not None and now - file.quiet_since >= last_after:
                lines, starts = file.finish()
                if not lines:
                    return None
            else:
                return None
        except Replaced:
            self._replaced(file, now)
            return None if self._has_rest(file) else self._read(file, now, last_after)
        except OSError as error:
            self.told.skipped[file.at] = f"can't be read: {error.strerror}"
            return None
        return Lines(file, lines, starts)

    def _has_rest(self, file: TailedFile) -> bool:
        """Whether lines that come before all that the file holds now are yet to be read from a copy."""
        others = [one for one in self.open_files if one is not file]
        return any(
            (one.copy is not None and one.copy.original is file)
            or one.path == file.path
            or (one.read_at == 0 and is_rotated(one.at, file.at))
            for one in others
        )

    def _replaced(self, file: TailedFile, now: float) -> None:
        """Cut to nothing and written again. What was not read yet may be in a copy."""
        left, kept, heirloom = file.position(settled=True), file.position(), file.heirloom
        file.begin_anew(self.next_turn())
        self.book.orphan(left, kept, heirloom)
        if not any(one.copy is not None and one.copy.original is file for one in self.open_files):
            self._claim_left(now)

    def _is_copy(self, file: TailedFile, size: int) -> bool:
        """Whether a file of which nothing was read yet is, as far as it goes, what another one holds."""
        copy, file.copy = file.copy, None
        if copy is not None and copy.still_holds(size):
            file.copy = copy
            return True
        originals = originals_of(file.at)
        for key, left in self.book.left() if originals else ():
            if left.path in originals and holds_part(file.handle, size, left):
                file.path = left.path
                file.resume(left if left.offset <= size else left.moved(size))
                self.book.claim(key, file)
                return False
        for one in filter(None, map(self.files.get, originals)):
            if one is file or not is_copy(file.handle, size, one.handle):
                continue
            same = copy is not None and copy.original is one and copy.generation == one.generation
            file.copy = copy.seen(size) if copy is not None and same else Copy(one, one.generation, size, whole=False)
            if not file.copy.is_none:
                return True
            file.copy = None
        return False

    def _claim_left(self, now: float) -> None:
        """Look for contents that were read before, and are under other names now. All come before what is there now."""
        before = set(self.rotated)
        for key, left in self.book.left():
            if self._glob.matches(left.path):
                self._find(key, left, now)
        claimed = [file for file in self.rotated if file not in before]
        for file in [file for _, file in _files_by_age(claimed)][-1:]:
            claimed += self._meet_unseen(file, now)
        for _, file in _files_by_age(claimed):
            self._earlier += 1
            file.turn = self._earlier

    def _find(self, key: str, left: Position, now: float) -> None:
        """By inode or as a copy, in the folder where it was. What is not there has been removed, or packed."""
        names = [(entry.path, entry.inode()) for entry in _beside(left.path)]
        likely = [one for one in names if one[1] == left.ino or is_rotated(one[0], left.path)]
        for path, _ in sorted(likely, key=lambda one: one[1] != left.ino):
            if path not in self.files and not format_of(path) and self._resume(key, left, path, now):
                return

    def _resume(self, key: str, left: Position, path: str, now: float) -> bool:
        """Read on in the file of this name, if that is where the content is."""
        try:
            file = TailedFile(left.path, open_text(path, self._options.encoding), self._options, now)
        except (Unfit, FileNotFoundError):
            return False
        if self._by_inode(file) is not None or not left.fits(file.handle, file.size()):
            file.close()
            return False
        file.at = path
        file.serial = self.next_turn()
        file.resume(left)
        self.rotated.append(file)
        self.book.claim(key, file)
        return True


def _goes_before(older: TailedFile, newer: TailedFile) -> bool:
    """Whether one is the older part of what the other goes on with."""
    return older.path == newer.path or is_rotated(older.at, newer.at)


def _beside(path: str) -> list[os.DirEntry[str]]:
    """All that is in the folder of a file; nothing where the folder is gone, and may come back."""
    try:
        with os.scandir(os.path.dirname(path) or ".") as entries:
            return list(entries)
    except OSError:
        return []


def _files_by_age(files: Iterable[TailedFile]) -> list[tuple[int, TailedFile]]:
    by_path = {file.at: file for file in files}
    return [(at, by_path[path]) for at, path in _by_age(by_path)]


def _by_age(paths: Iterable[str]) -> list[tuple[int, str]]:
    """When each was written, the oldest first; of those of one time the one with the higher number."""
    return sorted(
        ((_written_at(path), path) for path in sorted(paths, key=_name_order, reverse=True)), key=lambda one: one[0]
    )


def _name_order(path: str) -> tuple[int, str]:
    """`app.log.9` before `app.log.10`."""
    return len(path), path


def _written_at(path: str) -> int:
    try:
        return os.stat(path).st_mtime_ns
    except OSError:
        return 0
