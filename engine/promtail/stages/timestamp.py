"""The timestamp stage: the time of a line from what was extracted.

Where that fails the line gets the last good time of its label set, one nanosecond later each (`fudge`), so that the
order stays; or it keeps the time at which it was read (`skip`).
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from datetime import UTC, datetime
from operator import itemgetter
from typing import Final, Protocol, Self
from zoneinfo import ZoneInfo

import msgspec

from engine.foundation.decode import Report
from engine.gotemplate.layout import CHUNK
from engine.gotemplate.timeparse import NAMED, parse
from engine.gotemplate.timeread import TimeReader
from engine.promtail.entry import Entry
from engine.promtail.portion import Pairs, Portion
from engine.promtail.stages.stage import Parts, Stage
from engine.promtail.stages.texts import as_text

_SECOND: Final = 1_000_000_000
_REMEMBERED: Final = 10_000
_UNIX: Final = {"UnixMs": 1_000_000, "UnixUs": 1_000, "UnixNs": 1}
_YEARS: Final = ("2006", "_2006", "06")


class Location(str):
    """A time zone's name, which the system knows."""

    __slots__ = ()

    @classmethod
    def from_text(cls, text: str) -> Self:
        try:
            if text:
                ZoneInfo(text)
        except (KeyError, ValueError, OSError):
            raise ValueError(f"invalid location specified: unknown time zone {text}") from None
        return cls(text)


class Failure(str):
    """What happens to a line whose time can't be read."""

    __slots__ = ()

    @classmethod
    def from_text(cls, text: str) -> Self:
        if text and text not in ("fudge", "skip"):
            raise ValueError(f"invalid action on failure (supported values are [skip fudge], not {text})")
        return cls(text or "fudge")


class TimestampConfig(msgspec.Struct, frozen=True, kw_only=True):
    source: str = ""
    format: str = ""
    fallback_formats: tuple[str, ...] = ()
    location: Location = Location()
    action_on_failure: Failure = Failure("fudge")

    def check(self, report: Report) -> None:
        if not self.source:
            report.error("timestamp source value is required if timestamp is specified", "source")
        if not self.format:
            report.error("timestamp format is required", "format")
        elif not _is_known(self.format) and CHUNK.search(self.format) is None:
            names = ", ".join([*NAMED, "Unix", *_UNIX])
            report.warning(
                f"the layout names no part of a time, so nothing fits it: write 2006-01-02, or one of {names}", "format"
            )


class Timestamp(Stage):
    def __init__(self, config: TimestampConfig, parts: Parts) -> None:
        self._config = config
        self._parts = parts
        zone = ZoneInfo(config.location) if config.location else None
        self._readers = [_reader(one, zone, parts.now) for one in (config.format, *config.fallback_formats)]
        self._last: dict[Pairs, int] = {}

    def process(self, entry: Entry) -> Sequence[Entry]:
        time = self._read(as_text(entry.extracted.get(self._config.source)))
        if time is not None:
            entry.time = time
            self._remember(_key(entry), time)
            return (entry,)
        self._parts.counts.faults["timestamp"] += 1
        if self._config.action_on_failure == "fudge":
            self._fudge(entry)
        return (entry,)

    def bulk(self, portion: Portion) -> bool:
        """Where all times can be read."""
        texts = [text for text in portion.texts(self._config.source) if text is not None]
        if not texts or len(texts) < len(portion):
            return False
        times = self._readers[0].read_all(texts)
        if None in times:
            times = [self._read(text) for text in texts]
        if None in times:
            return False
        portion.times = [time for time in times if time is not None]
        if self._config.action_on_failure == "fudge":
            for key, row in sorted(portion.last_rows().items(), key=itemgetter(1)):
                self._remember(key, portion.times[row])
        return True

    def _read(self, text: str | None) -> int | None:
        for reader in self._readers if text is not None else ():
            time = reader.read(text or "")
            if time is not None:
                return time
        return None

    def _fudge(self, entry: Entry) -> None:
        key = _key(entry)
        last = self._last.get(key)
        if last is not None:
            entry.time = last + 1
            self._remember(key, last + 1)

    def _remember(self, key: Pairs, time: int) -> None:
        """For the newest label sets; the one that was longest without a line is forgotten first."""
        self._last.pop(key, None)
        self._last[key] = time
        if len(self._last) > _REMEMBERED:
            del self._last[next(iter(self._last))]


def _key(entry: Entry) -> Pairs:
    return tuple(sorted(entry.labels.items()))


def _is_known(name: str) -> bool:
    return name in NAMED or name == "Unix" or name in _UNIX


class _Reader(Protocol):
    """From a text to Unix ns, or to None."""

    def read(self, text: str) -> int | None: ...

    def read_all(self, texts: Sequence[str]) -> list[int | None]: ...


class _Each(msgspec.Struct, frozen=True):
    """Reads each text by itself."""

    read: Callable[[str], int | None]

    def read_all(self, texts: Sequence[str]) -> list[int | None]:
        return list(map(self.read, texts))


def _reader(name: str, zone: ZoneInfo | None, now: Callable[[], int]) -> _Reader:
    if name == "Unix":
        return _Each(_unix)
    if name in _UNIX:
        unit = _UNIX[name]
        return _Each(lambda text: int(text) * unit if _is_whole(text) else None)
    layout = NAMED.get(name, name)
    if any(found in _YEARS for found in CHUNK.findall(layout)):
        return TimeReader(layout, zone)
    return _Each(lambda text: _this_year(layout, text, zone, now()))


def _is_whole(text: str) -> bool:
    bare = text[1:] if text[:1] in ("-", "+") else text
    return bare.isascii() and bare.isdigit() and len(bare) < 20


def _unix(text: str) -> int | None:
    """Seconds, perhaps with a fraction."""
    whole, dot, fraction = text.partition(".")
    if not _is_whole(whole) or (dot and not (fraction.isascii() and fraction.isdigit())):
        return None
    part = int((fraction + "0" * 9)[:9])
    return int(whole) * _SECOND + (-part if whole.startswith("-") else part)


def _this_year(layout: str, text: str, zone: ZoneInfo | None, now: int) -> int | None:
    """A time without a year is of this one; in December January is of the next, in January December of the last."""
    found = parse(f"2006 {layout}", f"2000 {text}", zone)
    if found is None:
        return None
    today = datetime.fromtimestamp(now // _SECOND, zone or UTC)
    year = today.year + ((today.month == 12 and found.month == 1) - (today.month == 1 and found.month == 12))
    again = parse(f"2006 {layout}", f"{year:04d} {text}", zone)
    return None if again is None else again.ns
