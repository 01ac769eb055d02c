"""Carries out a template over data.

Statements run on a stack of our own (each is a generator that yields the statements inside of it), so depth costs
memory and not Python's recursion. Every node and every call costs a step, long texts cost more, and output is counted:
a template always ends, with its text or with an error.
"""

from __future__ import annotations

from collections.abc import Generator, Iterable, Mapping, Sequence
from typing import TypeAlias

from engine.gotemplate.budget import DEFAULT_LIMITS, Budget, Limits
from engine.gotemplate.containers import GoList, GoMap, GoPointer, boxed
from engine.gotemplate.errors import TooLargeError
from engine.gotemplate.evaluator import Evaluator, Frame, MissingKey
from engine.gotemplate.functions.builtins import truth
from engine.gotemplate.nodes import Action, Branch, Call, Node, Pipeline, Text, Tree
from engine.gotemplate.printing import go_print
from engine.gotemplate.text import cleaned
from engine.gotemplate.types import Function
from promql.model.labels import quote


class _Jumped(Exception):  # noqa: N818 - control flow, caught by the range around it
    """A `break` or `continue` on its way to its range."""

    def __init__(self, word: str) -> None:
        super().__init__(word)
        self.word = word


_Statement: TypeAlias = "Generator[_Statement, None, None]"


class Execution:
    """One run of one template. Use once."""

    def __init__(
        self,
        trees: Mapping[str, Tree],
        functions: Mapping[str, Function],
        missing_key: MissingKey,
        limits: Limits = DEFAULT_LIMITS,
    ) -> None:
        self._trees = trees
        self._budget = Budget(limits)
        self._evaluator = Evaluator(functions, missing_key, self._budget)
        self._pieces: list[str] = []

    def run(self, tree: Tree, data: object) -> str:
        """The text. Raises ExecutionError."""
        self._evaluator.frames.append(Frame(tree, [("$", data)]))
        try:
            self._carry_out(self._list(tree.body, data))
        except TooLargeError as error:
            raise self._evaluator.refused(str(error)) from None
        return cleaned("".join(self._pieces))

    def _carry_out(self, first: _Statement) -> None:
        stack = [first]
        jump: _Jumped | None = None
        while stack:
            try:
                top = stack[-1]
                stack.append(next(top) if jump is None else top.throw(jump))
                jump = None
            except StopIteration:
                stack.pop()
                jump = None
            except _Jumped as jumped:
                stack.pop()
                jump = jumped

    # Statements

    def _list(self, body: Sequence[Node], dot: object) -> _Statement:
        for node in body:
            self._budget.step()
            if isinstance(node, Text):
                self._write(node.text)
            elif isinstance(node, Action):
                self._action(node, dot)
            elif isinstance(node, Branch):
                yield self._range(node, dot) if node.word == "range" else self._branch(node, dot)
            elif isinstance(node, Call):
                yield self._template(node, dot)
            else:
                raise _Jumped(node.word)

    def _action(self, node: Action, dot: object) -> None:
        self._evaluator.at = node
        value = self._evaluator.pipeline(dot, node.pipeline)
        if not node.pipeline.names:
            self._evaluator.at = node
            self._write(printed(value))

    def _branch(self, node: Branch, dot: object) -> _Statement:
        variables = self._evaluator.variables
        mark = len(variables)
        try:
            value = self._evaluator.pipeline(dot, node.pipeline)
            if truth(value):
                yield self._list(node.body, value if node.word == "with" else dot)
            elif node.otherwise is not None:
                yield self._list(node.otherwise, dot)
        finally:
            del variables[mark:]

    def _range(self, node: Branch, dot: object) -> _Statement:
        variables = self._evaluator.variables
        mark = len(variables)
        try:
            self._evaluator.at = node.pipeline
            value = boxed(self._evaluator.pipeline(dot, node.pipeline))
            value = value.target if isinstance(value, GoPointer) else value
            pairs = self._pairs(value)
            inner = len(variables)
            for key, element in pairs:
                self._budget.step()
                self._bind(node.pipeline, key, element)
                try:
                    yield self._list(node.body, element)
                except _Jumped as jumped:
                    if jumped.word == "break":
                        return
                finally:
                    del variables[inner:]
            if not truth(value) and node.otherwise is not None:
                yield self._list(node.otherwise, dot)
        finally:
            del variables[mark:]

    def _pairs(self, value: object) -> Iterable[tuple[object, object]]:
        if value is None:
            return ()
        if isinstance(value, GoMap):
            return value.items()
        if isinstance(value, GoList):
            return enumerate(value)
        raise self._evaluator.failed(f"range can't iterate over {printed(value)}")

    def _bind(self, pipeline: Pipeline, key: object, element: object) -> None:
        """The first variable alone is the element; of two it is the key."""
        names = pipeline.names
        if not names:
            return
        self._budget.step()
        variables = self._evaluator.variables
        variables[-1] = (variables[-1][0], element)
        if len(names) > 1:
            variables[-2] = (variables[-2][0], key)

    def _template(self, node: Call, dot: object) -> _Statement:
        self._evaluator.at = node
        tree = self._trees.get(node.name)
        if tree is None:
            raise self._evaluator.failed(f"template {quote(node.name)} not defined")
        self._budget.enter(len(self._evaluator.frames))
        value = self._evaluator.pipeline(dot, node.pipeline) if node.pipeline else None
        self._evaluator.frames.append(Frame(tree, [("$", value)]))
        try:
            yield self._list(tree.body, value)
        finally:
            self._evaluator.frames.pop()

    def _write(self, text: str) -> None:
        self._budget.write(len(text))
        self._pieces.append(text)


def printed(value: object) -> str:
    """A value as an action prints it."""
    if isinstance(value, str):
        return value
    if isinstance(value, GoPointer):
        value = value.target
    return "<no value>" if value is None else go_print(value)
