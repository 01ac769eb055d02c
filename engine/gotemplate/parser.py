"""From tokens to trees, with Go's error texts.

Blocks are kept on a stack of our own instead of Python's: a chain of a thousand `else if` is a valid template.
Parentheses are the only recursion, and `_MAX_NESTING` bounds them.
"""

from __future__ import annotations

from collections.abc import Container
from typing import Final, NoReturn

from msgspec import Struct, field

from engine.gotemplate.errors import Position, TemplateError
from engine.gotemplate.lexer import Kind, Token, tokenize
from engine.gotemplate.literals import character, number, unquote
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
    Jump,
    Nil,
    Node,
    Number,
    Operand,
    Pipeline,
    String,
    Text,
    Tree,
    Variable,
    is_blank,
)
from engine.gotemplate.text import to_bytes
from promql.model.labels import quote

_MAX_NESTING: Final = 50
_CONTEXTS: Final = {"define": "define clause", "block": "block clause"}
_OPERANDS: Final = frozenset(
    {
        Kind.BOOL, Kind.CHAR_CONSTANT, Kind.NUMBER, Kind.DOT, Kind.FIELD, Kind.IDENTIFIER, Kind.RAW_STRING,
        Kind.STRING, Kind.VARIABLE, Kind.LEFT_PAREN,
    }
)  # fmt: skip


class _Block(Struct):
    """An open `if`, `with`, `range`, `define` or `block`; the text itself is the block without a word."""

    word: str
    start: int = 0
    line: int = 0
    pipeline: Pipeline | None = None
    name: str = ""
    chained: bool = False  # an `else if`: closed by the same `end` as the block around it
    body: list[Node] = field(default_factory=list)
    otherwise: list[Node] | None = None
    visible: int = 0  # how many variables were there before
    inside: int = 0  # where a definition's text begins
    outside: tuple[list[str], int] = field(
        default_factory=lambda: ([], 0)
    )  # a definition's surroundings: variables, ranges


def parse_trees(name: str, text: str, functions: Container[str]) -> dict[str, Tree]:
    """All templates of a text: the text's own under `name`, and its definitions. Raises TemplateError."""
    return _Parser(name, text, functions).run()


class _Parser:
    def __init__(self, name: str, text: str, functions: Container[str]) -> None:
        self._name = name
        self._text = text
        self._functions = functions
        self._tokens = tokenize(text)
        self._at = 0
        self._furthest = 0
        self._action_line = 0
        self._variables = ["$"]
        self._ranges = 0
        self._nesting = 0
        self._stack = [_Block("")]
        self._trees: dict[str, Tree] = {}

    def run(self) -> dict[str, Tree]:
        while self._peek_non_space().kind is not Kind.EOF:
            self._text_or_action()
        if len(self._stack) > 1:
            self._fail("unexpected EOF")
        self._add(self._name, self._stack[0])
        return self._trees

    # Blocks

    def _text_or_action(self) -> None:
        token = self._next_non_space()
        if token.kind is Kind.TEXT:
            self._append(Text(token.start, token.text))
        elif token.kind is Kind.LEFT:
            if len(self._stack) == 1 and self._peek_non_space().is_keyword("define"):
                self._next()
                self._open_definition()
                return
            self._action_line = token.line
            self._action()
        else:
            self._unexpected(token, "input")

    def _action(self) -> None:
        token = self._next_non_space()
        if token.kind is not Kind.KEYWORD or token.text in ("define", "nil"):
            self._backup()
            token = self._peek()
            self._append(Action(token.start, token.line, self._pipeline("command", Kind.RIGHT)))
        elif token.text in ("if", "with", "range"):
            self._open_branch(token)
            return
        elif token.text == "block":
            self._open_block()
            return
        elif token.text == "else":
            self._else()
        elif token.text == "end":
            self._end()
        elif token.text == "template":
            self._template()
        else:
            self._jump(token)
        self._action_line = 0

    def _open_branch(self, token: Token, *, chained: bool = False) -> None:
        visible = len(self._variables)
        pipeline = self._pipeline(token.text, Kind.RIGHT)
        block = _Block(token.text, pipeline.start, token.line, pipeline, chained=chained, visible=visible)
        self._ranges += token.text == "range"
        self._stack.append(block)

    def _open_definition(self) -> None:
        name = self._next_non_space()
        if name.kind not in (Kind.STRING, Kind.RAW_STRING):
            self._unexpected(name, "define clause")
        value = self._unquote(name)
        self._expect_right("define clause")
        self._open_named(_Block("define", name=value))

    def _open_block(self) -> None:
        token = self._next_non_space()
        name = self._template_name(token, "block clause")
        pipeline = self._pipeline("block clause", Kind.RIGHT)
        self._open_named(_Block("block", token.start, token.line, pipeline, name))

    def _open_named(self, block: _Block) -> None:
        block.outside = (self._variables, self._ranges)
        block.inside = self._peek_non_space().start
        self._variables, self._ranges = ["$"], 0
        self._stack.append(block)

    def _append(self, node: Node) -> None:
        block = self._stack[-1]
        (block.body if block.otherwise is None else block.otherwise).append(node)

    def _else(self) -> None:
        is_if = self._peek_non_space().is_keyword("if")
        if not is_if:
            self._expect_right("else")
        block = self._stack[-1]
        if block.word == "":
            self._fail("unexpected {{else}}")
        if block.word in _CONTEXTS:
            self._fail(f"unexpected {{{{else}}}} in {_CONTEXTS[block.word]}")
        if block.otherwise is not None:
            self._fail("expected end; found {{else}}")
        self._ranges -= block.word == "range"
        block.otherwise = []
        if is_if:
            token = self._next()
            if block.word != "if":
                self._unexpected(token, "input")
            self._open_branch(token, chained=True)

    def _end(self) -> None:
        self._expect_right("end")
        while True:
            if len(self._stack) == 1:
                self._fail("unexpected {{end}}")
            block = self._stack.pop()
            self._close(block)
            if not block.chained:
                return

    def _close(self, block: _Block) -> None:
        if block.word in _CONTEXTS:
            self._variables, self._ranges = block.outside
            self._add(block.name, block)
            if block.word == "block":
                self._append(Call(block.start, block.line, block.name, block.pipeline))
            return
        del self._variables[block.visible :]
        if block.word == "range" and block.otherwise is None:
            self._ranges -= 1
        assert block.pipeline is not None
        otherwise = None if block.otherwise is None else tuple(block.otherwise)
        body = tuple(block.body)
        self._append(Branch(block.start, block.line, block.word, block.pipeline, body, otherwise))

    def _jump(self, token: Token) -> None:
        shown = f"{{{{{token.text}}}}}"
        follower = self._next_non_space()
        if follower.kind is not Kind.RIGHT:
            self._unexpected(follower, shown)
        if not self._ranges:
            self._fail(f"{shown} outside {{{{range}}}}")
        self._append(Jump(token.start, token.line, token.text))

    def _template(self) -> None:
        token = self._next_non_space()
        name = self._template_name(token, "template clause")
        pipeline = None
        if self._next_non_space().kind is not Kind.RIGHT:
            self._backup()
            pipeline = self._pipeline("template clause", Kind.RIGHT)
        self._append(Call(token.start, token.line, name, pipeline))

    def _template_name(self, token: Token, context: str) -> str:
        if token.kind not in (Kind.STRING, Kind.RAW_STRING):
            self._unexpected(token, context)
        return self._unquote(token)

    def _add(self, name: str, block: _Block) -> None:
        old = self._trees.get(name)
        if old is None or old.is_empty:
            self._trees[name] = Tree(name, self._name, self._text, tuple(block.body), block.inside)
        elif not is_blank(block.body):
            self._fail(f"template: multiple definition of template {quote(name)}")

    # Pipelines

    def _pipeline(self, context: str, end: Kind) -> Pipeline:
        start = self._peek_non_space().start
        names, assigns = self._declarations(context)
        commands: list[Command] = []
        while True:
            token = self._next_non_space()
            if token.kind is end:
                break
            if token.kind not in _OPERANDS and not token.is_keyword("nil"):
                self._unexpected(token, context)
            self._backup()
            commands.append(self._command())
        self._check(commands, context)
        return Pipeline(start, tuple(commands), tuple(names), assigns)

    def _declarations(self, context: str) -> tuple[list[str], bool]:
        """`$a :=`, `$a =`, `$i, $v :=`."""
        names: list[str] = []
        while (variable := self._peek_non_space()).kind is Kind.VARIABLE:
            mark = self._at
            self._next()
            follower = self._peek_non_space()
            if follower.kind in (Kind.ASSIGN, Kind.DECLARE):
                self._next_non_space()
                names.append(variable.text)
                self._variables.append(variable.text)
                return names, follower.kind is Kind.ASSIGN
            if follower.kind is not Kind.CHAR or follower.text != ",":
                self._at = mark
                break
            self._next_non_space()
            names.append(variable.text)
            self._variables.append(variable.text)
            if context != "range" or len(names) > 1:
                self._fail(f"too many declarations in {context}")
            if self._peek_non_space().kind not in (Kind.VARIABLE, Kind.RIGHT, Kind.RIGHT_PAREN):
                self._fail("range can only initialize variables")
        return names, False

    def _check(self, commands: list[Command], context: str) -> None:
        if not commands:
            self._fail(f"missing value for {context}")
        for stage, command in enumerate(commands[1:], 2):
            if isinstance(command.operands[0], Bool | Dot | Nil | Number | String):
                self._fail(f"non executable command in pipeline stage {stage}")

    def _command(self) -> Command:
        start = self._peek_non_space().start
        operands: list[Operand] = []
        while True:
            self._peek_non_space()
            operand = self._operand()
            if operand is not None:
                operands.append(operand)
            token = self._next()
            if token.kind is Kind.SPACE:
                continue
            if token.kind in (Kind.RIGHT, Kind.RIGHT_PAREN):
                self._backup()
            elif token.kind is not Kind.PIPE:
                self._unexpected(token, "operand")
            break
        if not operands:
            self._fail("empty command")
        return Command(start, tuple(operands))

    def _operand(self) -> Operand | None:
        base = self._term()
        if base is None or self._peek().kind is not Kind.FIELD:
            return base
        start = self._peek().start
        fields: list[str] = []
        while self._peek().kind is Kind.FIELD:
            fields.append(self._next().text[1:])
        if isinstance(base, Field):
            return Field(start, (*base.names, *fields))
        if isinstance(base, Variable):
            return Variable(start, base.name, (*base.fields, *fields))
        if isinstance(base, Bool | String | Number | Nil | Dot):
            self._fail(f"unexpected . after term {quote(str(base))}")
        return Chain(start, base, tuple(fields))

    def _term(self) -> Operand | None:
        token = self._next_non_space()
        start, text = token.start, token.text
        match token.kind:
            case Kind.IDENTIFIER:
                if text not in self._functions:
                    self._fail(f"function {quote(text)} not defined")
                return Identifier(start, text)
            case Kind.DOT:
                return Dot(start)
            case Kind.VARIABLE:
                if text not in self._variables:
                    self._fail(f"undefined variable {quote(text)}")
                return Variable(start, text)
            case Kind.FIELD:
                return Field(start, (text[1:],))
            case Kind.BOOL:
                return Bool(start, text == "true")
            case Kind.CHAR_CONSTANT | Kind.NUMBER:
                return self._number(token)
            case Kind.STRING | Kind.RAW_STRING:
                return String(start, text, self._unquote(token))
            case Kind.LEFT_PAREN:
                return self._parenthesis()
            case _ if token.is_keyword("nil"):
                return Nil(start)
            case _:
                self._backup()
                return None

    def _parenthesis(self) -> Pipeline:
        self._nesting += 1
        if self._nesting > _MAX_NESTING:
            self._fail(f"more than {_MAX_NESTING} nested parentheses")
        pipeline = self._pipeline("parenthesized pipeline", Kind.RIGHT_PAREN)
        self._nesting -= 1
        return pipeline

    def _number(self, token: Token) -> Number:
        try:
            return (number if token.kind is Kind.NUMBER else character)(token.text, token.start)
        except ValueError as error:
            self._fail(str(error))

    def _unquote(self, token: Token) -> str:
        try:
            return unquote(token.text)
        except ValueError as error:
            self._fail(str(error))

    # Tokens

    def _next(self) -> Token:
        token = self._peek()
        self._at = min(self._at + 1, len(self._tokens))
        return token

    def _peek(self) -> Token:
        at = min(self._at, len(self._tokens) - 1)
        self._furthest = max(self._furthest, at)
        return self._tokens[at]

    def _backup(self) -> None:
        self._at -= 1

    def _peek_non_space(self) -> Token:
        while (token := self._peek()).kind is Kind.SPACE:
            self._at += 1
        return token

    def _next_non_space(self) -> Token:
        self._peek_non_space()
        return self._next()

    def _expect_right(self, context: str) -> None:
        token = self._next_non_space()
        if token.kind is not Kind.RIGHT:
            self._unexpected(token, context)

    def _unexpected(self, token: Token, context: str) -> NoReturn:
        if token.kind is not Kind.ERROR:
            self._fail(f"unexpected {_shown(token)} in {context}")
        extra = ""
        if self._action_line and self._action_line != token.line:
            extra = f" in action started at {self._name}:{self._action_line}"
            if token.text.endswith(" action"):
                extra = extra.removeprefix(" in action")
        self._fail(token.text + extra)

    def _fail(self, message: str) -> NoReturn:
        token = self._tokens[self._furthest]
        begin = self._text.rfind("\n", 0, token.start) + 1
        position = Position(self._name, token.line, len(to_bytes(self._text[begin : token.start])))
        raise TemplateError(f"template: {self._name}:{token.line}: {message}", position)


def _shown(token: Token) -> str:
    if token.kind is Kind.EOF:
        return "EOF"
    if token.kind is Kind.KEYWORD or token.kind is Kind.DOT:
        return f"<{token.text}>"
    return f"{quote(token.text[:10])}..." if len(to_bytes(token.text)) > 10 else quote(token.text)
