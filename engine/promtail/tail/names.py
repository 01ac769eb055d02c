"""Names that rotation gives: which file may be an older part of which."""

from __future__ import annotations

import os
import re
from typing import Final

_ROTATED: Final = re.compile(r"[.\-_]?(?:[0-9][0-9T:Z.\-_+]*|old|bak|copy|backup|orig|prev)|~")  # noqa: TID251 - ours


def is_rotated(path: str, original: str) -> bool:
    """`app.log.1`, `app-20260101.log`, `app.log.old` of `app.log`, in the same folder."""
    folder, name = os.path.split(path)
    other, first = os.path.split(original)
    if folder != other or name == first:
        return False
    stem, ending = os.path.splitext(first)
    if name.startswith(first):
        return _ROTATED.fullmatch(name[len(first) :]) is not None
    if ending and name.startswith(stem) and name.endswith(ending):
        return _ROTATED.fullmatch(name[len(stem) : -len(ending)]) is not None
    return False
