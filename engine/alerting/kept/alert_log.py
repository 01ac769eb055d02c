"""Alerts that survive `kill -9`: a file of what changed, appended to before a post is answered, compacted now and then.

Most posts say only that known alerts still fire, so an alert's words (labels, annotations, link) are written when they
are new, and its state (33 bytes) each time. Laws:
- A post is one write; a write that failed leaves nothing behind. Nothing is synced: a process that is killed loses
  nothing, a power cut may lose seconds, and clients tell again what still fires.
- States are those after merging, so that reading is no more than taking the last one.
- A torn tail is cut off; damage elsewhere costs the alerts that it hit, and is told; then the file is rewritten.
- An alert that fired when the process ended may go on for as long as it had been given, `resolve_timeout` at most,
  counted from the next start: nobody could tell of it in between, and an end that nobody saw must not be told.
- An end that is older than what the journal remembers can't be told any more, so such an alert does not come back.
"""

from __future__ import annotations

import logging
import os
import struct
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import replace  # noqa: TID251 - an alert is a data class
from pathlib import Path
from typing import Final, TypeAlias

import msgspec

from engine.alerting.alert import Alert, pooled, pooled_text
from engine.alerting.kept.journal import RETENTION
from engine.alerting.kept.linelog import LogWriteError
from engine.foundation.errors import StoreError
from engine.foundation.files import BESIDE, sync_folder
from engine.foundation.frames import Form, Frame, FrameFile, Gap, framed, read_frames
from engine.foundation.workers import Workers
from promql.model.labels import Labels

FORM: Final = Form(b"alrt", 1)
WASTE_FACTOR: Final = 4  # the file is rewritten when it is this many times larger than after the last time, which
# is never in the life of a process before its first...
WASTE_BYTES: Final = 1 << 20  # ...and at least this large
_WORDS, _STATES = 1, 2
_STATE: Final = struct.Struct("<QqqqB")  # fingerprint, starts, ends and updated in Unix ns, whether the end is assumed
_CHUNK: Final = 500
_FIRST, _LAST = -(2**63), 2**63 - 1  # the years 1677 and 2262, in which times beyond end

log = logging.getLogger(__name__)


class _Words(msgspec.Struct, array_like=True, frozen=True):
    """What an alert says, by its fingerprint."""

    fingerprint: int
    labels: tuple[tuple[str, str], ...]
    annotations: tuple[tuple[str, str], ...]
    generator_url: str


_Said: TypeAlias = tuple[tuple[tuple[str, str], ...], str]
_DECODER: Final = msgspec.msgpack.Decoder(list[_Words])


class AlertLog:
    """The file. `read` it first, once; then append."""

    def __init__(self, path: Path, workers: Workers) -> None:
        self._path = path
        self._workers = workers
        self._file: FrameFile | None = None
        self._small = 0
        self._damaged = False
        self._since: list[bytes] | None = None  # what was appended since a compaction began

    def read(self, now: int, resolve_timeout: int, retention: int = RETENTION) -> list[Alert]:
        """The alerts as they stood; those that fired have time from `now` on. In ns. Raises StoreError."""
        replay = _Replay(self._path)
        try:
            alerts = replay.alerts() if self._path.exists() else []
            self._path.parent.mkdir(parents=True, exist_ok=True)
            self._file = FrameFile(self._path, FORM)
        except OSError as error:
            raise StoreError(f"{self._path}: can't be read and written: {error.strerror}") from None
        self._damaged = replay.damaged
        found = (_prolonged(alert, now, resolve_timeout) for alert in alerts)
        return [alert for alert in found if not alert.resolved_at(now - retention)]

    def append(self, alerts: Sequence[Alert], new: Sequence[Alert]) -> None:
        """Write how `alerts` stand now, and what the `new` ones among them say.

        Raises LogWriteError, and the file is as before.
        """
        assert self._file is not None
        frames = list(_frames(new, alerts))
        _write(self._file, frames)
        if self._since is not None:
            self._since += frames

    @property
    def wasteful(self) -> bool:
        """Whether to compact is worth it."""
        large = self._file is not None and self._file.size > max(WASTE_BYTES, WASTE_FACTOR * self._small)
        return large or self._damaged

    async def compact(self, alive: Sequence[Alert]) -> None:
        """Rewrite the file with all alerts there are, as they stand at the call. Raises LogWriteError."""
        self._since = []
        try:
            self._take_over(await self._workers.run(_rewritten, self._path, alive), self._since)
            await self._workers.run(sync_folder, self._path.parent)
        except (OSError, StoreError) as error:
            raise LogWriteError(f"{self._path}: can't be replaced: {error}") from error
        finally:
            self._since = None

    def _take_over(self, new: FrameFile, since: Sequence[bytes]) -> None:
        """Put the new file, and what came since it was begun, in the old one's place. Raises StoreError, OSError."""
        small = new.size
        try:
            new.append(since)
            new.path.replace(self._path)
        except BaseException:
            new.close()
            new.path.unlink(missing_ok=True)
            raise
        new.path = self._path
        if self._file is not None:
            self._file.close()
        self._file, self._small, self._damaged = new, small, False

    def close(self) -> None:
        if self._file is not None:
            self._file.close()
            self._file = None


class _Replay:
    """Reads a file to its end, or to where its tail is torn."""

    def __init__(self, path: Path) -> None:
        self._path = path
        self.damaged = False
        self._words: dict[int, tuple[Labels, _Said]] = {}
        self._states: dict[int, tuple[int, int, int, int]] = {}

    def alerts(self) -> list[Alert]:
        for piece in read_frames(self._path, FORM):
            if isinstance(piece, Frame):
                self._take(piece)
            elif piece.torn:
                log.warning("%s: cut off %d bytes that were never finished", self._path, piece.end - piece.start)
                os.truncate(self._path, piece.start)
            else:
                self._tell(piece)
        return [_alert(number, *self._words[number], state) for number, state in self._states.items()]

    def _tell(self, gap: Gap) -> None:
        self.damaged = True
        log.warning("%s: %d bytes are damaged: alerts in them are lost", self._path, gap.end - gap.start)

    def _take(self, frame: Frame) -> None:
        if frame.kind == _WORDS:
            for words in _DECODER.decode(frame.payload):
                said = (pooled(words.annotations), pooled_text(words.generator_url))
                self._words[words.fingerprint] = (Labels(pooled(words.labels)), said)
        else:
            for number, *state in _STATE.iter_unpack(frame.payload):
                if number in self._words:
                    self._states[number] = tuple(state)


def _number(alert: Alert) -> int:
    return int(alert.fingerprint, 16)


def _alert(number: int, labels: Labels, said: _Said, state: tuple[int, int, int, int]) -> Alert:
    starts_at, ends_at, updated_at, timeout = state
    return Alert(labels, said[0], starts_at, ends_at, updated_at, said[1], bool(timeout), f"{number:016x}")


def _prolonged(alert: Alert, now: int, resolve_timeout: int) -> Alert:
    if alert.resolved_at(alert.updated_at):
        return alert
    rest = min(alert.ends_at - alert.updated_at, resolve_timeout)
    return replace(alert, ends_at=max(alert.ends_at, now + rest))


def _frames(new: Iterable[Alert], alerts: Iterable[Alert]) -> Iterator[bytes]:
    """The words of the new ones, then the states of all."""
    words = [_Words(_number(a), a.labels.pairs, a.annotations, a.generator_url) for a in new]
    if words:
        yield framed(_WORDS, msgspec.msgpack.encode(words))
    yield framed(_STATES, b"".join(map(_packed, alerts)))


def _packed(alert: Alert) -> bytes:
    starts_at, ends_at = max(alert.starts_at, _FIRST), min(alert.ends_at, _LAST)
    return _STATE.pack(_number(alert), min(starts_at, _LAST), max(ends_at, _FIRST), alert.updated_at, alert.timeout)


def _rewritten(path: Path, alerts: Sequence[Alert]) -> FrameFile:
    """A file beside the path that holds these alerts, synced. Raises StoreError, OSError, and leaves nothing then."""
    beside = Path(f"{path}{BESIDE}")
    beside.unlink(missing_ok=True)
    try:
        return _filled(FrameFile(beside, FORM), alerts)
    except BaseException:
        beside.unlink(missing_ok=True)
        raise


def _filled(file: FrameFile, alerts: Sequence[Alert]) -> FrameFile:
    try:
        for at in range(0, len(alerts), _CHUNK):
            chunk = alerts[at : at + _CHUNK]
            file.append(list(_frames(chunk, chunk)))
        handle = file.duplicate()
        try:
            os.fsync(handle)
        finally:
            os.close(handle)
    except BaseException:
        file.close()
        raise
    return file


def _write(file: FrameFile, frames: Sequence[bytes]) -> None:
    try:
        file.append(frames)
    except StoreError as error:
        raise LogWriteError(f"alerts are told, but a restart may forget them: {error}") from error
