"""Errors of templates. Their texts are Go's, since people search for them and the originals show them.

TemplateError           the text is no template; `template: NAME:LINE: message`
    ExecutionError      it failed over these data; `template: NAME:LINE:COLUMN: executing "NAME" at <EXPR>: message`
        LimitError      it asked for more steps, text or depth than it may have
CallError               a function's own complaint; never leaves the interpreter, which says where it happened
    TooLargeError       likewise, for what becomes a LimitError
"""

from __future__ import annotations

from msgspec import Struct

from engine.foundation.errors import ConfigError


class Position(Struct, frozen=True):
    """`line` counts from 1, `column` in bytes from 0, as Go does; `name` is the text's name, often empty."""

    name: str
    line: int
    column: int


class TemplateError(ConfigError):
    """The text is no template. `position` says where, if that is known."""

    def __init__(self, message: str, position: Position | None = None) -> None:
        super().__init__(message)
        self.position = position


class ExecutionError(TemplateError):
    """The template can't be filled from these data."""


class LimitError(ExecutionError):
    """The template wants more than it may have: steps, text, or depth."""


class CallError(Exception):
    """A function refuses its arguments; the interpreter adds `error calling NAME: ` and the place."""


class TooLargeError(CallError):
    """A text, or the work, would be larger than allowed."""
