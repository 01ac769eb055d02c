"""A template's tree. Nodes are frozen; `str(node)` is the source as Go prints it in error texts.

`start` is an index into the text of the tree's file. Go's positions are kept even where they surprise: a chain of
fields stands at its second field, an if at its pipeline.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import TypeAlias

from msgspec import Struct

from promql.model.labels import quote


class Dot(Struct, frozen=True):
    start: int

    def __str__(self) -> str:
        return "."


class Nil(Struct, frozen=True):
    start: int

    def __str__(self) -> str:
        return "nil"


class Bool(Struct, frozen=True):
    start: int
    value: bool

    def __str__(self) -> str:
        return "true" if self.value else "false"


class Number(Struct, frozen=True):
    """A literal may be an integer and a float at once (`1e3`); `value` is what it is where no type is asked for."""

    start: int
    source: str
    value: int | float
    integer: int | None
    real: float

    def __str__(self) -> str:
        return self.source


class String(Struct, frozen=True):
    start: int
    source: str
    value: str

    def __str__(self) -> str:
        return self.source


class Identifier(Struct, frozen=True):
    """A function's name."""

    start: int
    name: str

    def __str__(self) -> str:
        return self.name


class Field(Struct, frozen=True):
    """`.a.b`"""

    start: int
    names: tuple[str, ...]

    def __str__(self) -> str:
        return "".join(f".{n}" for n in self.names)


class Variable(Struct, frozen=True):
    """`$x.a.b`; `name` has its dollar."""

    start: int
    name: str
    fields: tuple[str, ...] = ()

    def __str__(self) -> str:
        return ".".join((self.name, *self.fields))


class Chain(Struct, frozen=True):
    """`(pipeline).a.b`"""

    start: int
    base: Operand
    fields: tuple[str, ...]

    def __str__(self) -> str:
        base = f"({self.base})" if isinstance(self.base, Pipeline) else str(self.base)
        return ".".join((base, *self.fields))


class Command(Struct, frozen=True):
    start: int
    operands: tuple[Operand, ...]

    def __str__(self) -> str:
        return " ".join(f"({o})" if isinstance(o, Pipeline) else str(o) for o in self.operands)


class Pipeline(Struct, frozen=True):
    """`names` are declared (`:=`) or, where `assigns`, given new values."""

    start: int
    commands: tuple[Command, ...]
    names: tuple[str, ...] = ()
    assigns: bool = False

    def __str__(self) -> str:
        left = f"{', '.join(self.names)} {'=' if self.assigns else ':='} " if self.names else ""
        return left + " | ".join(str(c) for c in self.commands)


Operand: TypeAlias = "Dot | Nil | Bool | Number | String | Identifier | Field | Variable | Chain | Pipeline"


class Text(Struct, frozen=True):
    start: int
    text: str


class Action(Struct, frozen=True):
    start: int
    line: int
    pipeline: Pipeline

    def __str__(self) -> str:
        return f"{{{{{self.pipeline}}}}}"


class Branch(Struct, frozen=True):
    """`word` is `if`, `with` or `range`."""

    start: int
    line: int
    word: str
    pipeline: Pipeline
    body: tuple[Node, ...]
    otherwise: tuple[Node, ...] | None

    def __str__(self) -> str:
        return f"{{{{{self.word} {self.pipeline}}}}}"


class Jump(Struct, frozen=True):
    """`break` or `continue`."""

    start: int
    line: int
    word: str

    def __str__(self) -> str:
        return f"{{{{{self.word}}}}}"


class Call(Struct, frozen=True):
    """`{{template "name" pipeline}}`"""

    start: int
    line: int
    name: str
    pipeline: Pipeline | None

    def __str__(self) -> str:
        argument = f" {self.pipeline}" if self.pipeline else ""
        return f"{{{{template {quote(self.name)}{argument}}}}}"


Node: TypeAlias = "Text | Action | Branch | Jump | Call"


class Tree(Struct, frozen=True):
    """A named template: its nodes, and the text (with its name) that it was written in. `start` is where it begins."""

    name: str
    file: str
    text: str
    body: tuple[Node, ...]
    start: int = 0

    def __str__(self) -> str:
        return self.name

    @property
    def is_empty(self) -> bool:
        """Nothing but white space: such a definition never replaces another one."""
        return is_blank(self.body)


def is_blank(body: Sequence[Node]) -> bool:
    return all(isinstance(n, Text) and not n.text.strip() for n in body)
