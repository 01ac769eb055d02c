"""Label values that browsers choose, held to a number that a store can bear.

Anybody who reaches the page can post: so identifiers in paths become `:id`, values are cut, and what comes after the
first `most` values of a family is counted as `other`.
"""

from __future__ import annotations

import logging
import re
from typing import Final

OTHER: Final = "other"
UNKNOWN: Final = "unknown"
_LONGEST: Final = 120
_LONG: Final = 16  # of letters and digits: no word of a person's choosing
_UUID: Final = re.compile(r"[0-9a-fA-F]{8}-[0-9a-fA-F-]{27}")  # noqa: TID251 - ours, linear
_ORIGIN: Final = re.compile(r"^[a-zA-Z][a-zA-Z+.-]*://[^/?#]*")  # noqa: TID251 - ours, linear

log = logging.getLogger(__name__)


def tidy(subject: str) -> str:
    """A page without origin, query, fragment and identifiers; other names as they are. Never empty, never long."""
    bare = _ORIGIN.sub("", subject.strip()[: 8 * _LONGEST])
    if bare.startswith("/") or bare != subject.strip():
        bare = without_identifiers(re.split("[?#]", bare, maxsplit=1)[0] or "/")
    return bare[:_LONGEST] or UNKNOWN


def without_identifiers(path: str) -> str:
    """The path with `:id` for each part of it that is a number, a UUID, or a long string with digits."""
    return "/".join(":id" if _is_identifier(part) else part for part in path.split("/"))


def _is_identifier(part: str) -> bool:
    if part.isdecimal() or _UUID.fullmatch(part):
        return True
    return len(part) >= _LONG and part.isalnum() and any(map(str.isdecimal, part))


class LabelValues:
    """The first `most` values of each family; all others are one."""

    def __init__(self, most: int) -> None:
        self._most = most
        self._known: dict[str, set[str]] = {}

    def admit(self, family: str, value: str) -> str:
        """The value, or `other`; the first time that it is `other` is told in the log."""
        known = self._known.setdefault(family, set())
        if value in known:
            return value
        if len(known) < self._most:
            known.add(value)
            return value
        if len(known) == self._most:
            known.add(OTHER)
            log.warning("%s has %d label values: further ones are counted as %r", family, self._most, OTHER)
        return OTHER
