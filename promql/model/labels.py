"""Label sets.

A label set is a sorted tuple of (name, value) pairs in a thin class with a cached hash: it is compared,
hashed and sorted far more often than it is changed. An empty value means that the label is absent, so none
is ever kept. Order is Prometheus's: pair by pair, name before value, by bytes (Python compares code points,
which for UTF-8 is the same order).
"""

from __future__ import annotations

import re
from collections.abc import Collection, Iterable, Iterator, Mapping
from typing import Final

METRIC_NAME: Final = "__name__"


class Labels:
    """An immutable label set. Build it with `Labels.of`; `pairs` must be sorted, without empty values."""

    __slots__ = ("_hash", "pairs")

    def __init__(self, pairs: tuple[tuple[str, str], ...] = ()) -> None:
        self.pairs = pairs
        self._hash = hash(pairs)

    @classmethod
    def of(cls, labels: Mapping[str, str] | Iterable[tuple[str, str]] = (), /, **more: str) -> Labels:
        """From a mapping, from pairs or from keywords; a later value for a name wins, empty ones vanish."""
        merged = {**dict(labels), **more}
        return cls(tuple(sorted((n, v) for n, v in merged.items() if v)))

    def get(self, name: str, default: str = "") -> str:
        for key, value in self.pairs:
            if key == name:
                return value
        return default

    @property
    def name(self) -> str:
        """The metric's name, or nothing."""
        return self.get(METRIC_NAME)

    def names(self) -> list[str]:
        return [n for n, _ in self.pairs]

    def without(self, names: Collection[str]) -> Labels:
        return Labels(tuple(p for p in self.pairs if p[0] not in names))

    def without_name(self) -> Labels:
        return Labels(tuple(p for p in self.pairs if p[0] != METRIC_NAME))

    def keep(self, names: Collection[str]) -> Labels:
        return Labels(tuple(p for p in self.pairs if p[0] in names))

    def set(self, name: str, value: str) -> Labels:
        """With this label; an empty value takes it away."""
        return Labels.of(self.pairs, **{name: value})

    def overlay(self, other: Mapping[str, str] | Labels) -> Labels:
        """With all of the other's labels, which win; its empty values take labels away."""
        pairs = other.pairs if isinstance(other, Labels) else other.items()
        return Labels.of({**dict(self.pairs), **dict(pairs)})

    def as_dict(self) -> dict[str, str]:
        return dict(self.pairs)

    def __iter__(self) -> Iterator[tuple[str, str]]:
        return iter(self.pairs)

    def __len__(self) -> int:
        return len(self.pairs)

    def __contains__(self, name: object) -> bool:
        return any(n == name for n, _ in self.pairs)

    def __eq__(self, other: object) -> bool:
        return isinstance(other, Labels) and self.pairs == other.pairs

    def __lt__(self, other: Labels) -> bool:
        return self.pairs < other.pairs

    def __hash__(self) -> int:
        return self._hash

    def __str__(self) -> str:
        """As PromQL writes it: `name{a="b"}`, or `{}`; names that need quotes are `{"a.name", "a.b"="c"}`."""
        inner = ", ".join(f"{label_name(n)}={quote(v)}" for n, v in self.pairs if n != METRIC_NAME)
        name = self.name
        if name and not _METRIC.fullmatch(name):
            return f"{{{quote(name)}{', ' if inner else ''}{inner}}}"
        return f"{name}{{{inner}}}" if inner or not name else name

    def __repr__(self) -> str:
        return f"Labels({self})"


EMPTY: Final = Labels()

_METRIC: Final = re.compile(r"[a-zA-Z_:][a-zA-Z0-9_:]*", re.ASCII)  # noqa: TID251 - ours, linear
_LABEL: Final = re.compile(r"[a-zA-Z_][a-zA-Z0-9_]*", re.ASCII)  # noqa: TID251 - ours, linear


def is_plain_name(text: str) -> bool:
    """May a label have this name, as Prometheus 2 has it?"""
    return _LABEL.fullmatch(text) is not None


def label_name(text: str) -> str:
    """As PromQL writes it: in quotes where it is no plain name."""
    return text if is_plain_name(text) else quote(text)


_ESCAPES: Final = {
    "\a": "\\a", "\b": "\\b", "\f": "\\f", "\n": "\\n", "\r": "\\r", "\t": "\\t", "\v": "\\v", "\\": "\\\\", '"': '\\"',
}  # fmt: skip


def quote(text: str) -> str:
    r"""Go's `strconv.Quote`; surrogate escapes stand for bytes that are not UTF-8, and show as `\xNN`."""
    if text.isprintable() and '"' not in text and "\\" not in text:
        return f'"{text}"'
    pieces = []
    for char in text:
        if char in _ESCAPES:
            pieces.append(_ESCAPES[char])
        elif char.isprintable():
            pieces.append(char)
        elif (code := ord(char)) < 0x80 or 0xDC80 <= code <= 0xDCFF:
            pieces.append(f"\\x{code & 0xFF:02x}")
        else:
            pieces.append(f"\\u{code:04x}" if code < 0x10000 else f"\\U{code:08x}")
    return '"' + "".join(pieces) + '"'
