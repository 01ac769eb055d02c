"""What the text of a scalar means, by the type that is asked for. Every parser raises ValueError in words for people.

Flags and numbers are those of Go's YAML library: a flag may be `yes`, a number `0x10`, `010` or `1_000`; in quotes
they are texts, and a text is no flag.
"""

from __future__ import annotations

import base64
import difflib
from collections.abc import Callable, Iterable, Mapping, Sequence
from typing import Any, Final

from yaml.nodes import ScalarNode

from engine.foundation.decode_nodes import is_null

Parse = Callable[[str, bool], Any]
"""From the source text, and whether it stood bare (without quotes). Raises ValueError."""

_TRUE: Final = frozenset(("true", "True", "TRUE", "yes", "Yes", "YES", "on", "On", "ON", "y", "Y"))
_FALSE: Final = frozenset(("false", "False", "FALSE", "no", "No", "NO", "off", "Off", "OFF", "n", "N"))
_FLOATS: Final = {".inf": "inf", "+.inf": "inf", "-.inf": "-inf", ".nan": "nan"}
_BINARY: Final = "tag:yaml.org,2002:binary"
_LARGEST: Final = 2**63


def source_text(node: ScalarNode) -> str:
    """As it stands; null is empty; `!!binary` is decoded, with bytes that are no text as lone surrogates."""
    if node.tag == _BINARY:
        return base64.b64decode(node.value).decode(errors="surrogateescape")
    return "" if is_null(node) else str(node.value)


def nearest(word: str, known: Iterable[str]) -> str | None:
    """The known word that was probably meant."""
    found = difflib.get_close_matches(word, list(known), n=1, cutoff=0.7)
    return found[0] if found else None


def _text(text: str, _: bool) -> str:
    if text.isascii():
        return text
    try:
        text.encode()
    except UnicodeEncodeError:
        raise ValueError("this is not UTF-8 text") from None
    return text


def _bool(text: str, bare: bool) -> bool:
    if bare and text in _TRUE:
        return True
    if bare and (text in _FALSE or not text):
        return False
    raise ValueError(f'want true or false, got "{text}"')


def _int(text: str, bare: bool) -> int:
    if bare and not text:
        return 0
    try:
        digits = text.replace("_", "")
        octal = digits.lstrip("+-").startswith("0") and digits.lstrip("+-0").isdigit() and digits.isascii()
        number = int(digits, 8 if octal else 0) if bare and digits.isascii() and text == text.strip() else None
    except ValueError:
        number = None
    if number is None or not -_LARGEST <= number < _LARGEST:
        raise ValueError(f'want a whole number, got "{text}"')
    return number


def _float(text: str, bare: bool) -> float:
    if bare and not text:
        return 0.0
    try:
        if not bare or text.lower() in ("nan", "inf", "-inf", "+inf", "infinity"):
            raise ValueError(text)
        return float(_FLOATS.get(text.lower(), text))
    except ValueError:
        raise ValueError(f'want a number, got "{text}"') from None


SCALARS: Final[Mapping[Any, Parse]] = {str: _text, bool: _bool, int: _int, float: _float}


def choice(allowed: Sequence[Any]) -> Parse:
    """One of these texts."""

    def parse(text: str, _: bool) -> Any:
        if text in allowed:
            return text
        meant = nearest(text, (str(a) for a in allowed))
        hint = f'did you mean "{meant}"?' if meant else f"allowed: {', '.join(str(a) for a in allowed)}"
        raise ValueError(f'unknown value "{text}" ({hint})')

    return parse
