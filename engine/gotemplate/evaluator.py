"""Expressions: what a pipeline gives over some data.

Law: a value's fields and methods are looked up in the tables of its type. Nothing here asks Python for an attribute by
a name from the template.

Only expressions recurse, as deep as their parentheses, which the parser bounds. `at` is the node that an error would
name; Go moves it only at certain nodes, and so does this.
"""

from __future__ import annotations

from collections.abc import Mapping
from enum import Enum
from typing import Final

from msgspec import Struct

from engine.gotemplate.budget import Budget
from engine.gotemplate.containers import GoList, GoMap, GoPointer, GoStruct, boxed, zero
from engine.gotemplate.errors import CallError, ExecutionError, LimitError, Position, TooLargeError
from engine.gotemplate.functions.builtins import truth
from engine.gotemplate.literals import INT_MAX
from engine.gotemplate.nodes import (
    Bool,
    Chain,
    Command,
    Dot,
    Field,
    Identifier,
    Nil,
    Node,
    Number,
    Operand,
    Pipeline,
    String,
    Tree,
    Variable,
)
from engine.gotemplate.text import rejoined, to_bytes
from engine.gotemplate.types import Function, GoType, GoValue, Kind, type_of
from promql.model.labels import quote

_PRICE: Final = 4  # elements of a receiver that a step pays for: methods look through them, and make nothing of most
_NOTHING: Final = object()  # no value comes down the pipeline
_EXPECTED: Final = {
    Kind.BOOL: "bool",
    Kind.INT: "integer",
    Kind.UINT: "unsigned integer",
    Kind.FLOAT: "float",
    Kind.STRING: "string",
}


class MissingKey(Enum):
    """What a map answers for a key that it lacks: nothing, its element type's zero value, or an error."""

    DEFAULT = "default"
    ZERO = "zero"
    ERROR = "error"


class Frame(Struct):
    """One template being carried out: its tree and its variables, innermost last."""

    tree: Tree
    variables: list[tuple[str, object]]


class _Given(Struct, frozen=True):
    """What stands around a field or function: the dot, its written arguments, and what comes down the pipeline."""

    dot: object
    operands: tuple[Operand, ...] = ()
    final: object = _NOTHING

    def __bool__(self) -> bool:
        return bool(self.operands) or self.final is not _NOTHING


class Evaluator:
    """Evaluates pipelines in the frame of the innermost template. Raises ExecutionError."""

    def __init__(self, functions: Mapping[str, Function], missing_key: MissingKey, budget: Budget) -> None:
        self.frames: list[Frame] = []
        self.at: Operand | Node | Command | None = None
        self._functions = functions
        self._missing_key = missing_key
        self._budget = budget

    @property
    def variables(self) -> list[tuple[str, object]]:
        return self.frames[-1].variables

    # Pipelines

    def pipeline(self, dot: object, pipeline: Pipeline) -> object:
        self.at = pipeline
        value: object = _NOTHING
        for command in pipeline.commands:
            value = self._command(command, _Given(dot, command.operands[1:], value))
        for name in pipeline.names:
            if pipeline.assigns:
                self._assign(name, value)
            else:
                self.variables.append((name, value))
        return value

    def _command(self, command: Command, given: _Given) -> object:
        self._step(1)
        first = command.operands[0]
        if isinstance(first, Field):
            return self._field(first, given)
        if isinstance(first, Chain):
            return self._chain(first, given)
        if isinstance(first, Identifier):
            return self._function(first, command, given)
        if isinstance(first, Variable):
            return self._variable(first, given)
        if isinstance(first, Pipeline):
            self._no_function(first, given)
            return self.pipeline(given.dot, first)
        self.at = first
        self._no_function(first, given)
        if isinstance(first, Nil):
            raise self.failed("nil is not a command")
        return self._constant(given.dot, first)

    def _no_function(self, first: Operand, given: _Given) -> None:
        if given:
            raise self.failed(f"can't give argument to non-function {first}")

    def _constant(self, dot: object, node: Dot | Bool | Number | String) -> object:
        if isinstance(node, Dot):
            return dot
        if isinstance(node, Number) and isinstance(node.value, int) and node.value > INT_MAX:
            self.at = node
            raise self.failed(f"{node.source} overflows int")
        return node.value

    # Fields, variables, functions

    def _field(self, node: Field, given: _Given) -> object:
        self.at = node
        return self._fields(given.dot, node, node.names, given)

    def _chain(self, node: Chain, given: _Given) -> object:
        self.at = node
        base = self._argument(given.dot, None, node.base)
        return self._fields(base, node, node.fields, given)

    def _variable(self, node: Variable, given: _Given) -> object:
        self.at = node
        value = self._lookup(node.name)
        if node.fields:
            return self._fields(value, node, node.fields, given)
        self._no_function(node, given)
        return value

    def _fields(self, value: object, node: Field | Chain | Variable, names: tuple[str, ...], given: _Given) -> object:
        for name in names[:-1]:
            value = self._member(value, name, node, _Given(given.dot))
        return self._member(value, names[-1], node, given)

    def _member(self, receiver: object, name: str, node: Field | Chain | Variable, given: _Given) -> object:
        if receiver is None:
            if self._missing_key is MissingKey.ERROR:
                raise self.failed(f"nil data; no entry for key {quote(name)}")
            return None
        target = receiver.target if isinstance(receiver, GoPointer) else receiver
        if isinstance(receiver, GoValue) and (method := receiver.go_methods.get(name)) is not None:
            return self._invoke(name, method, node, given, (target,))
        inner = boxed(target)
        if isinstance(inner, GoStruct) and name in inner.go_type.fields:
            if given:
                raise self.failed(f"{name} has arguments but cannot be invoked as function")
            return inner.get(name)
        if isinstance(inner, GoMap):
            if given:
                raise self.failed(f"{name} is not a method but has arguments")
            return self._entry(inner, name)
        raise self.failed(f"can't evaluate field {name} in type {type_of(receiver)}")

    def _entry(self, target: GoMap, name: str) -> object:
        if name in target or self._missing_key is MissingKey.ZERO:
            return target.get(name)
        if self._missing_key is MissingKey.ERROR:
            raise self.failed(f"map has no entry for key {quote(name)}")
        return None

    def _function(self, node: Identifier, shown: Operand | Command, given: _Given) -> object:
        self.at = node
        function = self._functions.get(node.name)
        if function is None:
            raise self.failed(f"{quote(node.name)} is not a defined function")
        return self._invoke(node.name, function, shown, given)

    def _invoke(
        self,
        name: str,
        function: Function,
        shown: Operand | Command,
        given: _Given,
        receiver: tuple[object, ...] = (),
    ) -> object:
        self._check_count(name, function, given)
        if function.results > 1:
            raise self.failed(f'can\'t call method/function "{name}" with {function.results} results')
        values: list[object] = []
        for at, operand in enumerate(given.operands):
            value = self._argument(given.dot, _parameter(function, at), operand)
            if function.until is not None and truth(value) is function.until:
                return value
            values.append(value)
        if given.final is not _NOTHING:
            values.append(self._checked(given.final, _parameter(function, len(given.operands))))
        if receiver:
            self._step(_elements(receiver[0]) // _PRICE)
        return self._guarded(name, function, (*receiver, *values), shown)

    def _check_count(self, name: str, function: Function, given: _Given) -> None:
        written = len(given.operands)
        count = written + (given.final is not _NOTHING)
        fixed = len(function.params)
        if function.variadic is not None:
            if count < fixed:
                raise self.failed(f"wrong number of args for {name}: want at least {fixed} got {written}")
        elif count != fixed:
            raise self.failed(f"wrong number of args for {name}: want {fixed} got {count}")

    def _guarded(self, name: str, function: Function, values: tuple[object, ...], shown: Operand | Command) -> object:
        self._step(1 + sum(len(v) for v in values if isinstance(v, str)) // function.price)
        try:
            value: object = function.call(*values)
        except TooLargeError as error:
            self.at = shown
            raise self.refused(f"error calling {name}: {error}") from None
        except CallError as error:
            self.at = shown
            raise self.failed(f"error calling {name}: {error}") from None
        if isinstance(value, str):
            self._step(len(value) // function.price)
            return rejoined(value)
        self._step(_elements(value))
        return value

    # Arguments

    def _argument(self, dot: object, of: GoType | None, node: Operand) -> object:
        self.at = node
        if isinstance(node, Dot):
            return self._checked(dot, of)
        if isinstance(node, Nil):
            if of is not None and not of.can_be_nil:
                raise self.failed(f"cannot assign nil to {of}")
            return zero(of)
        if isinstance(node, Field):
            return self._checked(self._field(node, _Given(dot)), of)
        if isinstance(node, Variable):
            return self._checked(self._variable(node, _Given(dot)), of)
        if isinstance(node, Pipeline):
            return self._checked(self.pipeline(dot, node), of)
        if isinstance(node, Identifier):
            return self._checked(self._function(node, node, _Given(dot)), of)
        if isinstance(node, Chain):
            return self._checked(self._chain(node, _Given(dot)), of)
        return self._literal(dot, of, node)

    def _literal(self, dot: object, of: GoType | None, node: Bool | Number | String) -> object:
        if of is None or of.kind in (Kind.INTERFACE, Kind.VALUE):
            return self._constant(dot, node)
        if of.kind is Kind.BOOL and isinstance(node, Bool):
            return node.value
        if of.kind is Kind.STRING and isinstance(node, String):
            return node.value
        if of.kind is Kind.INT and isinstance(node, Number) and node.integer is not None and node.integer <= INT_MAX:
            return node.integer
        if of.kind is Kind.FLOAT and isinstance(node, Number):
            return node.real
        wanted = _EXPECTED.get(of.kind)
        if wanted is None:
            raise self.failed(f"can't handle {node} for arg of type {of}")
        raise self.failed(f"expected {wanted}; found {node}")

    def _checked(self, value: object, of: GoType | None) -> object:
        """The value, if a parameter of this type takes it."""
        if of is None or of.kind in (Kind.INTERFACE, Kind.VALUE):
            return value
        have = type_of(value)
        if have is None:
            if not of.can_be_nil:
                raise self.failed(f"invalid value; expected {of}")
            return zero(of)
        if of.accepts(have):
            return value
        if isinstance(value, GoPointer) and of.accepts(value.target.go_type):
            return value.target
        raise self.failed(f"wrong type for value; expected {of}; got {have}")

    # Variables

    def _lookup(self, name: str) -> object:
        for passed, (known, value) in enumerate(reversed(self.variables)):
            if known == name:
                self._step(passed // 64)
                return value
        raise self.failed(f"undefined variable: {name}")

    def _assign(self, name: str, value: object) -> None:
        variables = self.variables
        for at in range(len(variables) - 1, -1, -1):
            if variables[at][0] == name:
                variables[at] = (name, value)
                return
        raise self.failed(f"undefined variable: {name}")

    # Limits and errors

    def _step(self, count: int) -> None:
        try:
            self._budget.step(count)
        except TooLargeError as error:
            raise self.refused(str(error)) from None

    def failed(self, message: str) -> ExecutionError:
        """The error to raise: Go's text, with the place."""
        return ExecutionError(*self._located(message))

    def refused(self, message: str) -> LimitError:
        return LimitError(*self._located(message))

    def _located(self, message: str) -> tuple[str, Position | None]:
        tree, node = self.frames[-1].tree, self.at
        if node is None:
            return f"template: {tree.name}: {message}", None
        begin = tree.text.rfind("\n", 0, node.start) + 1
        line = 1 + tree.text.count("\n", 0, node.start)
        column = len(to_bytes(tree.text[begin : node.start]))
        where = f"template: {tree.file}:{line}:{column}: executing {quote(tree.name)} at <{node}>"
        return f"{where}: {message}", Position(tree.file, line, column)


def _elements(value: object) -> int:
    """What a call that makes a list, or a method that looks through one, has to do."""
    return len(value) if isinstance(value, GoList | GoMap) else 0


def _parameter(function: Function, at: int) -> GoType | None:
    return function.params[at] if at < len(function.params) else function.variadic
