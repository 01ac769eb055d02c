"""What decoding leaves behind: marks that types carry, findings, and the voice of a Struct's own checks."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Generic, TypeVar

from msgspec import Struct
from yaml.nodes import Node

from engine.foundation.decode_nodes import locate, position
from engine.foundation.source import Finding, Path, Position, Severity, format_path

T = TypeVar("T")


class NotYet(Struct, frozen=True):
    """Right, but this engine can't do it yet: `Annotated[T, NotYet()]`."""

    of: str = "Prometheus"

    def message(self) -> str:
        return f"valid in {self.of}, not supported yet"


class NotHere(Struct, frozen=True):
    """Right, but this engine won't do it; `instead` says what to do."""

    instead: str
    of: str = "Prometheus"

    def message(self) -> str:
        return f"valid in {self.of}, not supported here: {self.instead}"


class OnlyHere(Struct, frozen=True):
    """Takes effect here, but the originals refuse it; `refused` says which, and what they have instead.

    `of_key`: the key is refused, whatever it holds; else what it asks for.
    """

    refused: str
    of_key: bool = True

    def message(self) -> str:
        return f"works here, but {self.refused}"


class NoEffect(Struct, frozen=True):
    """Accepted, and nothing follows from it; `reason` says why."""

    reason: str

    def message(self) -> str:
        return f"without effect here: {self.reason}"


class Idle(Struct, frozen=True):
    """A key that is accepted, and nothing follows from it; `reason` says why.

    `only` is set where the original refuses it. `keys` are those that it may hold; without any it may hold
    anything.
    """

    reason: str
    only: OnlyHere | None = None
    keys: Mapping[str, Idle] | None = None

    def message(self) -> str:
        return f"without effect here: {self.reason}"


class OneOrMany(Struct, frozen=True):
    """A list of scalars of which one may stand without brackets."""


class NullIsGiven(Struct, frozen=True):
    """A Struct, or None, that is there with its defaults where its key is named and nothing follows."""


class Anything(Struct, frozen=True):
    """A value that is not read, for keys whose only meaning here is that they are refused by name."""


class Shorthand(Struct, frozen=True):
    """A Struct that one word may stand for: the value is as if the other keys were written, `{key: word}`."""

    key: str
    words: tuple[str, ...]


class NullItem(Struct, frozen=True):
    """What the original says of a null item in this list."""

    message: str


class Decoded(Struct, Generic[T], frozen=True):
    """`value` is what could be read, with defaults where something is wrong: use it only if nothing is `fatal`."""

    value: T
    findings: tuple[Finding, ...]

    @property
    def fatal(self) -> bool:
        return any(f.fatal for f in self.findings)


class Context:
    """What one decoding gathers."""

    def __init__(self, file: str) -> None:
        self.file = file
        self.findings: list[Finding] = []
        self.visited = 0
        self.mistakes = 0
        self.suspects: set[Path] = set()  # keys that are wrong already, or were probably meant by misspelled ones

    def add(self, severity: Severity, where: Position, path: Path | str, message: str) -> None:
        place = path if isinstance(path, str) else format_path(path)
        self.mistakes += severity is Severity.ERROR
        self.findings.append(Finding(severity, self.file, where.line, where.column, place, message))


class Report:
    """How a Struct's `check` tells of itself. `at` leads from it to a key: `("static_configs", 0, "targets")`."""

    def __init__(self, context: Context, node: Node, path: Path, place: str = "") -> None:
        self._context = context
        self._node = node
        self._path = path
        self._place = place

    def given(self, key: str) -> bool:
        """Whether the file names this key, with whatever value."""
        return bool(locate(self._node, (key,))[1])

    def error(self, message: str, *at: str | int) -> None:
        """Silent about a key that is wrong or misspelled already."""
        if (*self._path, *at) not in self._context.suspects:
            self._add(Severity.ERROR, message, at)

    def unusable(self, message: str, *at: str | int) -> None:
        """The original loads it, and fails when it comes to use it."""
        self._add(Severity.UNUSABLE, message, at)

    def unsupported(self, message: str, *at: str | int) -> None:
        self._add(Severity.UNSUPPORTED, message, at)

    def ours(self, message: str, *at: str | int) -> None:
        """It works here; the message says who refuses it."""
        self._add(Severity.OURS, message, at)

    def warning(self, message: str, *at: str | int) -> None:
        self._add(Severity.WARNING, message, at)

    def within(self, *at: str | int, place: str = "") -> Report:
        """The report of a part; `place` is said instead of its path, where people know it by another name."""
        return Report(self._context, locate(self._node, at)[0], (*self._path, *at), place=place)

    def _add(self, severity: Severity, message: str, at: Path) -> None:
        node, reached = locate(self._node, at)
        self._context.add(severity, position(node), self._place or (*self._path, *reached), message)
