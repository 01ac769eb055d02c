"""DER (X.690) as far as certificates need it: elements one after the other, and what stands in them."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, datetime
from typing import Final

from msgspec import Struct

SEQUENCE: Final = 0x30
UTC_TIME: Final = 0x17
_TEXTS: Final = {0x0C: "utf-8", 0x12: "ascii", 0x13: "ascii", 0x14: "latin-1", 0x16: "ascii", 0x1E: "utf-16-be"}


class DerError(ValueError):
    """These bytes are no DER."""


class Element(Struct, frozen=True):
    """`whole` are its bytes with the tag and the length, `content` those without."""

    tag: int
    content: bytes
    whole: bytes

    def parts(self) -> list[Element]:
        return list(elements(self.content))

    def text(self) -> str | None:
        """What a text of one of the usual kinds says."""
        encoding = _TEXTS.get(self.tag)
        return None if encoding is None else self.content.decode(encoding, "replace")

    def oid(self) -> str:
        """An object identifier with dots."""
        numbers, number = [], 0
        for byte in self.content:
            number = number << 7 | byte & 0x7F
            if not byte & 0x80:
                numbers.append(number)
                number = 0
        if not numbers:
            raise DerError("an empty identifier")
        first = min(numbers[0] // 40, 2)
        return ".".join(map(str, [first, numbers[0] - 40 * first, *numbers[1:]]))

    def unix_time(self) -> int:
        """A UTCTime or GeneralizedTime, in seconds."""
        text = self.content.decode("ascii", "replace").removesuffix("Z")
        if self.tag == UTC_TIME:
            text = ("19" if text[:2] >= "50" else "20") + text
        try:
            return int(datetime.strptime(text, "%Y%m%d%H%M%S").replace(tzinfo=UTC).timestamp())
        except ValueError:
            raise DerError(f"no time: {text}") from None


def elements(data: bytes) -> Iterator[Element]:
    """The elements that stand behind each other. Raises DerError."""
    at = 0
    while at < len(data):
        start = at
        tag, at = data[at], at + 1
        length, at = _length(data, at)
        end = at + length
        if end > len(data):
            raise DerError("cut off")
        yield Element(tag, data[at:end], data[start:end])
        at = end


def _length(data: bytes, at: int) -> tuple[int, int]:
    if at >= len(data):
        raise DerError("cut off")
    first = data[at]
    if first < 0x80:
        return first, at + 1
    count = first & 0x7F
    if not 1 <= count <= 4 or at + 1 + count > len(data):
        raise DerError("no length")
    return int.from_bytes(data[at + 1 : at + 1 + count]), at + 1 + count
