"""What a variable stands for at this moment."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Final

from msgspec import Struct, field

ALL: Final = "$__all"
ALL_TEXT: Final = "All"


class Value(Struct, frozen=True):
    """`values` are the chosen ones; `several` whether the variable may have more than one, which asks for patterns.

    `verbatim` is a dashboard's own text for all of them, which is never formatted. `parts` are what `${name.part}`
    finds.
    """

    values: tuple[str, ...]
    text: str = ""
    several: bool = False
    is_all: bool = False
    verbatim: str | None = None
    parts: Mapping[str, str] = field(default_factory=dict)

    @classmethod
    def one(cls, value: str, text: str = "") -> Value:
        return cls((value,), text or value)

    @property
    def shown(self) -> str:
        return self.text or " + ".join(self.values)


Lookup = Callable[[str], Value | None]


def chained(*lookups: Lookup) -> Lookup:
    """The first that knows the name."""

    def find(name: str) -> Value | None:
        return next((found for lookup in lookups if (found := lookup(name)) is not None), None)

    return find


def known(values: Mapping[str, Value]) -> Lookup:
    return values.get


def texts(values: Mapping[str, str]) -> Lookup:
    """Of names that stand for one text each."""
    return {name: Value.one(value) for name, value in values.items()}.get
