"""YAML to typed values: the source text of every scalar, read by the type that the field declares.

Laws: decoding raises nothing for what stands in a file, but gathers every mistake as a Finding; a Struct can be
built whatever its file says, so every field has a default and "required" is said by `check`; a value is never
guessed, and a key that the type doesn't know is a mistake.

A field's type is `str` (the source text as it stands; null is empty), `bool`, `int`, `float`, a Literal, a scalar
class (`from_text`, see engine.foundation.values), a Struct, `tuple[T, ...]`, `Mapping[K, V]`, or one of these `| None`;
Annotated adds the marks below, or a scalar class that reads a plain type (`Annotated[str, LabelName]`). A Struct may
define

    LATER: ClassVar[Mapping[str, str]]       keys that only later releases know -> which ("Prometheus 2.47")
    IDLE: ClassVar[Mapping[str, Idle]]       keys that are known and have no effect
    EXTENSIONS: ClassVar[str]                keys that begin with x- are fine, for anchors; who refuses them
    def check(self, report: Report) -> None  rules that join keys; it runs when the Struct's own scalars are right

Rejected: `msgspec.convert` over constructed data, which stops at the first mistake and has lost text and places.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any, TypeVar

from engine.foundation.decode_nodes import SyntaxMistake, compose
from engine.foundation.decode_report import (
    Anything,
    Context,
    Decoded,
    Idle,
    NoEffect,
    NotHere,
    NotYet,
    NullIsGiven,
    NullItem,
    OneOrMany,
    OnlyHere,
    Report,
    Shorthand,
)
from engine.foundation.decode_types import TooLarge, empty, reader
from engine.foundation.expand import expand
from engine.foundation.source import Position, Severity, settled

__all__ = [
    "Anything",
    "Decoded",
    "Idle",
    "NoEffect",
    "NotHere",
    "NotYet",
    "NullIsGiven",
    "NullItem",
    "OneOrMany",
    "OnlyHere",
    "Report",
    "Shorthand",
    "decode",
]

T = TypeVar("T")


def decode(
    source: str | bytes,
    kind: type[T],
    file: str = "",
    check: Callable[[T, Report], None] | None = None,
    environment: Mapping[str, str] | None = None,
) -> Decoded[T]:
    """The first document of a YAML (or JSON) text as a `kind`; `file` is what findings call it. Never raises.

    An empty document is read as an empty mapping (or list), so that a Struct's checks run. `check` runs last, for
    conditions that need more than the value. With an `environment`, `${NAME}` stands for what is set there.
    """
    context = Context(file)
    shape: Any = kind
    value: T = empty(shape)
    try:
        root = compose(source)
        if environment is not None:
            root = expand(root, environment, context)
        value = reader(shape)(root, (), context)
        if check is not None:
            check(value, Report(context, root, ()))
    except SyntaxMistake as mistake:
        context.add(Severity.ERROR, mistake.position, (), mistake.message)
    except TooLarge as error:
        context.add(Severity.ERROR, Position(), (), str(error))
    return Decoded(value, settled(context.findings))
