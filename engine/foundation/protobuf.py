"""Messages of the protobuf wire format, field by field.

There are few messages here, and of them only a few fields count, so they are told in tables and read by one loop;
what a table does not name is passed over. Mistakes are told in the words of the library that Prometheus uses.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from types import MappingProxyType
from typing import Final

from msgspec import Struct

from engine.foundation.errors import RemoteError

VARINT: Final = 0
FIXED64: Final = 1
CHUNK: Final = 2
_GROUP: Final = 3
_END_GROUP: Final = 4
_FIXED32: Final = 5
_MAX_VARINT: Final = 10
_WORD: Final = (1 << 64) - 1


class WireError(RemoteError):
    """The bytes are no such message."""


class Message(Struct, frozen=True):
    """A message's name, and the name and wire type of each field that counts, by number."""

    name: str
    fields: Mapping[int, tuple[str, int]]

    @classmethod
    def of(cls, name: str, /, **fields: tuple[int, int]) -> Message:
        """Fields by name, each with its number and wire type."""
        return cls(name, MappingProxyType({number: (field, wire) for field, (number, wire) in fields.items()}))


def fields(message: Message, data: bytes, at: int, stop: int) -> Iterator[tuple[int, int, int]]:
    """The fields between `at` and `stop` that count: (number, start, end), in their order.

    A chunk's content lies between start and end, so do the 8 bytes of a fixed64; of a varint start is the value itself,
    and end where it ends. Raises WireError.
    """
    while at < stop:
        tag, at = varint(data, at, stop)
        number, wire = (tag >> 3) & 0x1FFFFFFF, tag & 7
        if wire == _END_GROUP:
            raise WireError(f"proto: {message.name}: wiretype end group for non-group")
        if number == 0:
            raise WireError(f"proto: {message.name}: illegal tag {number} (wire type {wire})")
        if number not in message.fields:
            at = _skip(data, at, stop, wire)
            continue
        name, wanted = message.fields[number]
        if wire != wanted:
            raise WireError(f"proto: wrong wireType = {wire} for field {name}")
        if wire == VARINT:
            value, at = varint(data, at, stop)
            yield number, value, at
            continue
        start, at = _extent(data, at, stop, wire)
        yield number, start, at


def varint(data: bytes, at: int, stop: int) -> tuple[int, int]:
    """The number there, 0 to 2^64 - 1, and where it ends. Raises WireError."""
    value = 0
    for shift in range(0, 7 * _MAX_VARINT, 7):
        if at >= stop:
            raise WireError("unexpected EOF")
        byte = data[at]
        at += 1
        value |= (byte & 0x7F) << shift
        if byte < 0x80:
            return value & _WORD, at
    raise WireError("proto: integer overflow")


def encoded(number: int) -> bytes:
    """A number that is not negative, as a varint."""
    out = bytearray()
    while number > 0x7F:
        out.append(number & 0x7F | 0x80)
        number >>= 7
    out.append(number)
    return bytes(out)


def signed(value: int) -> int:
    """A varint as int64."""
    return value - (1 << 64) if value >> 63 else value


def _extent(data: bytes, at: int, stop: int, wire: int) -> tuple[int, int]:
    """Where the content of a field that is no varint and no group begins and ends."""
    size = 8 if wire == FIXED64 else 4
    if wire == CHUNK:
        size, at = varint(data, at, stop)
        if size >> 63:
            raise WireError("proto: negative length found during unmarshaling")
    if at + size > stop:
        raise WireError("unexpected EOF")
    return at, at + size


def _skip(data: bytes, at: int, stop: int, wire: int) -> int:
    """Where a field that does not count ends; groups may be nested."""
    depth = 0
    while True:
        if wire == VARINT:
            _, at = varint(data, at, stop)
        elif wire in (FIXED64, CHUNK, _FIXED32):
            _, at = _extent(data, at, stop, wire)
        elif wire == _GROUP:
            depth += 1
        elif wire == _END_GROUP:
            depth -= 1
            if depth < 0:
                raise WireError("proto: unexpected end of group")
        else:
            raise WireError(f"proto: illegal wireType {wire}")
        if not depth:
            return at
        tag, at = varint(data, at, stop)
        wire = tag & 7


def framed(number: int, content: bytes) -> bytes:
    """A field that is a chunk: a message, a text or bytes."""
    return encoded(number << 3 | CHUNK) + encoded(len(content)) + content


def counted(number: int, value: int) -> bytes:
    """A field that is an int64 or an enum; nothing where it is zero, as everybody writes it."""
    return encoded(number << 3 | VARINT) + encoded(value & _WORD) if value else b""
