"""Label sets and vectors of the slow twin."""

from __future__ import annotations

import re
import struct
from collections.abc import Iterable, Sequence
from typing import TypeAlias

from promql.model.matchers import Matcher, MatchOp

Key: TypeAlias = tuple[tuple[str, str], ...]
Vector: TypeAlias = list[tuple[Key, float]]

STALE = 0x7FF0000000000002


class TwinError(Exception):
    """The twin's error of evaluation."""


def key_of(labels: Iterable[tuple[str, str]]) -> Key:
    return tuple(sorted((name, value) for name, value in dict(labels).items() if value))


def nameless(key: Key) -> Key:
    return without(key, ("__name__",))


def without(key: Key, names: Sequence[str]) -> Key:
    return tuple(pair for pair in key if pair[0] not in names)


def only(key: Key, names: Sequence[str]) -> Key:
    return tuple(pair for pair in key if pair[0] in names)


def is_stale(value: float) -> bool:
    (bits,) = struct.unpack("<Q", struct.pack("<d", value))
    return bool(bits == STALE)


def matches(matchers: Sequence[Matcher], key: Key) -> bool:
    labels = dict(key)
    return all(_holds(matcher, labels.get(matcher.name, "")) for matcher in matchers)


def _holds(matcher: Matcher, value: str) -> bool:
    match matcher.op:
        case MatchOp.EQUAL:
            return value == matcher.value
        case MatchOp.NOT_EQUAL:
            return value != matcher.value
        case MatchOp.REGEX:
            return re.fullmatch(matcher.value, value) is not None
        case MatchOp.NOT_REGEX:
            return re.fullmatch(matcher.value, value) is None


def unique(vector: Vector) -> Vector:
    """The same vector; no two of its elements may have the same labels."""
    if len({key for key, _ in vector}) < len(vector):
        raise TwinError("vector cannot contain metrics with the same labelset")
    return vector
