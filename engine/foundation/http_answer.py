"""Answers of HTTP/1.1 servers out of bytes as they come. Knows no socket.

Law: how the bytes are cut into pieces makes no difference. What RFC 9112 does not allow, and what is rare enough to be
read by somebody else (interim answers, other transfer encodings), raises `IrregularError`.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Final

from msgspec import Struct

_HEAD_END: Final = b"\r\n\r\n"
_LONGEST_HEAD: Final = 65536
_STATUS: Final = re.compile(rb"HTTP/1\.([01]) ([2-5][0-9][0-9])(?: ([^\r\n\0]*))?")  # noqa: TID251 - ours, linear
_FIELD: Final = re.compile(rb"([!#$%&'*+.^_`|~0-9A-Za-z-]+):[ \t]*([^\r\n\0]*)")  # noqa: TID251 - ours, linear
_SIZE: Final = re.compile(rb"([0-9a-fA-F]{1,15})[ \t]*(?:;[^\r\n]*)?")  # noqa: TID251 - ours, linear
_DIGITS: Final = re.compile(r"[0-9]{1,18}", re.ASCII)  # noqa: TID251 - ours, linear
_BODILESS: Final = (204, 304)


class IrregularError(ValueError):
    """Not an answer that is read here."""


class TooLongError(ValueError):
    """The body is longer than was allowed."""


class Answer(Struct, frozen=True):
    """A whole answer; the body as it was sent. Header names are in lower case. `kept`: more can be asked."""

    status: int
    reason: str
    headers: Mapping[str, str]
    body: bytes
    kept: bool


class AnswerReader:
    """Reads one answer to a GET; bodies of more than `limit` bytes (0: any) raise TooLongError."""

    def __init__(self, limit: int = 0) -> None:
        self.begun = False
        """Some bytes have come."""
        self.headed = False
        """All headers have come."""
        self._limit = limit
        self._data = bytearray()
        self._pieces: list[bytes] = []
        self._size = 0
        self._wanted: int | None = None
        self._chunked = False
        self._trailing = False
        self._head = Answer(0, "", {}, b"", kept=False)

    def feed(self, data: bytes) -> Answer | None:
        """The answer, if this is its end."""
        self.begun = True
        if not self.headed:
            self._data += data
            end = self._data.find(_HEAD_END)
            if end < 0:
                if len(self._data) > _LONGEST_HEAD:
                    raise IrregularError("endless headers")
                return None
            head, data = bytes(self._data[:end]), bytes(self._data[end + len(_HEAD_END) :])
            self._data.clear()
            self._begin(head)
        return self._chunks(data) if self._chunked else self._plain(data)

    def end(self) -> Answer:
        """The answer, where the end of the connection is its end. Raises EOFError if it is not."""
        if not self.headed or self._chunked or self._wanted is not None:
            raise EOFError
        return self._whole()

    def _begin(self, head: bytes) -> None:
        first, *rest = head.split(b"\r\n")
        status = _STATUS.fullmatch(first)
        fields = [_FIELD.fullmatch(line) for line in rest]
        if status is None or None in fields:
            raise IrregularError("unreadable headers")
        headers: dict[str, str] = {}
        for field in fields:
            assert field is not None, "looked at above"
            name, value = field[1].decode().lower(), field[2].rstrip(b" \t").decode("latin-1")
            if headers.setdefault(name, value) != value and name in ("content-length", "transfer-encoding"):
                raise IrregularError("contradictory headers")
        options = {option.strip() for option in headers.get("connection", "").lower().split(",")}
        kept = "close" not in options and (status[1] == b"1" or "keep-alive" in options)
        self._head = Answer(int(status[2]), (status[3] or b"").decode("latin-1"), headers, b"", kept)
        self._expect(headers)
        self.headed = True

    def _expect(self, headers: Mapping[str, str]) -> None:
        """How the end of the body will be known."""
        coding, length = headers.get("transfer-encoding"), headers.get("content-length")
        if coding is not None:
            if coding.lower() != "chunked" or length is not None:
                raise IrregularError("another transfer encoding")
            self._chunked = True
        elif length is not None:
            if _DIGITS.fullmatch(length) is None:
                raise IrregularError("unreadable length")
            self._wanted = int(length)
        if self._head.status in _BODILESS:
            self._wanted, self._chunked = 0, False

    def _plain(self, data: bytes) -> Answer | None:
        self._add(data)
        if self._wanted is None or self._size < self._wanted:
            return None
        if self._size > self._wanted:
            raise IrregularError("more than one answer")
        return self._whole()

    def _chunks(self, data: bytes) -> Answer | None:
        self._data += data
        held, at = self._data, 0
        while not self._trailing and (end := held.find(b"\r\n", at)) >= 0:
            size = _SIZE.fullmatch(held, at, end)
            if size is None:
                raise IrregularError("unreadable chunk")
            start, length = end + 2, int(size[1], 16)
            if 0 < self._limit < self._size + length:
                raise TooLongError  # without waiting for it
            if not length:
                self._trailing, at = True, end
                break
            if len(held) < start + length + 2:
                break
            if held[start + length : start + length + 2] != b"\r\n":
                raise IrregularError("unreadable chunk")
            self._add(bytes(held[start : start + length]))
            at = start + length + 2
        else:
            if not self._trailing and len(held) - at > _LONGEST_HEAD:
                raise IrregularError("endless size of a chunk")
        del held[:at]
        return self._trailers() if self._trailing else None

    def _trailers(self) -> Answer | None:
        """Behind the last chunk: lines that nobody asked for, up to an empty one."""
        end = self._data.find(_HEAD_END)
        if end < 0 and len(self._data) <= _LONGEST_HEAD:
            return None
        if end != len(self._data) - len(_HEAD_END):
            raise IrregularError("more than one answer")
        return self._whole()

    def _add(self, piece: bytes) -> None:
        self._size += len(piece)
        if 0 < self._limit < self._size:
            raise TooLongError
        self._pieces.append(piece)

    def _whole(self) -> Answer:
        head = self._head
        return Answer(head.status, head.reason, head.headers, b"".join(self._pieces), head.kept and self._has_end())

    def _has_end(self) -> bool:
        return self._chunked or self._wanted is not None
