"""`| json`: the fields of an object as labels, those of inner objects with the names of the outer ones before theirs.

msgspec finds the pieces of a line, and only those that somebody reads are decoded. Lines have few shapes (lists of
keys), so what becomes of each key is worked out once a shape. What msgspec refuses is read again by json_scan.
"""

from __future__ import annotations

from typing import Final, TypeAlias

import msgspec

from engine.logql.pipeline import json_scan
from engine.logql.pipeline.row import REPLACEMENT, Row, Wanted, sanitized

KIND: Final = "JSONParserErr"
_SHAPES: Final = 1024
"""That are remembered; a program that makes up keys has no use of it."""
_QUOTE: Final = 0x22
_OBJECT: Final = 0x7B
_SKIPPED: Final = frozenset(b"[n")
"""Arrays and null."""
_DEEP: Final = 16
"""Objects in each other that are read at one go; what is deeper is scanned, in linear time."""

_KEYS: Final = 8192
_Taken: TypeAlias = tuple[str, str, str]
"""A key, its label if that is wanted, and the beginning of labels inside, if any of those is."""
_Plan: TypeAlias = list[_Taken]
"""Of the keys that matter."""


class Fields:
    """What remembers the shapes."""

    def __init__(self, wanted: Wanted) -> None:
        self._wanted = wanted
        self._decode = msgspec.json.Decoder(dict[str, msgspec.Raw]).decode
        self._plans: dict[tuple[str, ...], _Plan] = {}
        self._keys: dict[tuple[str, str], _Taken] = {}

    def run(self, row: Row) -> bool:
        try:
            self._flatten(row, self._decode(row.line), "", 0)
        except json_scan.REFUSED:
            self._scan(row)
        return True

    def _flatten(self, row: Row, fields: dict[str, msgspec.Raw], prefix: str, depth: int) -> None:
        if depth > _DEEP:
            raise RecursionError
        shape = (prefix, *fields)
        plan = self._plans.get(shape)
        if plan is None:
            plan = self._planned(prefix, list(fields))
            if len(self._plans) < _SHAPES:
                self._plans[shape] = plan
        for key, label, inside in plan:
            raw = bytes(fields[key])
            first = raw[0]
            if first == _QUOTE:
                if label:
                    row.put(label, text(raw))
            elif first == _OBJECT:
                if inside:
                    self._flatten(row, self._decode(raw), inside, depth + 1)
            elif label and first not in _SKIPPED:
                row.put(label, raw.decode())

    def _planned(self, prefix: str, keys: list[str]) -> _Plan:
        plan = []
        for key in keys:
            kept = self._keys.get((prefix, key))
            if kept is None:
                kept = self._judged(prefix, key)
                if len(self._keys) < _KEYS:
                    self._keys[prefix, key] = kept
            if kept[1] or kept[2]:
                plan.append(kept)
        return plan

    def _judged(self, prefix: str, key: str) -> _Taken:
        name = sanitized(key, first=not prefix)
        label = f"{prefix}_{name}" if prefix else name
        if not label:
            return key, "", ""
        wanted = self._wanted
        return key, label if wanted.takes(label) else "", label if wanted.enters(label) else ""

    def _scan(self, row: Row) -> None:
        def take(path: tuple[str, ...], value: str, _quoted: bool) -> None:
            first = sanitized(path[0])
            label = "_".join((first, *(sanitized(key, first=False) for key in path[1:])))
            if first and self._wanted.takes(label):
                row.put(label, value)

        try:
            json_scan.Scanner(row.line, take).run()
        except json_scan.BrokenError as error:
            row.fail(KIND, str(error))


def text(raw: bytes) -> str:
    """The value of a string; one that is not quite UTF-8 is empty, as in Loki."""
    value: str
    value = msgspec.json.decode(raw) if b"\\" in raw else raw[1:-1].decode("utf-8", "replace")
    return "" if REPLACEMENT in value else value
