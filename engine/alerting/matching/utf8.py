"""The grammar of Alertmanager 0.27 and later: names and values are runs of characters without blanks and marks, or
stand in double quotes with Go's escapes. Braces come in pairs, a last comma is fine, and no value is empty but `""`.

Columns in messages count characters from zero; the line, of which there is one, is zero too where it is told.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Final, NamedTuple

from engine.alerting.matching.text import GO_SPACE, RESERVED, MatcherError
from engine.foundation.regexes import RegexError
from promql.model.matchers import Matcher, MatchOp

_END, _ERROR, _QUOTED, _PLAIN = "end", "error", "quoted", "plain"
_OPERATORS: Final = tuple(op.value for op in MatchOp)
_TOKEN: Final = re.compile(  # noqa: TID251 - ours, linear
    rf'[{GO_SPACE}]*(?:(?P<mark>[{{}},])|(?P<operator>[!=]~|!=|=)|(?P<quoted>"(?:[^"\\]|\\.)*")|(?P<plain>[^{re.escape(RESERVED)}]+))',
    re.DOTALL,
)
_BLANKS: Final = re.compile(f"[{GO_SPACE}]*")  # noqa: TID251 - ours, linear
_AFTER: Final = "expected a comma or close brace"
_AFTER_COMMA: Final = "expected a matcher or close brace after comma"
_OPERATOR: Final = "expected an operator such as '=', '!=', '=~' or '!~'"


class _Token(NamedTuple):
    """`kind` is a mark or an operator itself, or one of the names above; the text of an error is the whole message."""

    kind: str
    text: str
    start: int
    end: int


def parse_matchers(text: str) -> list[Matcher]:
    """A list, with or without braces. Raises MatcherError."""
    tokens = _Tokens(text)
    opened = tokens.peek().kind == "{"
    if opened:
        tokens.take()
    found = []
    goes_on = tokens.peek().kind not in ("}", _END)
    while goes_on:
        found.append(_matcher(tokens))
        goes_on = _goes_on(tokens)
    _close(tokens, opened=opened)
    return found


def parse_matcher(text: str) -> Matcher:
    """Exactly one, without braces. Raises MatcherError."""
    if text.startswith("{") or text.endswith("}"):
        raise MatcherError(f"unexpected open or close brace: {text}")
    found = parse_matchers(text)
    if len(found) != 1:
        raise MatcherError(f"expected 1 matcher, found {len(found)}" if found else "no matchers")
    return found[0]


def _matcher(tokens: _Tokens) -> Matcher:
    name = _value(tokens, "expected label name")
    operator = tokens.expect(_OPERATORS, _OPERATOR).kind
    tokens.take()
    value = _value(tokens, "expected label value")
    try:
        return Matcher(name, MatchOp(operator), value)
    except RegexError as error:
        raise MatcherError(f"failed to create matcher: {error}") from None


def _value(tokens: _Tokens, wanted: str) -> str:
    token = tokens.expect((_QUOTED, _PLAIN), wanted)
    tokens.take()
    return token.text if token.kind == _PLAIN else _unquoted(token)


def _unquoted(token: _Token) -> str:
    from engine.gotemplate.literals import unquote  # noqa: PLC0415 - hardly anybody has such names

    try:
        if "\n" in token.text:
            raise ValueError("a line feed is written as an escape")
        value = unquote(token.text)
        value.encode()
    except ValueError:
        raise MatcherError(f"{token.start}:{token.end}: {token.text}: invalid input") from None
    return value


def _goes_on(tokens: _Tokens) -> bool:
    """Whether another matcher follows; a comma is taken."""
    if tokens.expect((",", "}", _END), _AFTER).kind != ",":
        return False
    tokens.take()
    return tokens.expect((_QUOTED, _PLAIN, "}", _END), _AFTER_COMMA).kind not in ("}", _END)


def _close(tokens: _Tokens, *, opened: bool) -> None:
    closed = tokens.peek()
    if opened and closed.kind == _END:
        raise MatcherError(f"0:{tokens.column}: end of input: expected close brace")
    if closed.kind == "}":
        if not opened:
            raise MatcherError(f"0:{closed.end}: }}: expected opening brace")
        tokens.take()
    rest = tokens.peek("expected end of input")
    if rest.kind != _END:
        raise MatcherError(f"{rest.start}:{rest.end}: {rest.text}: expected end of input")


class _Tokens:
    """The tokens of a text, one after the other. `column` is where the last one that was taken ends."""

    def __init__(self, text: str) -> None:
        self._rest = _tokens(text)
        self._next = next(self._rest)
        self.column = 0

    def peek(self, wanted: str = "") -> _Token:
        """Raises MatcherError where none begins, with what was wanted there."""
        if self._next.kind == _ERROR:
            raise MatcherError(f"{self._next.text}: {wanted}" if wanted else self._next.text)
        return self._next

    def take(self) -> None:
        self.column = self._next.end
        self._next = next(self._rest)

    def expect(self, kinds: tuple[str, ...], wanted: str) -> _Token:
        """The next one, which is left there. Raises MatcherError for any other."""
        token = self.peek(wanted)
        if token.kind not in kinds:
            told = "end of input" if token.kind == _END else f"{token.start}:{token.end}: unexpected {token.text}"
            raise MatcherError(f"{told}: {wanted}")
        return token


def _tokens(text: str) -> Iterator[_Token]:
    """The last one is the end or an error."""
    at = 0
    while found := _TOKEN.match(text, at):
        kind = found.lastgroup or ""
        token, at = found[kind], found.end()
        yield _Token(kind if kind in (_QUOTED, _PLAIN) else token, token, found.start(kind), at)
    blanks = _BLANKS.match(text, at)
    at = blanks.end() if blanks else at
    yield _Token(_END, "", at, at) if at == len(text) else _Token(_ERROR, _fault(text, at), at, len(text))


def _fault(text: str, at: int) -> str:
    """Why no token begins here."""
    if text[at] == '"':
        return f'{at}:{len(text)}: {text[at:]}: missing end "'
    if text[at] != "!":
        return f"{at}:{at + 1}: {text[at]}: invalid input"
    if at + 1 == len(text):
        return f"{at}:{at + 1}: unexpected end of input, expected one of '=~'"
    return f"{at}:{at + 1}: !: expected one of '=~'"
