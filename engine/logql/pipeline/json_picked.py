"""`| json` where only some labels are read later: a typed reader takes their fields out of a line and skips the rest.

A label's field is nearly always the key of the same name. Other keys may come to the same label: one with a blank or a
sign where the label has an underscore, one written with escapes, one inside of an object (`a_b` of `{"a": {"b": 1}}`).
The text of a whole block is searched for such keys first (`is_clean`); only where there are none lines are read so,
and a line in which an object has a name that matters is read in full. What is found falsely costs time and changes
nothing.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Sequence
from operator import attrgetter
from typing import Any, Final

import msgspec

from engine.foundation.regexes import Regex
from engine.logql.pipeline import json_scan
from engine.logql.pipeline.json_fields import Fields, text
from engine.logql.pipeline.row import Row, Wanted

_NAME: Final = re.compile(r"[A-Za-z][A-Za-z0-9_]*|__error(?:_details)?__")  # noqa: TID251 - ours, linear
_ABSENT: Final = msgspec.Raw()
_OBJECT: Final = 0x7B
_MOST: Final = 8
"""Fields that are read so."""
_VALUES: Final = 8192
"""Texts that are remembered with what they mean."""
_BLANK: Final = r"[\s\x{85}\x{A0}\x{1680}\x{2000}-\x{200A}\x{2028}\x{2029}\x{202F}\x{205F}\x{3000}\x0b\x1c-\x1f]"
_ESCAPED_KEY: Final = r'(?s)\\.(?:[^"\\]|\\.)*"\s*:'


def suits(wanted: Wanted) -> bool:
    """Can they be read so?"""
    names = wanted.names
    return names is not None and len(names) > 0 and all(map(_NAME.fullmatch, names)) and len(_fields(names)) <= _MOST


def _fields(names: frozenset[str]) -> list[str]:
    """Keys of the labels, and of objects that may hold them."""
    outer = {name[:at] for name in names for at, char in enumerate(name) if char == "_" and at}
    return sorted(names | outer)


class Picked:
    """Reads lines of blocks that are clean, and leaves others to the reader of all fields."""

    def __init__(self, wanted: Wanted) -> None:
        assert wanted.names is not None
        self._fields = Fields(wanted)
        names = _fields(wanted.names)
        self.labels: Final = tuple(name if wanted.takes(name) else "" for name in names)
        """In the order of `values`; nothing where only an object would matter."""
        places = [f"f{at}" for at in range(len(names))]
        struct = msgspec.defstruct(
            "Line",
            [(place, msgspec.Raw, _ABSENT) for place in places],
            rename=dict(zip(places, names, strict=True)),
            gc=False,
        )
        self._decode = msgspec.json.Decoder(struct).decode
        get: Any = attrgetter(*places)
        self._raws: Callable[[Any], tuple[bytes, ...]] = (
            (lambda line: tuple(map(bytes, get(line)))) if len(places) > 1 else lambda line: (bytes(get(line)),)
        )
        self._values: dict[bytes, str | None] = {}
        self._odd = Regex("|".join(_odd(name) for name in names), anchored=False).searcher()
        self._escaped = Regex(_ESCAPED_KEY, anchored=False).searcher()

    def is_clean(self, whole: bytes) -> bool:
        """No key of the block but the plain ones comes to a label that is read."""
        if b"\\" in whole and self._escaped(whole) is not None:
            return False
        if not whole.isascii() and not _is_utf8(whole):
            return False
        return self._odd(whole) is None

    def run(self, row: Row) -> bool:
        if not row.clean:
            return self._fields.run(row)
        found = self.values(row.line)
        if found is None:
            return self._fields.run(row)
        self.put(row, found)
        return True

    def put(self, row: Row, values: tuple[str | None, ...]) -> None:
        """Set the labels to values of theirs."""
        for label, value in zip(self.labels, values, strict=True):
            if value is not None and label:
                row.put(label, value)

    def values(self, line: bytes) -> tuple[str | None, ...] | None:
        """Those of `labels`, where the line has them; None for a line that must be read in full."""
        try:
            raws = self._raws(self._decode(line))
        except json_scan.REFUSED:
            return None
        return self._told(raws)

    def tally(self, lines: Sequence[bytes]) -> tuple[dict[tuple[str | None, ...], list[int]], list[int]]:
        """Which lines have the same values; and which must be read in full, ascending.

        What stands in lines is only looked at once for all lines in which the same stands.
        """
        found: dict[tuple[bytes, ...], list[int]] = {}
        odd: list[int] = []
        decode, raws_of = self._decode, self._raws
        for at, line in enumerate(lines):
            try:
                raws = raws_of(decode(line))
            except json_scan.REFUSED:
                odd.append(at)
                continue
            places = found.get(raws)
            if places is None:
                found[raws] = [at]
            else:
                places.append(at)
        told: dict[tuple[str | None, ...], list[int]] = {}
        for raws, places in found.items():
            values = self._told(raws)
            (odd if values is None else told.setdefault(values, [])).extend(places)
        return told, sorted(odd)

    def _told(self, raws: tuple[bytes, ...]) -> tuple[str | None, ...] | None:
        """What these mean; None where one is an object, which may hold what is looked for."""
        known = self._values
        out: list[str | None] = []
        for raw in raws:
            if raw in known:
                out.append(known[raw])
            elif not raw:
                out.append(None)
            elif raw[0] == _OBJECT:
                return None
            else:
                out.append(self._meant(raw))
        return tuple(out)

    def _meant(self, raw: bytes) -> str | None:
        """None for null and for arrays, which are no labels."""
        value = text(raw) if raw[0] == 0x22 else None if raw[0] in b"[n" else raw.decode()
        if len(self._values) < _VALUES and len(raw) < 64:
            self._values[raw] = value
        return value


def _odd(name: str) -> str:
    """A key that comes to this name without being it."""
    pieces = ['[^A-Za-z0-9"\\\\]' if char == "_" else char for char in name]
    same = "".join(pieces)
    others = [
        "".join(('[^A-Za-z0-9_"\\\\]' if at == turn else piece) for at, piece in enumerate(pieces))
        for turn, char in enumerate(name)
        if char == "_"
    ]
    around = (f"{_BLANK}+{same}{_BLANK}*", f"{same}{_BLANK}+", *others)
    return f'"(?:{"|".join(around)})"'


def _is_utf8(whole: bytes) -> bool:
    try:
        whole.decode()
    except UnicodeDecodeError:
        return False
    return True
