"""What a slash in JavaScript means, after some text."""

from __future__ import annotations

from typing import Final

from engine.gotemplate.html.contexts import JsSlash

_SPACE: Final = (
    "\t\n\v\f\r \xa0\u1680" + "".join(map(chr, range(0x2000, 0x200B))) + "\u2028\u2029\u202f\u205f\u3000\ufeff"
)
_BEFORE_REGEXP: Final = frozenset(
    {
        "break", "case", "continue", "delete", "do", "else", "finally", "in", "instanceof", "return", "throw", "try",
        "typeof", "void",
    }
)  # fmt: skip


def is_identifier_part(char: str) -> bool:
    return char in "$_" or (char.isascii() and char.isalnum())


def slash_after(text: str, before: JsSlash) -> JsSlash:
    """Blanks change nothing; an operator wants an operand, so a regular expression may begin."""
    text = text.rstrip(_SPACE)
    if not text:
        return before
    last = text[-1]
    if last in "+-":
        run = len(text) - len(text.rstrip(last))
        return JsSlash.REGEXP if run % 2 else JsSlash.DIVISION
    if last == ".":
        return JsSlash.DIVISION if "0" <= text[-2:-1] <= "9" else JsSlash.REGEXP
    if last in ",<>=*%&|^?!~([:;{}":
        return JsSlash.REGEXP
    begin = len(text)
    while begin and is_identifier_part(text[begin - 1]):
        begin -= 1
    return JsSlash.REGEXP if text[begin:] in _BEFORE_REGEXP else JsSlash.DIVISION
