"""Go's `fmt`: `print`, `println` and `printf` over template values.

Mistakes in a format are no errors: they show up in the text (`%!d(string=x)`). What is bounded is the text's size,
since a few characters of format can ask for gigabytes: a text that passes its limit raises TooLargeError.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final

from engine.gotemplate.printer import MAX_TEXT, Printer, Style
from engine.gotemplate.types import type_of

__all__ = ["MAX_TEXT", "go_print", "printf", "println"]

_MAX_WIDTH: Final = 1_000_000
_FLAGS: Final = "#0+- "


def go_print(*values: object, limit: int = MAX_TEXT) -> str:
    """Spaces only between operands of which neither is a string."""
    printer = Printer(limit)
    before_is_text = True
    for at, value in enumerate(values):
        is_text = isinstance(value, str)
        if at and not is_text and not before_is_text:
            printer.write(" ")
        printer.operand(value, "v")
        before_is_text = is_text
    return printer.text()


def println(*values: object, limit: int = MAX_TEXT) -> str:
    printer = Printer(limit)
    for at, value in enumerate(values):
        if at:
            printer.write(" ")
        printer.operand(value, "v")
    printer.write("\n")
    return printer.text()


def printf(layout: str, *values: object, limit: int = MAX_TEXT) -> str:
    printer = Printer(limit)
    _Directives(printer, layout, values).run()
    return printer.text()


class _Directives:
    """Reads a format string, and hands each operand with its style to the printer."""

    def __init__(self, printer: Printer, layout: str, values: Sequence[object]) -> None:
        self._printer = printer
        self._layout = layout
        self._values = values
        self._at = 0
        self._next = 0
        self._reordered = False
        self._good_index = True
        self._after_index = False

    def run(self) -> None:
        layout, printer = self._layout, self._printer
        while True:
            percent = layout.find("%", self._at)
            printer.write(layout[self._at :] if percent < 0 else layout[self._at : percent])
            if percent < 0:
                break
            self._at = percent + 1
            self._directive()
        if not self._reordered and self._next < len(self._values):
            self._extra()

    def _directive(self) -> None:
        style = self._printer.style = Style()
        self._good_index, self._after_index = True, False
        self._flags(style)
        self._index()
        self._width(style)
        self._precision(style)
        if not self._after_index:
            self._index()
        verb = self._layout[self._at : self._at + 1]
        self._at += 1
        if verb == "":
            self._printer.write("%!(NOVERB)")
        elif verb == "%":
            self._printer.write("%")
        elif not self._good_index:
            self._printer.write(f"%!{verb}(BADINDEX)")
        elif self._next >= len(self._values):
            self._printer.write(f"%!{verb}(MISSING)")
        else:
            style.enter_verb(verb)
            self._printer.admit(max(style.width or 0, style.precision or 0))
            self._next += 1
            self._printer.operand(self._values[self._next - 1], verb)

    def _flags(self, style: Style) -> None:
        while (char := self._layout[self._at : self._at + 1]) and char in _FLAGS:
            if char == "#":
                style.sharp = True
            elif char == "0":
                style.zero = not style.minus
            elif char == "+":
                style.plus = True
            elif char == "-":
                style.minus, style.zero = True, False
            else:
                style.space = True
            self._at += 1

    def _index(self) -> None:
        """`[n]`: the operand to go on with."""
        if self._layout[self._at : self._at + 1] != "[":
            return
        self._reordered = True
        close = self._layout.find("]", self._at)
        if close < 0:
            self._good_index = False
            self._at += 1
            return
        digits = self._layout[self._at + 1 : close]
        self._at = close + 1
        if _is_number(digits) and 1 <= int(digits) <= len(self._values):
            self._next = int(digits) - 1
            self._after_index = True
        else:
            self._good_index = False

    def _width(self, style: Style) -> None:
        if self._take("*"):
            style.width = self._star()
            if style.width is None:
                self._printer.write("%!(BADWIDTH)")
            elif style.width < 0:
                style.width, style.minus, style.zero = -style.width, True, False
            self._after_index = False
            return
        style.width = self._digits()
        if self._after_index and style.width is not None:
            self._good_index = False

    def _precision(self, style: Style) -> None:
        if not self._take("."):
            return
        if self._after_index:
            self._good_index = False
        self._index()
        if self._take("*"):
            style.precision = self._star()
            if style.precision is None or style.precision < 0:
                style.precision = None
                self._printer.write("%!(BADPREC)")
            self._after_index = False
        else:
            style.precision = self._digits() or 0

    def _star(self) -> int | None:
        """A width or precision from the operands."""
        if self._next >= len(self._values):
            return None
        value = self._values[self._next]
        self._next += 1
        if isinstance(value, int) and not isinstance(value, bool) and abs(value) <= _MAX_WIDTH:
            return int(value)
        return None

    def _digits(self) -> int | None:
        begin = self._at
        while "0" <= self._layout[self._at : self._at + 1] <= "9":
            self._at += 1
        digits = self._layout[begin : self._at]
        if not digits:
            return None
        if not _is_number(digits):
            self._at = len(self._layout)  # as in Go, nothing of the format is left after an absurd number
            return None
        return int(digits)

    def _take(self, char: str) -> bool:
        if self._layout.startswith(char, self._at):
            self._at += 1
            return True
        return False

    def _extra(self) -> None:
        printer = self._printer
        printer.style = Style()
        printer.write("%!(EXTRA ")
        for at, value in enumerate(self._values[self._next :]):
            if at:
                printer.write(", ")
            of = type_of(value)
            if of is None:
                printer.write("<nil>")
            else:
                printer.write(f"{of}=")
                printer.operand(value, "v")
        printer.write(")")


def _is_number(digits: str) -> bool:
    """Go gives up on a number when it is over the limit and a digit follows."""
    return digits.isascii() and digits.isdigit() and len(digits) < 20 and int(digits) // 10 <= _MAX_WIDTH
