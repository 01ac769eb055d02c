"""Go's `fmt`: `print`, `println` and `printf` over template values.

Mistakes in a format are no errors: they show up in the text (`%!d(string=x)`). What is bounded is the text's size, since a
few characters of format can ask for gigabytes: a printer that passes its limit raises LimitError.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

from engine.gotemplate.containers import GoList, GoMap, GoPointer, GoStruct, boxed
from engine.gotemplate.errors import LimitError
from engine.gotemplate.floats import format_float
from engine.gotemplate.text import from_bytes, quote, to_bytes
from engine.gotemplate.types import GoType, GoValue, Kind, type_of

MAX_TEXT: Final = 4 << 20
"""The longest text that one function may make, in characters."""

_MAX_WIDTH: Final = 1_000_000
_ADDRESS: Final = 0xC000012000  # pointers print their address; ours have none, so all are at the same place
_FLAGS: Final = "#0+- "
_TEXT_VERBS: Final = "vsxXq"


def go_print(*values: object, limit: int = MAX_TEXT) -> str:
    """Spaces only between operands of which neither is a string."""
    printer = _Printer(limit)
    before_is_text = True
    for at, value in enumerate(values):
        is_text = isinstance(value, str)
        if at and not is_text and not before_is_text:
            printer.write(" ")
        printer.operand(value, "v")
        before_is_text = is_text
    return printer.text()


def println(*values: object, limit: int = MAX_TEXT) -> str:
    printer = _Printer(limit)
    for at, value in enumerate(values):
        if at:
            printer.write(" ")
        printer.operand(value, "v")
    printer.write("\n")
    return printer.text()


def printf(layout: str, *values: object, limit: int = MAX_TEXT) -> str:
    printer = _Printer(limit)
    _Directives(printer, layout, values).run()
    return printer.text()


@dataclass(slots=True)
class _Style:
    """The flags, width and precision of one directive."""

    sharp: bool = False
    zero: bool = False
    plus: bool = False
    minus: bool = False
    space: bool = False
    width: int | None = None
    precision: int | None = None
    plus_v: bool = False
    sharp_v: bool = False

    def enter_verb(self, verb: str) -> None:
        if verb == "v":
            self.sharp_v, self.sharp = self.sharp, False
            self.plus_v, self.plus = self.plus, False


class _Directives:
    """Reads a format string, and hands each operand with its style to the printer."""

    def __init__(self, printer: _Printer, layout: str, values: Sequence[object]) -> None:
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
        style = self._printer.style = _Style()
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
            self._next += 1
            self._printer.operand(self._values[self._next - 1], verb)

    def _flags(self, style: _Style) -> None:
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

    def _width(self, style: _Style) -> None:
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

    def _precision(self, style: _Style) -> None:
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
        printer.style = _Style()
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


class _Printer:
    """Collects text; formats one operand at a time in the current style."""

    def __init__(self, limit: int) -> None:
        self.style = _Style()
        self._pieces: list[str] = []
        self._left = limit
        self._limit = limit
        self._erroring = False

    def text(self) -> str:
        return "".join(self._pieces)

    def write(self, text: str) -> None:
        self._left -= len(text)
        if self._left < 0:
            raise LimitError(f"a text would be longer than {self._limit} characters")
        self._pieces.append(text)

    def operand(self, value: object, verb: str) -> None:
        of = type_of(value)
        if verb == "T":
            self._text("<nil>" if of is None else of.name, "s")
        elif of is None:
            if verb == "v":
                self._pad("<nil>")
            else:
                self.write(f"%!{verb}(<nil>)")
        elif verb == "p":
            self._pointer(value, verb, of)
        elif not self._method(value, verb):
            self._value(boxed(value), verb, of, 0)

    def _method(self, value: object, verb: str) -> bool:
        """A type's own text, where the verb takes one."""
        if self._erroring or not isinstance(value, GoValue):
            return False
        if self.style.sharp_v:
            source = value.go_source()
            self.write(source or "")
            return source is not None
        own = value.go_string() if verb in _TEXT_VERBS else None
        if own is None:
            return False
        self._text(own, verb)
        return True

    def _nested(self, value: object, verb: str) -> None:
        of = type_of(value)
        if of is None:
            self.write("interface {}(nil)" if self.style.sharp_v else "<nil>")
        elif not self._method(value, verb):
            self._value(boxed(value), verb, of, 1)

    def _value(self, value: object, verb: str, of: GoType, depth: int) -> None:
        if isinstance(value, bool):
            self._bool(value, verb)
        elif isinstance(value, int):
            self._integer(value, verb)
        elif isinstance(value, float):
            self._float(value, verb)
        elif isinstance(value, str):
            self._text(value, verb)
        elif isinstance(value, GoMap):
            self._map(value, verb)
        elif isinstance(value, GoStruct):
            self._struct(value, verb)
        elif isinstance(value, GoList):
            self._list(value, verb)
        elif isinstance(value, GoPointer) and depth == 0 and isinstance(value.target, GoMap | GoStruct | GoList):
            self.write("&")
            self._nested(value.target, verb)
        elif isinstance(value, GoPointer):
            self._pointer(value, verb, of)
        elif isinstance(value, GoValue):
            self._text(value.go_string() or "", verb)

    def _bad_verb(self, value: object, verb: str) -> None:
        self._erroring = True
        self.write(f"%!{verb}({type_of(value)}=")
        self.operand(value, "v")
        self.write(")")
        self._erroring = False

    # Composites

    def _map(self, value: GoMap, verb: str) -> None:
        sharp = self.style.sharp_v
        self.write(f"{value.go_type}{{" if sharp else "map[")
        for at, (key, element) in enumerate(value.items()):
            if at:
                self.write(", " if sharp else " ")
            self._nested(key, verb)
            self.write(":")
            self._nested(element, verb)
        self.write("}" if sharp else "]")

    def _struct(self, value: GoStruct, verb: str) -> None:
        style = self.style
        self.write(f"{value.go_type}{{" if style.sharp_v else "{")
        for at, (name, element) in enumerate(value.items()):
            if at:
                self.write(", " if style.sharp_v else " ")
            if style.sharp_v or style.plus_v:
                self.write(f"{name}:")
            self._nested(element, verb)
        self.write("}")

    def _list(self, value: GoList, verb: str) -> None:
        sharp = self.style.sharp_v
        self.write(f"{value.go_type}{{" if sharp else "[")
        for at, element in enumerate(value):
            if at:
                self.write(", " if sharp else " ")
            self._nested(element, verb)
        self.write("}" if sharp else "]")

    def _pointer(self, value: object, verb: str, of: GoType) -> None:
        if of.kind not in (Kind.POINTER, Kind.MAP, Kind.SLICE):
            self._bad_verb(value, verb)
        elif verb in "pv":
            self.write(f"({of})({_ADDRESS:#x})" if self.style.sharp_v else f"{_ADDRESS:#x}")
        else:
            self._bad_verb(value, verb)

    # Scalars

    def _pad(self, text: str) -> None:
        style = self.style
        missing = (style.width or 0) - len(text)
        if missing <= 0:
            self.write(text)
        elif style.minus:
            self.write(text + " " * missing)
        else:
            self.write(("0" if style.zero else " ") * missing + text)

    def _pad_with_spaces(self, text: str) -> None:
        zero, self.style.zero = self.style.zero, False
        self._pad(text)
        self.style.zero = zero

    def _bool(self, value: bool, verb: str) -> None:
        if verb not in "tv":
            self._bad_verb(value, verb)
            return
        self._pad("true" if value else "false")

    def _text(self, value: str, verb: str) -> None:
        style = self.style
        if verb == "v" and style.sharp_v:
            self._quoted(value)
        elif verb in "vs":
            self._pad(self._truncated(value))
        elif verb in "xX":
            self._hex(value, verb)
        elif verb == "q":
            self._quoted(self._truncated(value))
        else:
            self._bad_verb(value, verb)

    def _truncated(self, value: str) -> str:
        return value if self.style.precision is None else value[: self.style.precision]

    def _quoted(self, value: str) -> None:
        if self.style.sharp and "`" not in value and all(c == "\t" or c.isprintable() for c in value):
            self._pad(f"`{value}`")
        else:
            self._pad(_ascii(quote(value)) if self.style.plus else quote(value))

    def _hex(self, value: str, verb: str) -> None:
        style = self.style
        raw = to_bytes(value)[: style.precision]
        prefix = ("0x" if verb == "x" else "0X") if style.sharp else ""
        form = "{:02x}" if verb == "x" else "{:02X}"
        if len(raw) * 3 > self._limit:
            raise LimitError(f"a text would be longer than {self._limit} characters")
        pairs = [form.format(b) for b in raw]
        if style.space:
            self._pad(" ".join(prefix + p for p in pairs))
        else:
            self._pad((prefix if pairs else "") + "".join(pairs))

    def _integer(self, value: int, verb: str) -> None:
        plain = int(value)
        if verb in "vd":
            self._digits(plain, "d", "")
        elif verb in "boOxX":
            self._digits(plain, verb.lower() if verb == "O" else verb, "0o" if verb == "O" else "")
        elif verb == "c":
            self._pad(_character(plain))
        elif verb == "q":
            body = quote(_character(plain))[1:-1].replace('\\"', '"').replace("'", "\\'")
            self._pad(f"'{_ascii(body) if self.style.plus else body}'")
        elif verb == "U":
            self._unicode(plain)
        else:
            self._bad_verb(value, verb)

    def _digits(self, value: int, verb: str, prefix: str) -> None:
        style = self.style
        sign = "-" if value < 0 else "+" if style.plus else " " if style.space else ""
        if style.precision == 0 and value == 0:
            self._pad_with_spaces("")
            return
        wanted = style.precision or 0
        if style.precision is None and style.zero and style.width:
            wanted = style.width - len(sign)
        digits = f"{abs(value):{verb}}".rjust(wanted, "0")
        if style.sharp and not prefix:
            prefix = {"b": "0b", "x": "0x", "X": "0X"}.get(verb, "")
            if verb == "o" and not digits.startswith("0"):
                prefix = "0"
        self._pad_with_spaces(sign + prefix + digits)

    def _unicode(self, value: int) -> None:
        text = f"U+{value & (2**64 - 1):04X}"
        if self.style.sharp and 0 <= value <= 0x10FFFF and chr(value).isprintable():
            text += f" '{chr(value)}'"
        self._pad_with_spaces(text)

    def _float(self, value: float, verb: str) -> None:
        if verb not in "vbgGxXfFeE":
            self._bad_verb(value, verb)
            return
        style = self.style
        if math.isnan(value) or math.isinf(value):
            name = "NaN" if math.isnan(value) else "Inf"
            sign = "-" if value < 0 else "+" if style.plus or (name == "Inf" and not style.space) else ""
            sign = " " if style.space and not style.plus and value >= 0 | math.isnan(value) else sign
            self._pad_with_spaces(sign + name)
            return
        letter = {"v": "g", "F": "f"}.get(verb, verb)
        precision = style.precision
        if precision is None and verb in "fFeE":
            precision = 6
        text = format_float(value, letter, precision)
        if style.sharp and letter != "b":
            text = _with_zeros(text, letter, precision)
        if not text.startswith("-"):
            text = ("+" if style.plus else " " if style.space else "") + text
        if style.zero and style.width and text[:1] in ("+", "-", " "):
            self.write(text[0] + text[1:].rjust(style.width - 1, "0"))
        else:
            self._pad(text)


def _with_zeros(text: str, verb: str, precision: int | None) -> str:
    """The `#` flag: a decimal point always, and for `g` the zeros that it drops."""
    mark = "p" if verb in "xX" else "e"
    at = text.lower().find(mark)
    body, tail = (text, "") if at < 0 else (text[:at], text[at:])
    wanted = (6 if precision is None else precision) if verb in "gGxX" else 0
    figures = len(body.lstrip("-").replace(".", "").lstrip("0"))  # Go counts the x of 0x too
    if body in ("0", "-0"):
        figures = 1
    if "." not in body:
        body += "."
    return body + "0" * max(0, wanted - figures) + tail


def _character(code: int) -> str:
    if not 0 <= code <= 0x10FFFF or 0xD800 <= code < 0xE000:
        return "\ufffd"
    return chr(code)


def _ascii(text: str) -> str:
    if text.isascii():
        return text
    return "".join(
        c if c.isascii() else f"\\u{ord(c):04x}" if ord(c) < 0x10000 else f"\\U{ord(c):08x}"
        for c in from_bytes(to_bytes(text))
    )
