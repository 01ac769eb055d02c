"""A changed dashboard as the text of a file that looks as it did before.

Law: whatever is equal to what it was stands there as it was written, down to its spaces; only what differs is written
anew, with the indentation of the file. So a team sees in its history what somebody has changed, and no more.
"""

from __future__ import annotations

import json
import re
from collections.abc import Mapping
from typing import Any, Final

from msgspec import Struct

_SPACE: Final = re.compile(r"\s*")  # noqa: TID251 - ours, linear
_SCALAR: Final = re.compile(r"[-+.\w]+")  # noqa: TID251 - ours, linear
_INDENT: Final = re.compile(r"[\[{]\r?\n([ \t]+)")  # noqa: TID251 - ours, linear
_DECODER: Final = json.JSONDecoder()
_GRAFANAS: Final = "  "


class _Part(Struct, frozen=True):
    """A value where it stands in the text: those inside it, by name or place, and the space behind the last of them."""

    value: Any
    start: int
    end: int
    inner: Mapping[str, _Item] | list[_Item] | None = None
    tail: str = ""


class _Item(Struct, frozen=True):
    """A value inside another; `head` is what stands before it behind the last comma: space, and its name."""

    head: str
    part: _Part

    @property
    def space(self) -> str:
        return self.head[: len(self.head) - len(self.head.lstrip())]


def rewritten(before: str, given: Mapping[str, Any]) -> str:
    """`given` as text, in the manner of `before`; as Grafana writes files where that is no JSON."""
    try:
        root = _read(before, 0)
    except (ValueError, IndexError, RecursionError):
        return json.dumps(given, indent=_GRAFANAS, ensure_ascii=False) + "\n"
    wrapped = root.inner.get("dashboard") if isinstance(root.inner, Mapping) and "panels" not in root.inner else None
    old = wrapped.part if wrapped is not None and isinstance(wrapped.part.value, dict) else root
    text = _Writer(before).value(given, old, 0 if old is root else 1)
    return before[: old.start] + text + before[old.end :]


class _Writer:
    """Knows how the file is laid out."""

    def __init__(self, source: str) -> None:
        self._source = source
        found = _INDENT.search(source)
        self._indent = found.group(1) if found else ""
        self._newline = "" if found is None else "\r\n" if "\r\n" in source else "\n"
        spaced = found is not None or '": ' in source
        self._colon, self._gap = (": ", " ") if spaced else (":", "")
        self._ascii = source.isascii() and "\\u" in source

    def value(self, new: Any, old: _Part | None, depth: int) -> str:
        """`old` is what it takes the place of."""
        if old is not None and _same(new, old.value):
            return self._source[old.start : old.end]
        if isinstance(new, Mapping) and new:
            return self._object(new, old, depth)
        if isinstance(new, list) and new:
            return self._array(new, old, depth)
        return json.dumps(new, ensure_ascii=self._ascii)

    def _object(self, new: Mapping[str, Any], old: _Part | None, depth: int) -> str:
        known = old.inner if old is not None and isinstance(old.inner, Mapping) else {}
        names = [name for name in known if name in new]
        names += [name for name in new if name not in known]
        items = []
        for name in names:
            there = known.get(name)
            text = self.value(new[name], there.part if there else None, depth + 1)
            items.append((there, text if there else json.dumps(name, ensure_ascii=self._ascii) + self._colon + text))
        return self._laid("{}", items, old if known else None, depth)

    def _array(self, new: list[Any], old: _Part | None, depth: int) -> str:
        known = old.inner if old is not None and isinstance(old.inner, list) else []
        equal = {_key(one.part.value): one for one in known}
        by_id = {number: one for one in known if (number := _id(one.part.value)) is not None}
        items = []
        for place, one in enumerate(new):
            number = _id(one)
            there = equal.get(_key(one)) or (by_id.get(number) if number is not None else None)
            if there is None and number is None and len(new) == len(known):
                there = known[place]
            items.append((there, self.value(one, there.part if there else None, depth + 1)))
        return self._laid("[]", items, old if known else None, depth)

    def _laid(self, signs: str, items: list[tuple[_Item | None, str]], old: _Part | None, depth: int) -> str:
        """Items with the space that they had before them; new ones as most of the file is."""
        was = list(old.inner.values() if isinstance(old.inner, Mapping) else old.inner or ()) if old is not None else []
        own = self._newline + self._indent * (depth + 1)
        first = was[0].space if was else own
        next_ = was[1].space if len(was) > 1 else first if first or not was else self._gap
        parts = []
        for place, (item, text) in enumerate(items):
            space = first if not place else item.space if item is not None and item is not was[0] else next_
            parts.append(space + (item.head.lstrip() if item is not None else "") + text)
        tail = self._newline + self._indent * depth if old is None else old.tail
        return signs[0] + ",".join(parts) + tail + signs[1]


def _id(value: Any) -> int | None:
    """Of a panel."""
    number = value.get("id") if isinstance(value, dict) else None
    return number if type(number) is int else None


def _key(value: Any) -> str:
    return json.dumps(value, sort_keys=True)


def _same(one: Any, other: Any) -> bool:
    """Equal, where a truth is no number; 1 and 1.0 are one number."""
    if isinstance(one, Mapping) and isinstance(other, Mapping):
        return one.keys() == other.keys() and all(_same(part, other[name]) for name, part in one.items())
    if isinstance(one, list) and isinstance(other, list):
        return len(one) == len(other) and all(map(_same, one, other))
    return isinstance(one, bool) == isinstance(other, bool) and bool(one == other)


def _read(text: str, at: int) -> _Part:
    """The value that begins at `at` or behind spaces there. Raises ValueError, IndexError."""
    at = _after(text, at)
    if text[at] == "{":
        return _read_object(text, at)
    if text[at] == "[":
        return _read_array(text, at)
    if text[at] == '"':
        string, end = _DECODER.raw_decode(text, at)
        return _Part(string, at, end)
    found = _SCALAR.match(text, at)
    if found is None:
        raise ValueError
    return _Part(json.loads(found.group()), at, found.end())


def _read_object(text: str, start: int) -> _Part:
    inner: dict[str, _Item] = {}
    before, at = start + 1, _after(text, start + 1)
    while text[at] != "}":
        name = _read(text, at)
        part = _read(text, _expect(text, name.end, ":"))
        inner[name.value] = _Item(text[before : part.start], part)
        before, at = _next(text, part.end, "}")
    value = {name: item.part.value for name, item in inner.items()}
    return _Part(value, start, at + 1, inner, text[before:at])


def _read_array(text: str, start: int) -> _Part:
    inner: list[_Item] = []
    before, at = start + 1, _after(text, start + 1)
    while text[at] != "]":
        part = _read(text, at)
        inner.append(_Item(text[before : part.start], part))
        before, at = _next(text, part.end, "]")
    return _Part([item.part.value for item in inner], start, at + 1, inner, text[before:at])


def _next(text: str, end: int, closing: str) -> tuple[int, int]:
    """Where what is before the next value begins, and where that is, or the closing sign."""
    at = _after(text, end)
    if text[at] == closing:
        return end, at
    begin = _expect(text, at, ",")
    return begin, _after(text, begin)


def _expect(text: str, at: int, sign: str) -> int:
    at = _after(text, at)
    if text[at] != sign:
        raise ValueError
    return at + 1


def _after(text: str, at: int) -> int:
    found = _SPACE.match(text, at)
    return at if found is None else found.end()
