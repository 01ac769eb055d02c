"""A template's text as tokens.

Hand-written, and so is the parser: what people see of a grammar are its error texts, and Go's come from this very
division of labour (a field is one token with its dot, spaces inside actions are tokens, and a bad character is met by
the lexer in some places and by the parser in others). A generated parser finds the same mistakes elsewhere and in other
words.

A mistake is a token too (ERROR, always the last one): the parser reports it only if it gets that far.
"""

from __future__ import annotations

from enum import Enum, auto
from typing import Final

from msgspec import Struct

_LEFT: Final = "{{"
_RIGHT: Final = "}}"
_SPACES: Final = " \t\r\n"
_TERMINATORS: Final = frozenset(_SPACES + ".,|:)(")
_DECIMAL: Final = frozenset("0123456789_")
_DIGITS: Final = {
    "x": frozenset("0123456789abcdefABCDEF_"),
    "o": frozenset("01234567_"),
    "b": frozenset("01_"),
}


class Kind(Enum):
    ERROR = auto()
    EOF = auto()
    TEXT = auto()
    LEFT = auto()
    RIGHT = auto()
    SPACE = auto()
    BOOL = auto()
    CHAR = auto()
    CHAR_CONSTANT = auto()
    NUMBER = auto()
    STRING = auto()
    RAW_STRING = auto()
    IDENTIFIER = auto()
    FIELD = auto()
    VARIABLE = auto()
    LEFT_PAREN = auto()
    RIGHT_PAREN = auto()
    PIPE = auto()
    ASSIGN = auto()
    DECLARE = auto()
    KEYWORD = auto()
    DOT = auto()


_KEYWORDS: Final = frozenset(
    {"block", "break", "continue", "define", "else", "end", "if", "range", "nil", "template", "with"}
)
_SIGNS: Final = {"=": Kind.ASSIGN, "|": Kind.PIPE}


class Token(Struct, frozen=True):
    """`start` is an index into the text, `line` counts from 1."""

    kind: Kind
    text: str
    start: int
    line: int

    def is_keyword(self, word: str) -> bool:
        return self.kind is Kind.KEYWORD and self.text == word


def tokenize(text: str) -> list[Token]:
    """All tokens; the last one is EOF or ERROR."""
    return _Lexer(text).run()


class _Stop(Exception):  # noqa: N818 - ends the scan, its message becomes the last token
    """The rest of the text can't be read."""


class _Lexer:
    def __init__(self, text: str) -> None:
        self._text = text
        self._at = 0
        self._start = 0
        self._line = 1
        self._parens = 0
        self._tokens: list[Token] = []

    def run(self) -> list[Token]:
        try:
            while (after := self._plain_text()) is not None:
                if self._text.startswith("/*", after):
                    self._comment(after)
                else:
                    self._action()
            self._emit(Kind.EOF)
        except _Stop as stop:
            self._tokens.append(Token(Kind.ERROR, str(stop), self._start, self._line))
        return self._tokens

    # Outside of actions

    def _plain_text(self) -> int | None:
        """Emit the text up to the next action, and the action's opening unless a comment follows.

        Returns where the inside begins; None at the end of the text.
        """
        text, begin = self._text, self._at
        left = text.find(_LEFT, begin)
        end = len(text) if left < 0 else left
        trims = left >= 0 and text.startswith("-", left + 2) and text[left + 3 : left + 4] in tuple(_SPACES)
        kept = text[begin:end].rstrip(_SPACES) if trims else text[begin:end]
        if kept:
            self._at = begin + len(kept)
            self._emit(Kind.TEXT)
        self._skip_to(end)
        if left < 0:
            return None
        after = left + (4 if trims else 2)
        if not text.startswith("/*", after):
            self._at = left + 2
            self._emit(Kind.LEFT)
            self._skip_to(left + (3 if trims else 2))
        return after

    def _comment(self, begin: int) -> None:
        text = self._text
        close = text.find("*/", begin + 2)
        if close < 0:
            raise _Stop("unclosed comment")
        width, trims = self._right_at(close + 2)
        if not width:
            raise _Stop("comment ends before closing delimiter")
        self._skip_to(close + 2 + width)
        if trims:
            self._skip_spaces()

    # Inside of actions

    def _right_at(self, at: int) -> tuple[int, bool]:
        """The width of a closing delimiter here, 0 for none, and whether it trims what follows."""
        text = self._text
        if text.startswith("-" + _RIGHT, at + 1) and text[at] in _SPACES:
            return 4, True
        return (2, False) if text.startswith(_RIGHT, at) else (0, False)

    def _action(self) -> None:
        self._parens = 0
        while not self._close():
            self._token()

    def _close(self) -> bool:
        width, trims = self._right_at(self._at)
        if not width:
            return False
        if self._parens:
            raise _Stop("unclosed left paren")
        self._skip_to(self._at + width - 2)
        self._at += 2
        self._emit(Kind.RIGHT)
        if trims:
            self._skip_spaces()
        return True

    def _token(self) -> None:
        char = self._peek()
        if char == "":
            raise _Stop("unclosed action")
        if char in _SPACES:
            self._spaces()
        elif char in _SIGNS:
            self._at += 1
            self._emit(_SIGNS[char])
        elif char == ":":
            self._declare()
        elif char == '"':
            self._quoted('"', "unterminated quoted string")
            self._emit(Kind.STRING)
        elif char == "`":
            self._raw_string()
        elif char == "'":
            self._quoted("'", "unterminated character constant")
            self._emit(Kind.CHAR_CONSTANT)
        elif char == "$":
            self._name(Kind.VARIABLE)
        elif char == "." and (follower := self._text[self._at + 1 : self._at + 2]) and not "0" <= follower <= "9":
            self._name(Kind.FIELD)
        elif char in ".+-" or "0" <= char <= "9":
            self._number()
        elif _is_word(char):
            self._word()
        elif char in "()":
            self._paren(char)
        else:
            self._other(char)

    def _spaces(self) -> None:
        text, at = self._text, self._at
        while at < len(text) and text[at] in _SPACES and not self._right_at(at)[1]:
            at += 1
        self._at = at
        self._emit(Kind.SPACE)

    def _declare(self) -> None:
        if not self._text.startswith(":=", self._at):
            raise _Stop("expected :=")
        self._at += 2
        self._emit(Kind.DECLARE)

    def _quoted(self, mark: str, complaint: str) -> None:
        text, at = self._text, self._at + 1
        while (char := text[at : at + 1]) != mark:
            if char == "\\":
                at += 1
                char = text[at : at + 1]
            if char in ("", "\n"):
                raise _Stop(complaint)
            at += 1
        self._at = at + 1

    def _raw_string(self) -> None:
        close = self._text.find("`", self._at + 1)
        if close < 0:
            raise _Stop("unterminated raw quoted string")
        self._at = close + 1
        self._emit(Kind.RAW_STRING)

    def _paren(self, char: str) -> None:
        self._parens += 1 if char == "(" else -1
        self._at += 1
        self._emit(Kind.LEFT_PAREN if char == "(" else Kind.RIGHT_PAREN)
        if self._parens < 0:
            raise _Stop("unexpected right paren")

    def _other(self, char: str) -> None:
        if not (char.isascii() and char.isprintable()):
            raise _Stop(f"unrecognized character in action: {describe(char)}")
        self._at += 1
        self._emit(Kind.CHAR)

    def _name(self, kind: Kind) -> None:
        """A variable or a field: its mark, then letters and digits; a mark alone is `$` or the dot."""
        begin = self._at
        self._at += 1
        self._run_of_word()
        if self._at == begin + 1 and self._at_terminator():
            self._emit(Kind.VARIABLE if kind is Kind.VARIABLE else Kind.DOT)
            return
        self._demand_terminator()
        self._emit(kind)

    def _word(self) -> None:
        self._run_of_word()
        self._demand_terminator()
        word = self._text[self._start : self._at]
        if word in _KEYWORDS:
            self._emit(Kind.KEYWORD)
        else:
            self._emit(Kind.BOOL if word in ("true", "false") else Kind.IDENTIFIER)

    def _run_of_word(self) -> None:
        text, at = self._text, self._at
        while at < len(text) and _is_word(text[at]):
            at += 1
        self._at = at

    def _at_terminator(self) -> bool:
        char = self._peek()
        return char == "" or char in _TERMINATORS or self._text.startswith(_RIGHT, self._at)

    def _demand_terminator(self) -> None:
        if not self._at_terminator():
            raise _Stop(f"bad character {describe(self._peek())}")

    def _number(self) -> None:
        if not self._scan_number():
            raise _Stop(f'bad number syntax: "{self._text[self._start : self._at]}"')
        if self._peek() and self._peek() in "+-":  # a complex number: the second part must be imaginary
            good = self._scan_number()
            if not good or self._text[self._at - 1] != "i":
                raise _Stop(f'bad number syntax: "{self._text[self._start : self._at]}"')
        self._emit(Kind.NUMBER)

    def _scan_number(self) -> bool:
        self._accept("+-")
        digits = _DECIMAL
        base = ""
        if self._accept("0"):
            base = self._text[self._at : self._at + 1].lower()
            base = base if base in _DIGITS and base else ""
            digits = _DIGITS.get(base, _DECIMAL)
            self._at += 1 if base else 0
        self._accept_run(digits)
        if self._accept("."):
            self._accept_run(digits)
        if (not base and self._accept("eE")) or (base == "x" and self._accept("pP")):
            self._accept("+-")
            self._accept_run(_DECIMAL)
        self._accept("i")
        if _is_word(self._peek()):
            self._at += 1
            return False
        return True

    # Small steps

    def _peek(self) -> str:
        return self._text[self._at : self._at + 1]

    def _accept(self, chars: str) -> bool:
        if (char := self._peek()) and char in chars:
            self._at += 1
            return True
        return False

    def _accept_run(self, chars: frozenset[str]) -> None:
        while self._peek() in chars:
            self._at += 1

    def _skip_spaces(self) -> None:
        rest = self._at
        while rest < len(self._text) and self._text[rest] in _SPACES:
            rest += 1
        self._skip_to(rest)

    def _skip_to(self, at: int) -> None:
        self._line += self._text.count("\n", self._start, at)
        self._at = self._start = at

    def _emit(self, kind: Kind) -> None:
        self._tokens.append(Token(kind, self._text[self._start : self._at], self._start, self._line))
        self._skip_to(self._at)


def _is_word(char: str) -> bool:
    return char == "_" or char.isalpha() or char.isdecimal()


def describe(char: str) -> str:
    """Go's `%#U`."""
    shown = f" '{char}'" if char.isprintable() else ""
    return f"U+{ord(char):04X}{shown}"
