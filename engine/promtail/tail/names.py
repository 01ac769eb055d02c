"""Names of files: as people and labels see them, and which file may be an older part of which by its name."""

from __future__ import annotations

import os
import re
from functools import lru_cache
from typing import Final

_ROTATED: Final = re.compile(r"[.\-_](?:[0-9][0-9T:Z.\-_+]*|old|bak|copy|backup|orig|prev)|~")  # noqa: TID251 - ours


def shown(path: str) -> str:
    """What is no UTF-8 in the name of a file is shown as such, since labels and pages are texts."""
    return path if path.isascii() else path.encode(errors="surrogateescape").decode(errors="replace")


@lru_cache(maxsize=16_384)
def originals_of(path: str) -> frozenset[str]:
    """The paths of which this one may be an older part: `app.log` of `app.log.1`, `app-20260101.log`, `app.log.old`.

    They lie in the same folder; most names have none. Without a sign before it a number only tells files apart.
    """
    folder, name = os.path.split(path)
    stem, ending = os.path.splitext(name)
    found = {name[:at] for at in range(1, len(name)) if _ROTATED.fullmatch(name, at) is not None}
    if ending:
        found |= {stem[:at] + ending for at in range(1, len(stem)) if _ROTATED.fullmatch(stem, at) is not None}
    return frozenset(os.path.join(folder, one) for one in found)


def is_rotated(path: str, original: str) -> bool:
    return original in originals_of(path)
