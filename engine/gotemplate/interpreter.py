"""Carries out a template over data.

Statements run on a stack of our own (each is a generator that yields the statements inside of it), so depth costs memory
and not Python's recursion; only expressions recurse, as deep as their parentheses, which the parser bounds. Every node
and every call costs a step, long texts cost more, and output is counted: a template always ends, with its text or with
an error.

Law: a value's fields and methods are looked up in the tables of its type. Nothing here asks Python for an attribute by a
name from the template.
"""

from __future__ import annotations

from collections.abc import Callable, Generator, Mapping, Sequence
from dataclasses import dataclass
from enum import Enum
from typing import Final, NoReturn, TypeAlias

from engine.gotemplate.containers import GoList, GoMap, GoPointer, GoStruct, boxed, zero
from engine.gotemplate.errors import CallError, ExecutionError, LimitError, Position
from engine.gotemplate.functions.builtins import truth
from engine.gotemplate.literals import INT_MAX
from engine.gotemplate.nodes import (
    Action,
    Bool,
    Branch,
    Call,
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
    Text,
    Tree,
    Variable,
)
from engine.gotemplate.printing import go_print
from engine.gotemplate.text import cleaned, quote, to_bytes
from engine.gotemplate.types import Function, GoType, GoValue, Kind, type_of


class MissingKey(Enum):
    """What a map answers for a key that it lacks: its element type's zero value, nothing, or an error."""

    DEFAULT = "default"
    ZERO = "zero"
    ERROR = "error"


@dataclass(frozen=True, slots=True)
class Limits:
    """What one execution may use: steps (nodes and calls, and one for each 1,024 characters), characters, depth."""

    steps: int = 1_000_000
    output: int = 8 << 20
    depth: int = 10_000


DEFAULT_LIMITS: Final = Limits()
_NOTHING: Final = object()  # no value comes down the pipeline


class _Jumped(Exception):  # noqa: N818 - control flow, caught by the range around it
    """A `break` or `continue` on its way to its range."""

    def __init__(self, word: str) -> None:
        super().__init__(word)
        self.word = word


_Statement: TypeAlias = "Generator[_Statement, None, None]"


@dataclass(slots=True)
class _Frame:
    """One template being carried out: its tree and its variables, innermost last."""

    tree: Tree
    variables: list[tuple[str, object]]


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
        self._functions = functions
        self._missing_key = missing_key
        self._limits = limits
        self._steps = limits.steps
        self._room = limits.output
        self._pieces: list[str] = []
        self._frames: list[_Frame] = []
        self._node: Operand | Node | Command | None = None

    def run(self, tree: Tree, data: object) -> str:
        """The text. Raises ExecutionError."""
        self._frames.append(_Frame(tree, [("$", data)]))
        stack: list[_Statement] = [self._list(tree.body, data)]
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
        return cleaned("".join(self._pieces))

    # Statements

    def _list(self, body: Sequence[Node], dot: object) -> _Statement:
        for node in body:
            self._spend(1)
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
        self._node = node
        value = self._pipeline(dot, node.pipeline)
        if not node.pipeline.names:
            self._node = node
            self._write(self._printed(value))

    def _printed(self, value: object) -> str:
        if isinstance(value, str):
            return value
        if isinstance(value, GoPointer):
            value = value.target
        return "<no value>" if value is None else go_print(value)

    def _branch(self, node: Branch, dot: object) -> _Statement:
        variables = self._variables
        mark = len(variables)
        try:
            value = self._pipeline(dot, node.pipeline)
            if truth(value):
                yield self._list(node.body, value if node.word == "with" else dot)
            elif node.otherwise is not None:
                yield self._list(node.otherwise, dot)
        finally:
            del variables[mark:]

    def _range(self, node: Branch, dot: object) -> _Statement:
        variables = self._variables
        mark = len(variables)
        try:
            self._node = node.pipeline
            value = boxed(self._pipeline(dot, node.pipeline))
            pairs = self._pairs(value.target if isinstance(value, GoPointer) else value)
            inner = len(variables)
            for key, element in pairs:
                self._bind(node.pipeline, key, element, mark)
                try:
                    yield self._list(node.body, element)
                except _Jumped as jumped:
                    if jumped.word == "break":
                        return
                finally:
                    del variables[inner:]
            if not pairs and node.otherwise is not None:
                yield self._list(node.otherwise, dot)
        finally:
            del variables[mark:]

    def _pairs(self, value: object) -> Sequence[tuple[object, object]]:
        if value is None:
            return ()
        if isinstance(value, GoMap):
            return list(value.items())
        if isinstance(value, GoList):
            return list(enumerate(value))
        self._fail(f"range can't iterate over {go_print(value)}")

    def _bind(self, pipeline: Pipeline, key: object, element: object, mark: int) -> None:
        """The first variable alone is the element; of two it is the key."""
        names = pipeline.names
        if not names:
            return
        self._spend(1)
        variables = self._variables
        variables[-1] = (variables[-1][0], element)
        if len(names) > 1:
            variables[-2] = (variables[-2][0], key)

    def _template(self, node: Call, dot: object) -> _Statement:
        self._node = node
        tree = self._trees.get(node.name)
        if tree is None:
            self._fail(f"template {quote(node.name)} not defined")
        if len(self._frames) > self._limits.depth:
            self._refuse(f"exceeded maximum template depth ({self._limits.depth})")
        value = self._pipeline(dot, node.pipeline) if node.pipeline else None
        self._frames.append(_Frame(tree, [("$", value)]))
        try:
            yield self._list(tree.body, value)
        finally:
            self._frames.pop()

    # Pipelines

    def _pipeline(self, dot: object, pipeline: Pipeline) -> object:
        self._node = pipeline
        value: object = _NOTHING
        for command in pipeline.commands:
            value = self._command(dot, command, value)
        for name in pipeline.names:
            if pipeline.assigns:
                self._assign(name, value)
            else:
                self._variables.append((name, value))
        return value

    def _command(self, dot: object, command: Command, final: object) -> object:
        self._spend(1)
        first, arguments = command.operands[0], command.operands[1:]
        if isinstance(first, Field):
            return self._field(dot, first, arguments, final)
        if isinstance(first, Chain):
            return self._chain(dot, first, arguments, final)
        if isinstance(first, Identifier):
            return self._function(dot, first, command, arguments, final)
        if isinstance(first, Variable):
            return self._variable(dot, first, arguments, final)
        if isinstance(first, Pipeline):
            self._no_function(first, arguments, final)
            return self._pipeline(dot, first)
        self._node = first
        self._no_function(first, arguments, final)
        if isinstance(first, Nil):
            self._fail("nil is not a command")
        return self._constant(dot, first)

    def _no_function(self, first: Operand, arguments: Sequence[Operand], final: object) -> None:
        if arguments or final is not _NOTHING:
            self._fail(f"can't give argument to non-function {first}")

    def _constant(self, dot: object, node: Dot | Bool | Number | String) -> object:
        if isinstance(node, Dot):
            return dot
        if isinstance(node, Number) and isinstance(node.value, int) and node.value > INT_MAX:
            self._node = node
            self._fail(f"{node.source} overflows int")
        return node.value

    # Fields, variables, functions

    def _field(self, dot: object, node: Field, arguments: Sequence[Operand], final: object) -> object:
        self._node = node
        return self._fields(dot, dot, node, node.names, arguments, final)

    def _chain(self, dot: object, node: Chain, arguments: Sequence[Operand], final: object) -> object:
        self._node = node
        base = self._argument(dot, None, node.base)
        return self._fields(dot, base, node, node.fields, arguments, final)

    def _variable(self, dot: object, node: Variable, arguments: Sequence[Operand], final: object) -> object:
        self._node = node
        value = self._lookup(node.name)
        if node.fields:
            return self._fields(dot, value, node, node.fields, arguments, final)
        self._no_function(node, arguments, final)
        return value

    def _fields(
        self,
        dot: object,
        value: object,
        node: Field | Chain | Variable,
        names: Sequence[str],
        arguments: Sequence[Operand],
        final: object,
    ) -> object:
        for name in names[:-1]:
            value = self._member(dot, value, name, node, (), _NOTHING)
        return self._member(dot, value, names[-1], node, arguments, final)

    def _member(
        self,
        dot: object,
        receiver: object,
        name: str,
        node: Field | Chain | Variable,
        arguments: Sequence[Operand],
        final: object,
    ) -> object:
        if receiver is None:
            if self._missing_key is MissingKey.ERROR:
                self._fail(f"nil data; no entry for key {quote(name)}")
            return None
        of = type_of(receiver)
        if isinstance(receiver, GoValue) and (method := receiver.go_methods.get(name)) is not None:
            target = receiver.target if isinstance(receiver, GoPointer) else receiver
            return self._invoke(dot, name, method, node, arguments, final, (target,))
        has_arguments = bool(arguments) or final is not _NOTHING
        inner = boxed(receiver.target if isinstance(receiver, GoPointer) else receiver)
        if isinstance(inner, GoStruct) and name in inner.go_type.fields:
            if has_arguments:
                self._fail(f"{name} has arguments but cannot be invoked as function")
            return inner.get(name)
        if isinstance(inner, GoMap):
            if has_arguments:
                self._fail(f"{name} is not a method but has arguments")
            return self._entry(inner, name)
        self._fail(f"can't evaluate field {name} in type {of}")

    def _entry(self, target: GoMap, name: str) -> object:
        if name in target or self._missing_key is MissingKey.ZERO:
            return target.get(name)
        if self._missing_key is MissingKey.ERROR:
            self._fail(f"map has no entry for key {quote(name)}")
        return None

    def _function(
        self, dot: object, node: Identifier, shown: Operand | Command, arguments: Sequence[Operand], final: object
    ) -> object:
        self._node = node
        function = self._functions.get(node.name)
        if function is None:
            self._fail(f"{quote(node.name)} is not a defined function")
        return self._invoke(dot, node.name, function, shown, arguments, final)

    def _invoke(
        self,
        dot: object,
        name: str,
        function: Function,
        shown: Operand | Command,
        arguments: Sequence[Operand],
        final: object,
        receiver: tuple[object, ...] = (),
    ) -> object:
        self._check_count(name, function, len(arguments), final)
        if function.results > 1:
            self._fail(f'can\'t call method/function "{name}" with {function.results} results')
        values: list[object] = []
        for at, argument in enumerate(arguments):
            value = self._argument(dot, _parameter(function, at), argument)
            if function.until is not None and truth(value) is function.until:
                return value
            values.append(value)
        if final is not _NOTHING:
            values.append(self._checked(final, _parameter(function, len(arguments))))
        return self._guarded(name, function.call, (*receiver, *values), shown)

    def _check_count(self, name: str, function: Function, given: int, final: object) -> None:
        count = given + (final is not _NOTHING)
        fixed = len(function.params)
        if function.variadic is not None:
            if count < fixed:
                self._fail(f"wrong number of args for {name}: want at least {fixed} got {given}")
        elif count != fixed:
            self._fail(f"wrong number of args for {name}: want {fixed} got {count}")

    def _guarded(
        self, name: str, call: Callable[..., object], values: tuple[object, ...], shown: Operand | Command
    ) -> object:
        self._spend(1 + sum(len(v) for v in values if isinstance(v, str)) // 1024)
        try:
            value = call(*values)
        except CallError as error:
            self._node = shown
            self._fail(f"error calling {name}: {error}")
        except LimitError as error:
            self._node = shown
            self._refuse(f"error calling {name}: {error}")
        if isinstance(value, str):
            self._spend(len(value) // 1024)
        return value

    # Arguments

    def _argument(self, dot: object, of: GoType | None, node: Operand) -> object:
        self._node = node
        if isinstance(node, Dot):
            return self._checked(dot, of)
        if isinstance(node, Nil):
            if of is not None and not of.can_be_nil:
                self._fail(f"cannot assign nil to {of}")
            return zero(of)
        if isinstance(node, Field):
            return self._checked(self._field(dot, node, (), _NOTHING), of)
        if isinstance(node, Variable):
            return self._checked(self._variable(dot, node, (), _NOTHING), of)
        if isinstance(node, Pipeline):
            return self._checked(self._pipeline(dot, node), of)
        if isinstance(node, Identifier):
            return self._checked(self._function(dot, node, node, (), _NOTHING), of)
        if isinstance(node, Chain):
            return self._checked(self._chain(dot, node, (), _NOTHING), of)
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
            self._fail(f"can't handle {node} for arg of type {of}")
        self._fail(f"expected {wanted}; found {node}")

    def _checked(self, value: object, of: GoType | None) -> object:
        """The value, if a parameter of this type takes it."""
        if of is None or of.kind in (Kind.INTERFACE, Kind.VALUE):
            return value
        have = type_of(value)
        if have is None:
            if not of.can_be_nil:
                self._fail(f"invalid value; expected {of}")
            return zero(of)
        if of.accepts(have):
            return value
        if isinstance(value, GoPointer) and of.accepts(value.target.go_type):
            return value.target
        self._fail(f"wrong type for value; expected {of}; got {have}")

    # Variables

    @property
    def _variables(self) -> list[tuple[str, object]]:
        return self._frames[-1].variables

    def _lookup(self, name: str) -> object:
        for known, value in reversed(self._variables):
            if known == name:
                return value
        self._fail(f"undefined variable: {name}")

    def _assign(self, name: str, value: object) -> None:
        variables = self._variables
        for at in range(len(variables) - 1, -1, -1):
            if variables[at][0] == name:
                variables[at] = (name, value)
                return
        self._fail(f"undefined variable: {name}")

    # Limits and errors

    def _spend(self, steps: int) -> None:
        self._steps -= steps
        if self._steps < 0:
            self._refuse(f"the template takes more than {self._limits.steps} steps")

    def _write(self, text: str) -> None:
        self._room -= len(text)
        if self._room < 0:
            self._refuse(f"the text would be longer than {self._limits.output} characters")
        self._pieces.append(text)

    def _fail(self, message: str) -> NoReturn:
        raise ExecutionError(*self._located(message))

    def _refuse(self, message: str) -> NoReturn:
        raise LimitError(*self._located(message))

    def _located(self, message: str) -> tuple[str, Position | None]:
        tree, node = self._frames[-1].tree, self._node
        if node is None:
            return f"template: {tree.name}: {message}", None
        begin = tree.text.rfind("\n", 0, node.start) + 1
        line = 1 + tree.text.count("\n", 0, node.start)
        column = len(to_bytes(tree.text[begin : node.start]))
        where = f"template: {tree.file}:{line}:{column}: executing {quote(tree.name)} at <{node}>"
        return f"{where}: {message}", Position(tree.file, line, column)


_EXPECTED: Final = {
    Kind.BOOL: "bool",
    Kind.INT: "integer",
    Kind.UINT: "unsigned integer",
    Kind.FLOAT: "float",
    Kind.STRING: "string",
}


def _parameter(function: Function, at: int) -> GoType | None:
    return function.params[at] if at < len(function.params) else function.variadic
