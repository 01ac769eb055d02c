"""What is wrong, and at which byte: the error inside this package, before it has a line and a column."""

from __future__ import annotations

from promql.errors import ParseError


class Fault(Exception):  # noqa: N818 - half an error: it has no line yet
    """`position` counts bytes of the UTF-8 text."""

    def __init__(self, position: int, message: str) -> None:
        super().__init__(message)
        self.position = position
        self.message = message

    def located(self, text: str) -> ParseError:
        """With the line, and the column in bytes, both from 1."""
        before = text.encode(errors="replace")[: self.position]
        return ParseError(self.message, before.count(b"\n") + 1, len(before) - before.rfind(b"\n"))
