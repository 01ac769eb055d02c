"""JSON that is broken, or has something behind it, as Loki's reader takes it: labels that come before the fault count.

Only lines that a strict reader refused come here. Every step goes forward in the line; objects may be DEPTH deep.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from typing import Final

import msgspec

from engine.logql.pipeline.row import REPLACEMENT

DEPTH: Final = 200
REFUSED: Final = (msgspec.DecodeError, UnicodeDecodeError, RecursionError)
"""What the strict reader raises."""
NOT_AN_OBJECT: Final = "expecting json object(6), but it is not"
_BLANK: Final = re.compile(rb"[ \t\r\n]*")  # noqa: TID251 - ours, linear
_PLAIN: Final = re.compile(rb'[^"\\\x00-\x1f]*')  # noqa: TID251 - ours, linear
_NUMBER: Final = re.compile(rb"[-+.eE0-9]+")  # noqa: TID251 - ours, linear
_HEX: Final = re.compile(rb"[0-9a-fA-F]{4}")  # noqa: TID251 - ours, bounded
_SIMPLE: Final = {
    0x22: b'"', 0x5C: b"\\", 0x2F: b"/", 0x62: b"\b", 0x66: b"\f", 0x6E: b"\n", 0x72: b"\r", 0x74: b"\t", 0x27: b"'",
}  # fmt: skip
_WORDS: Final = {0x74: b"true", 0x66: b"false", 0x6E: b"null"}

Taken = Callable[[tuple[str, ...], str, bool], None]
"""Gets the keys that lead to a value, its text, and whether it stood in quotes."""


class BrokenError(ValueError):
    """The text of the fault, in the words of Loki's reader."""


class Scanner:
    """Reads one line; `take` is told of each text, number, true and false."""

    def __init__(self, line: bytes, take: Taken) -> None:
        self._line = line
        self._at = 0
        self._take = take

    def run(self) -> None:
        """Raises BrokenError."""
        if self._peek() != 0x7B:
            raise BrokenError(NOT_AN_OBJECT)
        self._object((), told=True)

    def _object(self, path: tuple[str, ...], *, told: bool) -> None:
        if len(path) >= DEPTH:
            raise self._broken("incrementDepth", "exceeded max depth")
        self._at += 1
        if (char := self._token()) == 0x7D:
            return
        if char != 0x22:
            raise self._broken("ReadMapCB", f'expect " after {{, but found {_shown(char)}')
        self._at -= 1
        while True:
            name = self._string()
            if self._token() != 0x3A:
                raise self._broken("ReadMapCB", f"expect : after object field, but found {_shown(char)}")
            self._value((*path, name), told=told)
            if (char := self._token()) != 0x2C:
                break
        if char != 0x7D:
            raise self._broken("ReadMapCB", "object not ended with }")

    def _value(self, path: tuple[str, ...], *, told: bool) -> None:
        char = self._peek()
        if char == 0x7B:
            self._object(path, told=told)
        elif char == 0x5B:
            self._array(path)
        elif char == 0x22:
            text = self._string()
            if told:
                self._take(path, "" if REPLACEMENT in text else text, True)
        elif char in _WORDS:
            self._word(path, _WORDS[char], told=told)
        elif (found := _NUMBER.match(self._line, self._at)) is not None:
            self._at = found.end()
            if told:
                self._take(path, found[0].decode(), False)
        else:
            self._at += char != 0
            raise self._broken("Skip", f"do not know how to skip: {char}")

    def _word(self, path: tuple[str, ...], word: bytes, *, told: bool) -> None:
        if not self._line.startswith(word, self._at):
            self._at += 1
            raise self._broken("skipBytes", f"expect {word[1:].decode()}")
        self._at += len(word)
        if told and word != b"null":
            self._take(path, word.decode(), False)

    def _array(self, path: tuple[str, ...]) -> None:
        if len(path) >= DEPTH:
            raise self._broken("incrementDepth", "exceeded max depth")
        self._at += 1
        if self._peek() == 0x5D:
            self._at += 1
            return
        while True:
            self._value((*path, ""), told=False)
            if (char := self._token()) != 0x2C:
                break
        if char != 0x5D:
            raise self._broken("Skip", "array not ended with ]")

    def _string(self) -> str:
        if (char := self._token()) != 0x22:
            raise self._broken("ReadString", f'expects " or n, but found {_shown(char)}')
        pieces = []
        while True:
            found = _PLAIN.match(self._line, self._at)
            assert found is not None
            pieces.append(found[0])
            self._at = found.end()
            char = self._line[self._at] if self._at < len(self._line) else 0
            self._at += 1
            if char == 0x22:
                return b"".join(pieces).decode("utf-8", "replace")
            if char != 0x5C:
                self._at = min(self._at, len(self._line))
                ended = self._at >= len(self._line)
                what = "unexpected end of input" if ended else f"invalid control character found: {char}"
                raise self._broken("readStringSlowPath" if ended else "ReadString", what)
            pieces.append(self._escape())

    def _escape(self) -> bytes:
        kind = self._line[self._at] if self._at < len(self._line) else 0
        self._at += 1
        if kind in _SIMPLE:
            return _SIMPLE[kind]
        if kind != 0x75:
            self._at = min(self._at, len(self._line))
            raise self._broken("readEscapedChar", "invalid escape char after \\")
        code = self._code()
        if 0xD800 <= code < 0xDC00 and self._line.startswith(b"\\u", self._at):
            self._at += 2
            low = self._code()
            if 0xDC00 <= low < 0xE000:
                return chr(0x10000 + ((code - 0xD800) << 10) + low - 0xDC00).encode()
            return REPLACEMENT.encode() + (REPLACEMENT if 0xD800 <= low < 0xDC00 else chr(low)).encode()
        return (REPLACEMENT if 0xD800 <= code < 0xE000 else chr(code)).encode()

    def _code(self) -> int:
        found = _HEX.match(self._line, self._at)
        if found is None:
            raise self._broken("readU4", "expects 0~9 or a~f")
        self._at += 4
        return int(found[0], 16)

    def _peek(self) -> int:
        found = _BLANK.match(self._line, self._at)
        assert found is not None
        self._at = found.end()
        return self._line[self._at] if self._at < len(self._line) else 0

    def _token(self) -> int:
        char = self._peek()
        self._at += self._at < len(self._line)
        return char

    def _broken(self, where: str, what: str) -> BrokenError:
        near = self._line[max(self._at - 10, 0) : self._at + 10].decode(errors="replace")
        far = self._line[max(self._at - 50, 0) : self._at + 50].decode(errors="replace")
        place = f"error found in #{min(self._at, 10)} byte of ...|{near}|..., bigger context ...|{far}|..."
        return BrokenError(f"{where}: {what}, {place}")


def _shown(char: int) -> str:
    return bytes((char,)).decode(errors="replace")
