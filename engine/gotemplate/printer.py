"""One operand as text, in the style that a directive of `printf` asks for."""

from __future__ import annotations

import math
from typing import Final

from msgspec import Struct

from engine.gotemplate.containers import GoList, GoMap, GoPointer, GoStruct, boxed
from engine.gotemplate.errors import TooLargeError
from engine.gotemplate.floats import format_float
from engine.gotemplate.text import to_bytes
from engine.gotemplate.types import GoType, GoValue, Kind, type_of
from promql.model.labels import quote

MAX_TEXT: Final = 4 << 20
"""The longest text that one function may make, in characters."""

_ADDRESS: Final = 0xC000012000  # pointers print their address; ours have none, so all are at the same place
_TEXT_VERBS: Final = "vsxXq"


class Style(Struct):
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


class Printer:
    """Collects text; formats one operand at a time in the current style."""

    def __init__(self, limit: int) -> None:
        self.style = Style()
        self._pieces: list[str] = []
        self._left = limit
        self._limit = limit
        self._erroring = False

    def text(self) -> str:
        return "".join(self._pieces)

    def write(self, text: str) -> None:
        self.admit(len(text))
        self._left -= len(text)
        self._pieces.append(text)

    def admit(self, size: int) -> None:
        """Refuse what will be too long before it is made."""
        if size > self._left:
            raise TooLargeError(f"a text would be longer than {self._limit} characters")

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
        elif verb == "w":
            self._bad_verb(value, verb)  # wraps errors, which templates have none of
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
            self._quoted(self._truncated(value))
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
        self.admit(2 * len(raw))
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
        if style.sharp:
            prefix += {"b": "0b", "x": "0x", "X": "0X"}.get(verb, "")
            if verb == "o" and not digits.startswith("0"):
                prefix += "0"
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
    return "".join(c if c.isascii() else f"\\u{ord(c):04x}" if ord(c) < 0x10000 else f"\\U{ord(c):08x}" for c in text)
