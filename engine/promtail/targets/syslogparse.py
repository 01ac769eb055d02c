"""Syslog messages, RFC 5424 and RFC 3164, and how a stream of bytes is cut into them. Knows no socket."""

from __future__ import annotations

import re
from collections.abc import Mapping
from datetime import UTC, datetime
from typing import Final

from msgspec import Struct, field

from engine.gotemplate.timeparse import parse, parse_time
from engine.promtail.errors import SourceError

SEVERITIES: Final = ("emergency", "alert", "critical", "error", "warning", "notice", "informational", "debug")
FACILITIES: Final = (
    "kern", "user", "mail", "daemon", "auth", "syslog", "lpr", "news", "uucp", "cron", "authpriv", "ftp", "ntp",
    "security", "console", "solaris-cron", "local0", "local1", "local2", "local3", "local4", "local5", "local6",
    "local7",
)  # fmt: skip
_RFC3339: Final = "2006-01-02T15:04:05.999999999Z07:00"
_STAMP: Final = "2006 Jan _2 15:04:05"
_SECOND: Final = 1_000_000_000
_HEAD: Final = re.compile(  # noqa: TID251 - ours, linear
    rb"<([0-9]{1,3})>([1-9][0-9]{0,2}) (\S{1,64}) (\S{1,255}) (\S{1,48}) (\S{1,128}) (\S{1,32}) "
)
_ELEMENT: Final = re.compile(rb'\[([^ =\]"]{1,32})((?: [^ =\]"]{1,32}="(?:[^"\\\]]|\\.)*+")*+)\]')  # noqa: TID251 - ours
_PARAMETER: Final = re.compile(rb' ([^ =\]"]+)="((?:[^"\\\]]|\\.)*+)"')  # noqa: TID251 - ours, linear
_ESCAPED: Final = re.compile(rb'\\(["\\\]])')  # noqa: TID251 - ours, linear
_OLD: Final = re.compile(  # noqa: TID251 - ours, linear
    rb"<([0-9]{1,3})>(?:([A-Z][a-z]{2} [ 0-9][0-9] [0-9:]{8})|(\d{4}-\S+)) (?:(\S+) )?"
    rb"(?:([^\s\[\]:]{1,64})(?:\[([^\]]{1,128})\])?: ?)?(.*)",
    re.DOTALL,
)
_BOM: Final = b"\xef\xbb\xbf"


class Message(Struct, frozen=True):
    """`time` is Unix ns, None where it bears none. What is not told is empty."""

    facility: str
    severity: str
    time: int | None
    host: str
    app: str
    process: str
    id: str
    text: str
    data: Mapping[str, Mapping[str, str]] = field(default_factory=dict)


def parse_5424(raw: bytes) -> Message:
    """Raises SourceError."""
    found = _HEAD.match(raw)
    if found is None:
        raise SourceError("no message of RFC 5424: want <PRIORITY>VERSION TIME HOST APP PROCESS ID DATA")
    facility, severity = _priority(found[1])
    stamp, host, app, process, ident = (_nil(part) for part in found.groups()[2:])
    time = None
    if stamp and (time := parse_time(_RFC3339, stamp)) is None:
        raise SourceError(f'"{stamp}" is no time of RFC 5424')
    data, at = _structured(raw, found.end())
    text = raw[at:]
    if text and not text.startswith(b" "):
        raise SourceError("something stands right behind the structured data")
    return Message(facility, severity, time, host, app, process, ident, _text(text[1:].removeprefix(_BOM)), data)


def parse_3164(raw: bytes, now: int) -> Message:
    """Its times have no year: `now` (Unix ns) tells which. Raises SourceError."""
    found = _OLD.fullmatch(raw)
    if found is None:
        raise SourceError("no message of RFC 3164: want <PRIORITY>Mmm dd hh:mm:ss HOST TAG: TEXT")
    facility, severity = _priority(found[1])
    time = _old_time(found[2].decode(), now) if found[2] else parse_time(_RFC3339, _text(found[3]))
    if time is None:
        raise SourceError("no message of RFC 3164: its time can't be read")
    host, app, process = (_text(part or b"") for part in (found[4], found[5], found[6]))
    return Message(facility, severity, time, host, app, process, "", _text(found[7]))


class Splitter:
    """Cuts a connection into messages: `LENGTH MESSAGE`, or lines. Raises SourceError where neither can be."""

    def __init__(self, longest: int) -> None:
        self._longest = longest or 8192
        self._rest = b""

    def feed(self, data: bytes) -> list[bytes]:
        self._rest += data
        found: list[bytes] = []
        while (message := self._next()) is not None:
            if message:
                found.append(message)
        return found

    def finish(self) -> list[bytes]:
        """What is left without an end, where it is a line."""
        rest, self._rest = self._rest, b""
        return [rest.rstrip(b"\r")] if rest.startswith(b"<") else []

    def _next(self) -> bytes | None:
        rest = self._rest
        if not rest:
            return None
        if rest[:1].isdigit():
            return self._counted(rest)
        end = rest.find(b"\n")
        if end < 0:
            if len(rest) > self._longest:
                raise SourceError(f"a message is longer than {self._longest} bytes")
            return None
        self._rest = rest[end + 1 :]
        if end > self._longest:
            raise SourceError(f"a message is longer than {self._longest} bytes")
        return rest[:end].rstrip(b"\r\0")

    def _counted(self, rest: bytes) -> bytes | None:
        digits, space, body = rest[:11].partition(b" ")
        if not digits.isdigit() or len(digits) > 9:
            raise SourceError("a message begins neither with its length nor with <")
        if not space:
            if len(rest) >= 11:
                raise SourceError("a message begins neither with its length nor with <")
            return None
        size = int(digits)
        if size > self._longest:
            raise SourceError(f"a message of {size} bytes is longer than {self._longest}")
        body = rest[len(digits) + 1 :]
        if len(body) < size:
            return None
        self._rest = body[size:]
        return body[:size].rstrip(b"\n")


def _priority(digits: bytes) -> tuple[str, str]:
    facility, severity = divmod(int(digits), 8)
    if facility >= len(FACILITIES):
        raise SourceError(f"{int(digits)} is no priority: want 0 to 191")
    return FACILITIES[facility], SEVERITIES[severity]


def _structured(raw: bytes, at: int) -> tuple[dict[str, dict[str, str]], int]:
    """The elements, and where they end."""
    if raw[at : at + 1] == b"-":
        return {}, at + 1
    data: dict[str, dict[str, str]] = {}
    while (found := _ELEMENT.match(raw, at)) is not None:
        values = data.setdefault(_text(found[1]), {})
        for parameter in _PARAMETER.finditer(found[2]):
            values[_text(parameter[1])] = _text(_ESCAPED.sub(rb"\1", parameter[2]))
        at = found.end()
    if not data:
        raise SourceError("want structured data or -")
    return data, at


def _nil(part: bytes) -> str:
    return "" if part == b"-" else _text(part)


def _text(part: bytes) -> str:
    return part.decode("utf-8", "replace")


def _old_time(stamp: str, now: int) -> int | None:
    """Of this year; in January December is of the last one, and the other way round."""
    today = datetime.fromtimestamp(now // _SECOND, UTC)
    found = parse(_STAMP, f"2000 {stamp}")
    if found is None:
        return None
    year = today.year + ((today.month == 12 and found.month == 1) - (today.month == 1 and found.month == 12))
    return parse_time(_STAMP, f"{year:04d} {stamp}")
