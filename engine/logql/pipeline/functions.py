"""What templates of `line_format` and `label_format` may call: Go's own functions and Loki's table.

`__line__`, `__timestamp__` and `now` are those of the line and of the query, which the caller gives.
"""

from __future__ import annotations

import base64
import binascii
import math
from collections.abc import Callable, Mapping
from typing import Any, Final
from urllib.parse import unquote_plus

import msgspec

from engine.foundation.regexes import Regex, RegexError
from engine.gotemplate.errors import CallError, TooLargeError
from engine.gotemplate.functions.builtins import BUILTINS, truth, url_escape
from engine.gotemplate.functions.words import lower, replace_all, titled_words, upper
from engine.gotemplate.printing import MAX_TEXT
from engine.gotemplate.times import TIME, GoTime
from engine.gotemplate.types import ANY, FLOAT64, INT, STRING, Function, GoType
from engine.logql import units


def functions(line: Callable[[], str], time: Callable[[], int], now: int) -> Mapping[str, Function]:
    """The whole table. `line` and `time` (ns) are asked when a template is filled; `now` in ns."""
    return {
        **_FIXED,
        "__line__": Function(line),
        "__timestamp__": Function(lambda: GoTime(time())),
        "now": Function(lambda: GoTime(now)),
    }


# Texts


def _bounded(text: str) -> str:
    if len(text) > MAX_TEXT:
        raise TooLargeError(f"a text would be longer than {MAX_TEXT} characters")
    return text


def _replace(text: str, old: str, new: str, count: int) -> str:
    """Go's strings.Replace."""
    places = text.count(old) if old else len(text) + 1
    if len(text) + places * len(new) > MAX_TEXT:
        raise TooLargeError(f"a text would be longer than {MAX_TEXT} characters")
    return text.replace(old, new, count if count >= 0 else -1)


def _repeat(count: int, text: str) -> str:
    if count * len(text) > MAX_TEXT:
        raise TooLargeError(f"a text would be longer than {MAX_TEXT} characters")
    return text * max(count, 0)


def _indent(spaces: int, text: str) -> str:
    pad = _repeat(spaces, " ")
    return pad + _replace(text, "\n", "\n" + pad, -1)


def _trunc(count: int, text: str) -> str:
    if count < 0 and len(text) + count > 0:
        return text[count:]
    return text[:count] if 0 <= count < len(text) else text


def _substr(start: int, end: int, text: str) -> str:
    if start < 0:
        return text[: max(end, 0)]
    return text[start:] if end < 0 or end > len(text) else text[start:end]


def _aligned(count: int, text: str, *, left: bool) -> str:
    """Cut or padded to so many characters."""
    if count < 0 or count == len(text):
        return text
    if count < len(text):
        return text[:count] if left else text[-count:] if count else ""
    pad = _repeat(count - len(text), " ")
    return text + pad if left else pad + text


def _literal(pattern: str, text: str, replacement: str) -> str:
    return replace_all(pattern, replacement.replace("$", "$$"), text)


def _count(pattern: str, text: str) -> int:
    try:
        regex = Regex(pattern, anchored=False)
    except RegexError as error:
        raise CallError(str(error)) from None
    return regex.count(text)


def _decoded(text: str) -> str:
    try:
        return base64.b64decode(text, validate=True).decode("utf-8", "replace")
    except binascii.Error as error:
        raise CallError(f"illegal base64 data: {error}") from None


# Numbers


def _integer(value: object) -> int:
    """What is no number counts as 0."""
    if isinstance(value, bool | int):
        return int(value)
    if isinstance(value, float):
        return int(value) if math.isfinite(value) else 0
    try:
        return int(value, 0) if isinstance(value, str) and len(value) < 20 else 0
    except ValueError:
        return 0


def _float(value: object) -> float:
    if isinstance(value, bool | int | float):
        return float(value)
    try:
        return units.number(value) if isinstance(value, str) else 0.0
    except ValueError:
        return 0.0


def _divided(left: object, right: object) -> int:
    a, b = _integer(left), _integer(right)
    if not b:
        raise CallError("runtime error: integer divide by zero")
    return abs(a) // abs(b) * (1 if (a < 0) is (b < 0) else -1)


def _rest(left: object, right: object) -> int:
    return _integer(left) - _divided(left, right) * _integer(right)


def _product(*values: object) -> int:
    return math.prod(map(_integer, values))


def _round(value: object, places: int, *half: float) -> float:
    scale, at = 10.0**places, half[0] if half else 0.5
    digit = scale * _float(value)
    if not math.isfinite(digit):
        return _float(value)
    whole = math.floor(digit)
    return (whole + (digit - whole >= at)) / scale


def _whole(step: Callable[[float], int], value: float) -> float:
    return float(step(value)) if math.isfinite(value) else value


def _folded(step: Callable[[float, float], float]) -> Callable[..., float]:
    def fold(first: object, *rest: object) -> float:
        found = _float(first)
        for one in rest:
            found = step(found, _float(one))
        return found

    return fold


def _quotient(left: float, right: float) -> float:
    if right:
        return left / right
    return math.nan if left == 0 or math.isnan(left) else math.copysign(math.inf, left) * math.copysign(1, right)


def _measured(read: Callable[[str], float]) -> Callable[[str], float]:
    def call(text: str) -> float:
        try:
            return read(text)
        except ValueError as error:
            raise CallError(str(error)) from None

    return call


# Times


def _epoch_time(text: str) -> GoTime:
    """Seconds, milliseconds, microseconds or nanoseconds, by the number of digits."""
    scale = {5: 86_400 * 10**9, 10: 10**9, 13: 10**6, 16: 1000, 19: 1}.get(len(text))
    if scale is None or not (text.isascii() and text.isdigit()):
        raise CallError(f'unable to parse time "{text}": want days, or seconds to nanoseconds since 1970')
    return GoTime(int(text) * scale)


# Choices and JSON


def _default(value: object, *given: object) -> object:
    return given[0] if given and truth(given[0]) else value


def _from_json(text: str) -> object:
    try:
        return msgspec.json.decode(text)
    except msgspec.DecodeError as error:
        raise CallError(str(error)) from None


def _of(call: Callable[..., Any], *params: GoType, more: GoType | None = None, price: int = 32) -> Function:
    return Function(call, params, more, price=price)


_TWO: Final = (STRING, STRING)
_FIXED: Final[Mapping[str, Function]] = {
    **BUILTINS,
    # in the order of Go's arguments
    "ToLower": _of(lower, STRING),
    "ToUpper": _of(upper, STRING),
    "Replace": _of(_replace, STRING, STRING, STRING, INT),
    "Trim": _of(str.strip, *_TWO),
    "TrimLeft": _of(str.lstrip, *_TWO),
    "TrimRight": _of(str.rstrip, *_TWO),
    "TrimPrefix": _of(str.removeprefix, *_TWO),
    "TrimSuffix": _of(str.removesuffix, *_TWO),
    "TrimSpace": _of(str.strip, STRING),
    "regexReplaceAll": _of(lambda p, text, new: replace_all(p, new, text), STRING, STRING, STRING, price=1),
    "regexReplaceAllLiteral": _of(_literal, STRING, STRING, STRING, price=1),
    "count": _of(_count, *_TWO, price=1),
    "urldecode": _of(unquote_plus, STRING),
    "urlencode": _of(url_escape, STRING),
    "bytes": _of(_measured(units.size), STRING),
    "duration": _of(_measured(lambda text: units.go_duration(text) / 1e9), STRING),
    "duration_seconds": _of(_measured(lambda text: units.go_duration(text) / 1e9), STRING),
    "alignLeft": _of(lambda count, text: _aligned(count, text, left=True), INT, STRING),
    "alignRight": _of(lambda count, text: _aligned(count, text, left=False), INT, STRING),
    # with the text last
    "lower": _of(lower, STRING),
    "upper": _of(upper, STRING),
    "title": _of(titled_words, STRING),
    "trunc": _of(_trunc, INT, STRING),
    "substr": _of(_substr, INT, INT, STRING),
    "contains": _of(lambda part, text: part in text, *_TWO),
    "hasPrefix": _of(lambda start, text: text.startswith(start), *_TWO),
    "hasSuffix": _of(lambda end, text: text.endswith(end), *_TWO),
    "indent": _of(_indent, INT, STRING),
    "nindent": _of(lambda spaces, text: "\n" + _indent(spaces, text), INT, STRING),
    "replace": _of(lambda old, new, text: _replace(text, old, new, -1), STRING, STRING, STRING),
    "repeat": _of(_repeat, INT, STRING),
    "trim": _of(str.strip, STRING),
    "trimAll": _of(lambda cut, text: text.strip(cut), *_TWO),
    "trimSuffix": _of(lambda end, text: text.removesuffix(end), *_TWO),
    "trimPrefix": _of(lambda start, text: text.removeprefix(start), *_TWO),
    "b64enc": _of(lambda text: base64.b64encode(text.encode("utf-8", "replace")).decode(), STRING),
    "b64dec": _of(_decoded, STRING),
    # numbers
    "int": _of(_integer, ANY),
    "float64": _of(_float, ANY),
    "add": _of(lambda *all_: sum(map(_integer, all_)), more=ANY),
    "sub": _of(lambda a, b: _integer(a) - _integer(b), ANY, ANY),
    "mul": _of(_product, ANY, more=ANY),
    "div": _of(_divided, ANY, ANY),
    "mod": _of(_rest, ANY, ANY),
    "max": _of(lambda *all_: max(map(_integer, all_)), ANY, more=ANY),
    "min": _of(lambda *all_: min(map(_integer, all_)), ANY, more=ANY),
    "addf": _of(_folded(lambda a, b: a + b), ANY, more=ANY),
    "subf": _of(_folded(lambda a, b: a - b), ANY, more=ANY),
    "mulf": _of(_folded(lambda a, b: a * b), ANY, more=ANY),
    "divf": _of(_folded(_quotient), ANY, more=ANY),
    "maxf": _of(_folded(max), ANY, more=ANY),
    "minf": _of(_folded(min), ANY, more=ANY),
    "ceil": _of(lambda value: _whole(math.ceil, _float(value)), ANY),
    "floor": _of(lambda value: _whole(math.floor, _float(value)), ANY),
    "round": _of(_round, ANY, INT, more=FLOAT64),
    # times
    "date": _of(lambda layout, time: time.format(layout), STRING, TIME),
    "unixEpoch": _of(lambda time: str(time.ns // 10**9), TIME),
    "unixEpochMillis": _of(lambda time: str(time.ns // 10**6), TIME),
    "unixEpochNanos": _of(lambda time: str(time.ns), TIME),
    "unixToTime": _of(_epoch_time, STRING),
    # choices and JSON
    "default": _of(_default, ANY, more=ANY),
    "fromJson": _of(_from_json, STRING),
}
