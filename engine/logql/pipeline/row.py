"""One line on its way through a pipeline, and the names that parsers give to labels.

A row is used again for each line: `begin` sets it up. `base` holds the labels of the stream (and those that belong to
the line alone), `labels` those of now. The last error wins; it shows as the labels `__error__` and `__error_details__`.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from typing import Final, TypeAlias

ERROR: Final = "__error__"
DETAILS: Final = "__error_details__"
EXTRACTED: Final = "_extracted"
"""What is put behind a label of a line where the stream has one of this name."""
REPLACEMENT: Final = "\ufffd"

_INVALID: Final = re.compile(r"[^A-Za-z0-9_]")  # noqa: TID251 - ours, linear


class Row:
    """A line with its labels. `line` is UTF-8, mostly; `time` in ns."""

    __slots__ = ("base", "clean", "details", "error", "labels", "line", "time")

    def __init__(self, base: Mapping[str, str] | None = None, *, clean: bool = False) -> None:
        self.clean = clean
        self.base: Mapping[str, str] = base or {}
        self.labels: dict[str, str] = {}
        self.line = b""
        self.time = 0
        self.error = ""
        self.details = ""

    def begin(self, line: bytes, time: int) -> None:
        self.line = line
        self.time = time
        self.labels = dict(self.base)
        self.error = self.details = ""

    def text(self) -> str:
        """The line as it is shown."""
        return self.line.decode("utf-8", "replace")

    def put(self, name: str, value: str) -> None:
        """What a parser found."""
        self.labels[name + EXTRACTED if name in self.base else name] = value

    def fail(self, kind: str, details: str = "") -> None:
        """Details of an earlier error stay where this one has none, as in Loki."""
        self.error = kind
        if details:
            self.details = details

    def get(self, name: str) -> str | None:
        if name == ERROR:
            return self.error or self.labels.get(name)
        if name == DETAILS:
            return self.details or self.labels.get(name)
        return self.labels.get(name)

    def all_labels(self) -> dict[str, str]:
        """With the error, if there is one."""
        if not self.error and not self.details:
            return self.labels
        told = {name: value for name, value in ((ERROR, self.error), (DETAILS, self.details)) if value}
        return {**self.labels, **told}


Step: TypeAlias = Callable[[Row], bool]
"""A stage: changes the row, and says whether it stays."""


def sanitized(name: str, *, first: bool = True) -> str:
    """As label names are: one underscore for each character that can't stand there; empty for what has no name."""
    name = name.strip()
    if not name:
        return ""
    if first and "0" <= name[0] <= "9":
        name = "_" + name
    return _INVALID.sub("_", name) if not (name.isascii() and name.isalnum()) else name


class Wanted:
    """Which labels somebody reads later; None stands for all of them."""

    __slots__ = ("_beginnings", "names")

    def __init__(self, names: frozenset[str] | None) -> None:
        if names is not None:
            names |= {name.removesuffix(EXTRACTED) for name in names}
        self.names = names
        self._beginnings = () if names is None else tuple(names)

    def takes(self, name: str) -> bool:
        return self.names is None or name in self.names

    def enters(self, prefix: str) -> bool:
        """May something inside of an object of this name be wanted?"""
        return self.names is None or any(name.startswith(f"{prefix}_") for name in self._beginnings)

    @property
    def nothing(self) -> bool:
        return self.names is not None and not self.names


ALL: Final = Wanted(None)
