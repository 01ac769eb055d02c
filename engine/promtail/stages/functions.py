"""What templates of pipelines may call beside what those of queries may: Promtail's own, and more of sprig.

What reaches out of the line (environment, network, files, random numbers) is not there.
"""

from __future__ import annotations

import hashlib
import hmac
import posixpath
import re
from collections.abc import Callable, Mapping, Sequence
from types import MappingProxyType
from typing import Final

from engine.foundation.gojson import encode
from engine.foundation.regexes import Regex, RegexError
from engine.gotemplate.containers import GoList, GoMap
from engine.gotemplate.errors import CallError
from engine.gotemplate.functions.builtins import truth
from engine.gotemplate.functions.lines import LINES
from engine.gotemplate.functions.numbers import total, whole
from engine.gotemplate.functions.texts import bounded
from engine.gotemplate.functions.words import lower, upper
from engine.gotemplate.printing import go_print
from engine.gotemplate.types import ANY, INT, LIST, STRING, STRINGS, Function

_WORD: Final = re.compile(r"[A-Z]+(?=[A-Z][a-z])|[A-Z]?[a-z]+|[A-Z]+|[0-9]+")  # noqa: TID251 - ours, linear


def _abbrev(width: int, text: str) -> str:
    return text if width < 4 or len(text) <= width else text[: width - 3] + "..."


def _words(text: str) -> list[str]:
    return _WORD.findall(text)


def _camel(text: str) -> str:
    return "".join(word.capitalize() for word in re.split(r"[_\s-]+", text))


def _initials(text: str) -> str:
    return "".join(word[0] for word in text.split())


def _swapped(text: str) -> str:
    return text.swapcase() if text.isascii() else "".join(lower(c) if c.isupper() else upper(c) for c in text)


def _string(value: object) -> str:
    return value if isinstance(value, str) else go_print(value)


def _atoi(text: str) -> int:
    return int(text) if re.fullmatch(r"[+-]?[0-9]{1,18}", text) else 0


def _regex(pattern: str) -> Regex:
    try:
        return Regex(pattern, anchored=False)
    except RegexError as error:
        raise CallError(str(error)) from None


def _found(pattern: str, text: str, most: int) -> list[str]:
    spans = [(spans[0][0], spans[0][1]) for spans in _regex(pattern).spans(text)]
    return [text[start:stop] for start, stop in (spans if most < 0 else spans[:most])]


def _split_by(pattern: str, text: str, most: int) -> list[str]:
    pieces: list[str] = []
    end = 0
    for spans in _regex(pattern).spans(text):
        if 0 <= most <= len(pieces) + 1:
            break
        pieces.append(text[end : spans[0][0]])
        end = spans[0][1]
    return [*pieces, text[end:]]


def _values(found: object) -> Sequence[object]:
    if isinstance(found, GoList):
        return found.values
    if isinstance(found, list | tuple):
        return found
    raise CallError(f"want a list, got {go_print(found)}")


def _first(found: object) -> object:
    values = _values(found)
    return values[0] if values else None


def _last(found: object) -> object:
    values = _values(found)
    return values[-1] if values else None


def _join(separator: str, found: object) -> str:
    if isinstance(found, str):
        return found
    return bounded(separator.join(_string(one) for one in _values(found) if one is not None))


def _coalesce(*values: object) -> object:
    return next((one for one in values if truth(one)), None)


def _to_json(value: object) -> str:
    return encode(_plain(value)).decode()


def _plain(value: object) -> object:
    if isinstance(value, GoMap):
        return {key: _plain(one) for key, one in value.items()}
    if isinstance(value, GoList | list | tuple):
        return [_plain(one) for one in value]
    return value if isinstance(value, str | bool | int | float | dict | None) else go_print(value)


def _salted(salt: str, text: str) -> str:
    return hashlib.sha3_256((salt + text).encode("utf-8", "replace")).hexdigest()


def _salted_sha2(salt: str, text: str) -> str:
    return hashlib.sha256((salt + text).encode("utf-8", "replace")).hexdigest()


def _hmac(password: str, text: str) -> str:
    return hmac.new(password.encode(), text.encode("utf-8", "replace"), "sha256").hexdigest()


def _digest(name: str) -> Callable[[str], str]:
    return lambda text: hashlib.new(name, text.encode("utf-8", "replace"), usedforsecurity=False).hexdigest()


_ONE: Final = (STRING,)
_TWO: Final = (STRING, STRING)
FUNCTIONS: Final[Mapping[str, Function]] = MappingProxyType({
    **LINES,
    "Hash": Function(_salted, _TWO),
    "Sha2Hash": Function(_salted_sha2, _TWO),
    # texts
    "trimall": LINES["trimAll"],
    "untitle": Function(lambda text: re.sub(r"\b\w", lambda m: m[0].lower(), text), _ONE),
    "abbrev": Function(_abbrev, (INT, STRING)),
    "nospace": Function(lambda text: "".join(text.split()), _ONE),
    "initials": Function(_initials, _ONE),
    "swapcase": Function(_swapped, _ONE),
    "snakecase": Function(lambda text: "_".join(map(str.lower, _words(text))), _ONE),
    "kebabcase": Function(lambda text: "-".join(map(str.lower, _words(text))), _ONE),
    "camelcase": Function(_camel, _ONE),
    "quote": Function(lambda *all_: " ".join(encode(_string(v)).decode() for v in all_ if v is not None), (), ANY),
    "squote": Function(lambda *all_: " ".join(f"'{_string(v)}'" for v in all_ if v is not None), (), ANY),
    "cat": Function(lambda *all_: " ".join(_string(v) for v in all_ if v is not None), (), ANY),
    "plural": Function(lambda one, many, count: one if count == 1 else many, (STRING, STRING, INT)),
    "toString": Function(_string, (ANY,)),
    "regexMatch": Function(lambda p, text: _regex(p).matches(text), _TWO),
    "regexFind": Function(lambda p, text: next(iter(_found(p, text, 1)), ""), _TWO),
    "regexFindAll": Function(lambda p, text, most: GoList(STRINGS, _found(p, text, most)), (STRING, STRING, INT)),
    "regexSplit": Function(lambda p, text, most: GoList(STRINGS, _split_by(p, text, most)), (STRING, STRING, INT)),
    "sha1sum": Function(_digest("sha1"), _ONE),
    "sha256sum": Function(_digest("sha256"), _ONE),
    "hmacSha256": Function(_hmac, _TWO),
    "base": Function(posixpath.basename, _ONE),
    "dir": Function(lambda path: posixpath.dirname(path) or ".", _ONE),
    "ext": Function(lambda path: posixpath.splitext(path)[1], _ONE),
    # numbers
    "atoi": Function(_atoi, _ONE),
    "int64": Function(whole, (ANY,)),
    "add1": Function(lambda value: total(value, 1), (ANY,)),
    # lists, choices, JSON
    "list": Function(lambda *all_: GoList(LIST, all_), (), ANY),
    "splitList": Function(lambda by, text: GoList(STRINGS, text.split(by) if by else list(text)), _TWO),
    "join": Function(_join, (STRING, ANY)),
    "first": Function(_first, (ANY,)),
    "last": Function(_last, (ANY,)),
    "sortAlpha": Function(lambda found: GoList(STRINGS, sorted(map(_string, _values(found)))), (ANY,)),
    "has": Function(lambda one, found: one in _values(found), (ANY, ANY)),
    "empty": Function(lambda value: not truth(value), (ANY,)),
    "coalesce": Function(_coalesce, (), ANY),
    "ternary": Function(lambda yes, no, value: yes if truth(value) else no, (ANY, ANY, ANY)),
    "toJson": Function(_to_json, (ANY,)),
})  # fmt: skip
