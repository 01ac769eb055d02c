"""The language's errors. Texts are those of Loki 2.7, which clients show.

LogQLError
    ParseError         the text is no query
    QueryError         the query can't be answered over these lines
        PipelineError      lines of a metric query were not understood
        TooManySeriesError a metric query has more series than it may
"""

from __future__ import annotations

from engine.foundation.errors import EngineError


class LogQLError(EngineError):
    """Root of the language's errors."""


class ParseError(LogQLError):
    """The text is no query. Line and column count characters from 1; both are 0 where the place is not known."""

    def __init__(self, message: str, line: int = 0, column: int = 0) -> None:
        place = f" at line {line}, col {column}" if line else " "
        super().__init__(f"parse error{place}: {message}")
        self.message = message
        self.line = line
        self.column = column


class QueryError(LogQLError):
    """The query can't be answered over these lines."""


class PipelineError(QueryError):
    """Lines of a metric query were not understood, and nothing in the query says that this is fine."""

    def __init__(self, kind: str, series: str) -> None:
        super().__init__(
            f"pipeline error: '{kind}' for series: '{series}'.\n"
            f'Use a label filter to intentionally skip this error. (e.g | __error__!="{kind}").\n'
            'To skip all potential errors you can match empty errors.(e.g __error__="")\n'
            'The label filter can also be specified after unwrap. (e.g | unwrap latency | __error__="" )\n'
        )


class TooManySeriesError(QueryError):
    """A metric query has more series than it may."""

    def __init__(self, most: int) -> None:
        super().__init__(f"maximum of series ({most}) reached for a single query")
