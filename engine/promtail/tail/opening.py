"""Opening what is to be followed: regular files, and text."""

from __future__ import annotations

import os
import stat
from typing import Final

from engine.promtail.errors import SourceError

BINARY_BYTES: Final = 1024
_WIDE: Final = ("utf-16", "utf16", "utf-32", "utf32", "ucs-2", "ucs-4", "iso-10646")


class Unfit(SourceError):  # noqa: N818 - its text is a reason
    """The file is not to be followed; the text says why."""


def open_text(path: str, encoding: str) -> int:
    """A handle. Raises Unfit, FileNotFoundError."""
    try:
        if not stat.S_ISREG(os.stat(path).st_mode):  # a pipe would wait for its other end
            raise Unfit("no regular file")
        handle = os.open(path, os.O_RDONLY | os.O_CLOEXEC | os.O_NONBLOCK)
    except FileNotFoundError:
        raise
    except OSError as error:
        raise Unfit(f"can't be read: {error.strerror}") from None
    try:
        binary = not encoding.lower().startswith(_WIDE) and is_binary(os.pread(handle, BINARY_BYTES, 0))
    except OSError as error:
        os.close(handle)
        raise Unfit(f"can't be read: {error.strerror}") from None
    if binary:
        os.close(handle)
        raise Unfit("no text: there are NUL bytes at its beginning")
    return handle


def is_binary(block: bytes) -> bool:
    """By the first bytes. A hole before text is what a file has that was cut while its writer stayed where it was."""
    text = block.lstrip(b"\0")
    return b"\0" in text or (not text and bool(block))
