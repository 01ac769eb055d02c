"""What templates of pipelines may call: Go's own functions, Promtail's, and texts, numbers and lists of sprig.

What reaches out of the line (environment, network, files, random numbers) is not there.
"""

from __future__ import annotations

import base64
import hashlib
import hmac
import math
import posixpath
import re
from collections.abc import Callable, Mapping, Sequence
from types import MappingProxyType
from typing import Any, Final

import msgspec

from engine.foundation.gojson import encode
from engine.foundation.regexes import Regex, RegexError
from engine.gotemplate.containers import GoList, GoMap
from engine.gotemplate.errors import CallError, TooLargeError
from engine.gotemplate.functions.builtins import BUILTINS, truth
from engine.gotemplate.functions.words import lower, replace_all, titled_words, upper
from engine.gotemplate.printing import MAX_TEXT, go_print
from engine.gotemplate.types import ANY, FLOAT64, INT, LIST, STRING, STRINGS, Function, GoType

_WORD: Final = re.compile(r"[A-Z]+(?=[A-Z][a-z])|[A-Z]?[a-z]+|[A-Z]+|[0-9]+")  # noqa: TID251 - ours, linear


def _bounded(text: str) -> str:
    if len(text) > MAX_TEXT:
        raise TooLargeError(f"a text would be longer than {MAX_TEXT} characters")
    return text


def _replace(text: str, old: str, new: str, count: int) -> str:
    """Go's strings.Replace."""
    if (len(text) + 1) * max(len(new), 1) > MAX_TEXT * 4:
        raise TooLargeError(f"a text would be longer than {MAX_TEXT} characters")
    return _bounded(text.replace(old, new, count if count >= 0 else -1))


def _repeat(count: int, text: str) -> str:
    if count * len(text) > MAX_TEXT:
        raise TooLargeError(f"a text would be longer than {MAX_TEXT} characters")
    return text * max(count, 0)


def _indent(spaces: int, text: str) -> str:
    pad = _repeat(spaces, " ")
    return _bounded(pad + text.replace("\n", "\n" + pad))


def _trunc(count: int, text: str) -> str:
    if count < 0 and len(text) + count > 0:
        return text[count:]
    return text[:count] if 0 <= count < len(text) else text


def _abbrev(width: int, text: str) -> str:
    return text if width < 4 or len(text) <= width else text[: width - 3] + "..."


def _substr(start: int, end: int, text: str) -> str:
    if start < 0:
        return text[:end] if end >= 0 else text
    return text[start:] if end < 0 or end > len(text) else text[start:end]


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


def _integer(value: object) -> int:
    """Sprig's cast: what is no number counts as 0."""
    if isinstance(value, bool):
        return int(value)
    if isinstance(value, int):
        return int(value)
    if isinstance(value, float):
        return int(value) if math.isfinite(value) else 0
    try:
        return int(value, 0) if isinstance(value, str) else 0
    except ValueError:
        return 0


def _float(value: object) -> float:
    if isinstance(value, bool | int | float):
        return float(value)
    try:
        return float(value) if isinstance(value, str) else 0.0
    except ValueError:
        return 0.0


def _atoi(text: str) -> int:
    return int(text) if re.fullmatch(r"[+-]?[0-9]{1,18}", text) else 0


def _sum(*values: object) -> int:
    return sum(map(_integer, values))


def _product(first: object, *rest: object) -> int:
    return math.prod(map(_integer, (first, *rest)))


def _divided(left: object, right: object) -> int:
    a, b = _integer(left), _integer(right)
    if not b:
        raise CallError("runtime error: integer divide by zero")
    return int(math.copysign(1, a) * math.copysign(1, b)) * (abs(a) // abs(b))


def _rest(left: object, right: object) -> int:
    a, b = _integer(left), _integer(right)
    if not b:
        raise CallError("runtime error: integer divide by zero")
    return int(math.copysign(abs(a) % abs(b), a))


def _round(value: object, places: int, *half: float) -> float:
    scale, at = 10.0**places, half[0] if half else 0.5
    digit = scale * _float(value)
    whole = math.floor(digit)
    return float(whole + (digit - whole >= at)) / scale


def _float_step(step: Callable[[float, float], float]) -> Callable[..., float]:
    def folded(first: object, *rest: object) -> float:
        found = _float(first)
        try:
            for one in rest:
                found = step(found, _float(one))
        except ZeroDivisionError:
            return math.inf
        return found

    return folded


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


def _literal(pattern: str, text: str, replacement: str) -> str:
    return replace_all(pattern, replacement.replace("$", "$$"), text)


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
    return _bounded(separator.join(_string(one) for one in _values(found) if one is not None))


def _default(value: object, *given: object) -> object:
    return given[0] if given and truth(given[0]) else value


def _coalesce(*values: object) -> object:
    return next((one for one in values if truth(one)), None)


def _from_json(text: str) -> object:
    try:
        return msgspec.json.decode(text)
    except msgspec.DecodeError:
        return None


def _to_json(value: object) -> str:
    return encode(_plain(value)).decode()


def _plain(value: object) -> object:
    if isinstance(value, GoMap):
        return {key: _plain(one) for key, one in value.items()}
    if isinstance(value, GoList | list | tuple):
        return [_plain(one) for one in value]
    return value if isinstance(value, str | bool | int | float | dict | None) else go_print(value)


def _b64dec(text: str) -> str:
    try:
        return base64.b64decode(text, validate=True).decode("utf-8", "replace")
    except ValueError as error:
        return str(error)


def _salted(salt: str, text: str) -> str:
    return hashlib.sha3_256((salt + text).encode("utf-8", "replace")).hexdigest()


def _salted_sha2(salt: str, text: str) -> str:
    return hashlib.sha256((salt + text).encode("utf-8", "replace")).hexdigest()


def _hmac(password: str, text: str) -> str:
    return hmac.new(password.encode(), text.encode("utf-8", "replace"), "sha256").hexdigest()


def _digest(name: str) -> Callable[[str], str]:
    return lambda text: hashlib.new(name, text.encode("utf-8", "replace"), usedforsecurity=False).hexdigest()


def _typed(call: Callable[..., Any], *params: GoType, more: GoType | None = None) -> Function:
    return Function(call, params, more)


_TEXTS: Final = (STRING, STRING)
FUNCTIONS: Final[Mapping[str, Function]] = MappingProxyType({
    **BUILTINS,
    # Promtail's own, in the order of Go's arguments
    "ToLower": _typed(lower, STRING),
    "ToUpper": _typed(upper, STRING),
    "Replace": _typed(_replace, STRING, STRING, STRING, INT),
    "Trim": _typed(lambda text, cut: text.strip(cut), *_TEXTS),
    "TrimLeft": _typed(lambda text, cut: text.lstrip(cut), *_TEXTS),
    "TrimRight": _typed(lambda text, cut: text.rstrip(cut), *_TEXTS),
    "TrimPrefix": _typed(lambda text, start: text.removeprefix(start), *_TEXTS),
    "TrimSuffix": _typed(lambda text, end: text.removesuffix(end), *_TEXTS),
    "TrimSpace": _typed(str.strip, STRING),
    "Hash": _typed(_salted, *_TEXTS),
    "Sha2Hash": _typed(_salted_sha2, *_TEXTS),
    "regexReplaceAll": _typed(lambda p, text, new: replace_all(p, new, text), STRING, STRING, STRING),
    "regexReplaceAllLiteral": _typed(_literal, STRING, STRING, STRING),
    # texts
    "trim": _typed(str.strip, STRING),
    "trimAll": _typed(lambda cut, text: text.strip(cut), *_TEXTS),
    "trimall": _typed(lambda cut, text: text.strip(cut), *_TEXTS),
    "trimPrefix": _typed(lambda start, text: text.removeprefix(start), *_TEXTS),
    "trimSuffix": _typed(lambda end, text: text.removesuffix(end), *_TEXTS),
    "upper": _typed(upper, STRING),
    "lower": _typed(lower, STRING),
    "title": _typed(titled_words, STRING),
    "untitle": _typed(lambda text: re.sub(r"\b\w", lambda m: m[0].lower(), text), STRING),
    "repeat": _typed(_repeat, INT, STRING),
    "substr": _typed(_substr, INT, INT, STRING),
    "trunc": _typed(_trunc, INT, STRING),
    "abbrev": _typed(_abbrev, INT, STRING),
    "nospace": _typed(lambda text: "".join(text.split()), STRING),
    "initials": _typed(_initials, STRING),
    "swapcase": _typed(_swapped, STRING),
    "snakecase": _typed(lambda text: "_".join(map(str.lower, _words(text))), STRING),
    "kebabcase": _typed(lambda text: "-".join(map(str.lower, _words(text))), STRING),
    "camelcase": _typed(_camel, STRING),
    "contains": _typed(lambda part, text: part in text, *_TEXTS),
    "hasPrefix": _typed(lambda start, text: text.startswith(start), *_TEXTS),
    "hasSuffix": _typed(lambda end, text: text.endswith(end), *_TEXTS),
    "quote": _typed(lambda *all_: " ".join(encode(_string(v)).decode() for v in all_ if v is not None), more=ANY),
    "squote": _typed(lambda *all_: " ".join(f"'{_string(v)}'" for v in all_ if v is not None), more=ANY),
    "cat": _typed(lambda *all_: " ".join(_string(v) for v in all_ if v is not None), more=ANY),
    "indent": _typed(_indent, INT, STRING),
    "nindent": _typed(lambda spaces, text: "\n" + _indent(spaces, text), INT, STRING),
    "replace": _typed(lambda old, new, text: _replace(text, old, new, -1), STRING, STRING, STRING),
    "plural": _typed(lambda one, many, count: one if count == 1 else many, STRING, STRING, INT),
    "toString": _typed(_string, ANY),
    "regexMatch": _typed(lambda p, text: _regex(p).matches(text), *_TEXTS),
    "regexFind": _typed(lambda p, text: next(iter(_found(p, text, 1)), ""), *_TEXTS),
    "regexFindAll": _typed(lambda p, text, most: GoList(STRINGS, _found(p, text, most)), STRING, STRING, INT),
    "regexSplit": _typed(lambda p, text, most: GoList(STRINGS, _split_by(p, text, most)), STRING, STRING, INT),
    "b64enc": _typed(lambda text: base64.b64encode(text.encode("utf-8", "replace")).decode(), STRING),
    "b64dec": _typed(_b64dec, STRING),
    "sha1sum": _typed(_digest("sha1"), STRING),
    "sha256sum": _typed(_digest("sha256"), STRING),
    "hmacSha256": _typed(_hmac, *_TEXTS),
    "base": _typed(posixpath.basename, STRING),
    "dir": _typed(lambda path: posixpath.dirname(path) or ".", STRING),
    "ext": _typed(lambda path: posixpath.splitext(path)[1], STRING),
    # numbers
    "atoi": _typed(_atoi, STRING),
    "int": _typed(_integer, ANY),
    "int64": _typed(_integer, ANY),
    "float64": _typed(_float, ANY),
    "add": _typed(_sum, more=ANY),
    "add1": _typed(lambda value: _integer(value) + 1, ANY),
    "sub": _typed(lambda a, b: _integer(a) - _integer(b), ANY, ANY),
    "mul": _typed(_product, ANY, more=ANY),
    "div": _typed(_divided, ANY, ANY),
    "mod": _typed(_rest, ANY, ANY),
    "max": _typed(lambda first, *rest: max(map(_integer, (first, *rest))), ANY, more=ANY),
    "min": _typed(lambda first, *rest: min(map(_integer, (first, *rest))), ANY, more=ANY),
    "addf": _typed(_float_step(lambda a, b: a + b), ANY, more=ANY),
    "subf": _typed(_float_step(lambda a, b: a - b), ANY, more=ANY),
    "mulf": _typed(_float_step(lambda a, b: a * b), ANY, more=ANY),
    "divf": _typed(_float_step(lambda a, b: a / b), ANY, more=ANY),
    "maxf": _typed(_float_step(max), ANY, more=ANY),
    "minf": _typed(_float_step(min), ANY, more=ANY),
    "ceil": _typed(lambda value: float(math.ceil(_float(value))), ANY),
    "floor": _typed(lambda value: float(math.floor(_float(value))), ANY),
    "round": _typed(_round, ANY, INT, more=FLOAT64),
    # lists, choices, JSON
    "list": _typed(lambda *all_: GoList(LIST, all_), more=ANY),
    "splitList": _typed(lambda by, text: GoList(STRINGS, text.split(by) if by else list(text)), *_TEXTS),
    "join": _typed(_join, STRING, ANY),
    "first": _typed(_first, ANY),
    "last": _typed(_last, ANY),
    "sortAlpha": _typed(lambda found: GoList(STRINGS, sorted(map(_string, _values(found)))), ANY),
    "has": _typed(lambda one, found: one in _values(found), ANY, ANY),
    "default": _typed(_default, ANY, more=ANY),
    "empty": _typed(lambda value: not truth(value), ANY),
    "coalesce": _typed(_coalesce, more=ANY),
    "ternary": _typed(lambda yes, no, value: yes if truth(value) else no, ANY, ANY, ANY),
    "fromJson": _typed(_from_json, STRING),
    "toJson": _typed(_to_json, ANY),
})  # fmt: skip
