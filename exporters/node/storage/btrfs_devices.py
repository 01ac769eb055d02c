"""The devices of a mounted btrfs and their errors, by the file system's own calls.

The numbers of the calls and the places of what they fill in are the kernel's interface, `linux/btrfs.h`.
"""

from __future__ import annotations

import errno
import os
import struct
import uuid
from collections.abc import Mapping
from typing import Final

from msgspec import Struct

_FS_INFO: Final = 0x8400941F
_DEV_INFO: Final = 0xD000941E
_DEV_STATS: Final = 0xC4089434
_FS_INFO_SIZE: Final = 1024
_DEV_INFO_SIZE: Final = 4096
_DEV_STATS_SIZE: Final = 1032
_PATH_AT: Final = 3072  # behind device, uuid, used, size and what is kept free
ERRORS: Final = ("write", "read", "flush", "corruption", "generation")


class Device(Struct, frozen=True):
    """Bytes and counts."""

    path: str
    uuid: str
    used: float
    size: float
    errors: Mapping[str, float]


def ask(point: str) -> tuple[str, list[Device]] | None:
    """The file system's identity and its devices; None where it can't be opened, or is no btrfs."""
    try:
        descriptor = os.open(point, os.O_RDONLY)
    except OSError:
        return None
    try:
        return _asked(descriptor)
    except (OSError, ImportError):
        return None
    finally:
        os.close(descriptor)


def _asked(descriptor: int) -> tuple[str, list[Device]]:
    highest, count, identity = struct.unpack_from("=QQ16s", _call(descriptor, _FS_INFO, bytearray(_FS_INFO_SIZE)))
    devices: list[Device] = []
    for number in range(highest + 1):
        try:
            devices.append(_device(descriptor, number))
        except OSError as error:
            if error.errno != errno.ENODEV:  # numbers have gaps
                raise
        if len(devices) == count:
            break
    return str(uuid.UUID(bytes=identity)), devices


def _device(descriptor: int, number: int) -> Device:
    question = bytearray(_DEV_INFO_SIZE)
    struct.pack_into("=Q", question, 0, number)
    info = _call(descriptor, _DEV_INFO, question)
    identity, used, size = struct.unpack_from("=16sQQ", info, 8)
    path = info[_PATH_AT:].split(b"\0", 1)[0].decode("utf-8", "replace")
    question = bytearray(_DEV_STATS_SIZE)
    struct.pack_into("=QQ", question, 0, number, len(ERRORS))
    counts = struct.unpack_from("=5Q", _call(descriptor, _DEV_STATS, question), 24)
    errors = dict(zip(ERRORS, map(float, counts), strict=True))
    return Device(path, str(uuid.UUID(bytes=identity)), float(used), float(size), errors)


def _call(descriptor: int, number: int, question: bytearray) -> bytes:
    import fcntl  # noqa: PLC0415 - Linux alone has it

    fcntl.ioctl(descriptor, number, question, True)
    return bytes(question)
