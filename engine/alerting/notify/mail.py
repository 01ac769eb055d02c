"""Letters as bytes: headers that survive other alphabets, and parts in quoted-printable."""

from __future__ import annotations

import binascii
from collections.abc import Iterable
from typing import Final

_LONGEST_WORD: Final = 63  # what fits between `=?utf-8?q?` and `?=` in 75 characters
_PLAIN: Final = frozenset(chr(code) for code in range(ord("!"), ord("~") + 1)) - frozenset("=?_")


def encoded_header(text: str) -> str:
    """Printable ASCII as it is, all else as encoded words (RFC 2047); never a line break that could start a header."""
    if all(" " <= char <= "~" or char == "\t" for char in text):
        return text
    words: list[str] = [""]
    for char in text:
        piece = _encoded_char(char)
        if len(words[-1]) + len(piece) > _LONGEST_WORD:
            words.append("")
        words[-1] += piece
    return " ".join(f"=?utf-8?q?{word}?=" for word in words)


def letter(headers: Iterable[tuple[str, str]], parts: Iterable[tuple[str, str]], boundary: str) -> bytes:
    """A multipart/alternative message; headers are encoded already, parts are pairs of media type and text."""
    parts = list(parts)
    lines = [f"{name}: {value}" for name, value in headers]
    lines += [f"Content-Type: multipart/alternative;  boundary={boundary}", "MIME-Version: 1.0", ""]
    for media_type, text in parts:
        lines += [f"--{boundary}", "Content-Transfer-Encoding: quoted-printable"]
        lines += [f"Content-Type: {media_type}; charset=UTF-8", "", quoted_printable(text)]
    lines += [*([] if parts else [""]), f"--{boundary}--", ""]
    return "\r\n".join(lines).encode()


def quoted_printable(text: str) -> str:
    """Lines of at most 76 characters, ended by CR LF."""
    unix = text.replace("\r\n", "\n").encode("utf-8", "replace")
    return binascii.b2a_qp(unix, quotetabs=False, istext=True).decode("ascii").replace("\n", "\r\n")


def _encoded_char(char: str) -> str:
    if char == " ":
        return "_"
    return char if char in _PLAIN else "".join(f"={byte:02X}" for byte in char.encode("utf-8", "replace"))
