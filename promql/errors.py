"""The language's errors. Texts are those of Prometheus 2.42, which clients show."""

from __future__ import annotations

from engine.foundation.errors import EngineError


class PromQLError(EngineError):
    """Root of the language's errors."""


class ParseError(PromQLError):
    """The text is no expression. `str()` is `LINE:COLUMN: parse error: MESSAGE` (1-based, columns in bytes)."""

    def __init__(self, message: str, line: int = 1, column: int = 1) -> None:
        super().__init__(f"{line}:{column}: parse error: {message}")
        self.message = message
        self.line = line
        self.column = column


class RangeQueryError(PromQLError):
    """A range query of an expression that has no number at each step."""


class EvaluationError(PromQLError):
    """The expression can't be evaluated over these samples."""


class TooManySamplesError(EvaluationError):
    """The query would hold more samples at once than it may."""

    def __init__(self) -> None:
        super().__init__("query processing would load too many samples into memory in query execution")


class QueryTimeoutError(PromQLError):
    """The query took longer than it may."""


class QueryCanceledError(PromQLError):
    """The query was ended by its caller."""
