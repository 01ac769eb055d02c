"""Templates as callers use them: parse a text, or collect files in a set, and execute.

    TemplateSet(ALERTMANAGER, mode=Mode.HTML)
        .add("email.tmpl", text)          definitions of a file
        .execute("{{ template ... }}", data)

A set's later definition of a name replaces an earlier one, unless it is empty; twice in one text is an error.
"""

from __future__ import annotations

from collections.abc import Mapping
from enum import Enum
from functools import lru_cache
from typing import Final

from engine.gotemplate.budget import DEFAULT_LIMITS, Limits
from engine.gotemplate.errors import LimitError, TemplateError
from engine.gotemplate.evaluator import MissingKey
from engine.gotemplate.html.escape import escape_trees
from engine.gotemplate.html.escapers import ESCAPERS
from engine.gotemplate.interpreter import Execution
from engine.gotemplate.nodes import Tree
from engine.gotemplate.parser import parse_trees
from engine.gotemplate.types import Function

__all__ = ["DEFAULT_LIMITS", "Limits", "MissingKey", "Mode", "Template", "TemplateSet", "parse"]


class Mode(Enum):
    """TEXT prints values as they are, HTML escapes them for the place where they stand."""

    TEXT = "text"
    HTML = "html"


class Template:
    """A parsed text with everything that it can call. Immutable; safe to execute many times."""

    def __init__(self, name: str, trees: Mapping[str, Tree], functions: Mapping[str, Function]) -> None:
        self.name: Final = name
        self._trees = trees
        self._functions = functions

    def execute(
        self, data: object, *, missing_key: MissingKey = MissingKey.ZERO, limits: Limits = DEFAULT_LIMITS
    ) -> str:
        """The text. Raises ExecutionError, with LimitError for a template that wants too much."""
        try:
            return Execution(self._trees, self._functions, missing_key, limits).run(self._trees[self.name], data)
        except RecursionError:
            raise LimitError(f"template: {self.name}: a value is nested too deeply") from None


class TemplateSet:
    """Definitions that texts can call by name."""

    def __init__(self, functions: Mapping[str, Function], *, mode: Mode = Mode.TEXT) -> None:
        self.mode: Final = mode
        self._functions = functions
        self._names = frozenset(functions)
        self._trees: dict[str, Tree] = {}

    def add(self, name: str, text: str) -> None:
        """All definitions of a file, and the file itself under its name. Raises TemplateError."""
        self._trees = _merged(self._trees, _parsed(name, text, self._names))

    def names(self) -> list[str]:
        return sorted(self._trees)

    def template(self, text: str, name: str = "") -> Template:
        """A text that may call the set's definitions, and bring its own. Raises TemplateError."""
        return self._ready(name, _merged(self._trees, _parsed(name, text, self._names)))

    def named(self, name: str) -> Template:
        """A definition of the set. Raises TemplateError where there is none."""
        if name not in self._trees:
            raise TemplateError(f'template "{name}" not defined')
        return self._ready(name, self._trees)

    def _ready(self, name: str, trees: Mapping[str, Tree]) -> Template:
        if self.mode is Mode.TEXT:
            return Template(name, trees, self._functions)
        try:
            return Template(name, escape_trees(trees, name), {**self._functions, **ESCAPERS})
        except RecursionError:
            raise LimitError(f"html/template:{name}: actions are nested too deeply") from None

    def execute(
        self, text: str, data: object, *, missing_key: MissingKey = MissingKey.ZERO, limits: Limits = DEFAULT_LIMITS
    ) -> str:
        """Fill a text. Raises TemplateError; ExecutionError where the data are to blame."""
        return self.template(text).execute(data, missing_key=missing_key, limits=limits) if text else ""


def parse(name: str, text: str, functions: Mapping[str, Function], *, mode: Mode = Mode.TEXT) -> Template:
    """One text on its own. Raises TemplateError in Go's words."""
    return TemplateSet(functions, mode=mode).template(text, name)


def _merged(old: Mapping[str, Tree], new: Mapping[str, Tree]) -> dict[str, Tree]:
    return {**old, **{name: tree for name, tree in new.items() if name not in old or not tree.is_empty}}


@lru_cache(maxsize=1024)
def _parsed(name: str, text: str, functions: frozenset[str]) -> Mapping[str, Tree]:
    return parse_trees(name, text, functions)
