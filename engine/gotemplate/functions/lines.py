"""What templates over lines of logs may call, in queries (`line_format`) as in pipelines (`template`).

Go's own functions, its `strings` under their old names, and sprig's. What only one of the two languages has is in its
own table, beside this one.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from types import MappingProxyType
from typing import Final, NoReturn

from engine.gotemplate.functions import numbers, texts
from engine.gotemplate.functions.builtins import BUILTINS, truth
from engine.gotemplate.functions.words import lower, replace_all, titled_words, upper
from engine.gotemplate.types import ANY, FLOAT64, INT, STRING, Function


def _default(value: object, *given: object) -> object:
    return given[0] if given and truth(given[0]) else value


def _from_json(text: str) -> object:
    """Nil where it is none, as in sprig; all numbers are floats, as Go's decoder has it."""
    try:
        return json.loads(text, parse_int=float, parse_constant=_no_json)
    except (ValueError, RecursionError):
        return None


def _no_json(name: str) -> NoReturn:
    raise ValueError(name)


_ONE: Final = (STRING,)
_TWO: Final = (STRING, STRING)
_THREE: Final = (STRING, STRING, STRING)
LINES: Final[Mapping[str, Function]] = MappingProxyType({
    **BUILTINS,
    # in the order of Go's arguments
    "Replace": Function(texts.replaced, (*_THREE, INT)),
    "ToLower": Function(lower, _ONE),
    "ToUpper": Function(upper, _ONE),
    "Trim": Function(str.strip, _TWO),
    "TrimLeft": Function(str.lstrip, _TWO),
    "TrimPrefix": Function(str.removeprefix, _TWO),
    "TrimRight": Function(str.rstrip, _TWO),
    "TrimSpace": Function(str.strip, _ONE),
    "TrimSuffix": Function(str.removesuffix, _TWO),
    "regexReplaceAll": Function(lambda p, text, new: replace_all(p, new, text), _THREE, price=8),
    "regexReplaceAllLiteral": Function(texts.replaced_literally, _THREE, price=8),
    # with the text last
    "b64dec": Function(texts.decoded, _ONE),
    "b64enc": Function(texts.encoded, _ONE),
    "contains": Function(lambda inner, text: inner in text, _TWO),
    "hasPrefix": Function(lambda start, text: text.startswith(start), _TWO),
    "hasSuffix": Function(lambda end, text: text.endswith(end), _TWO),
    "indent": Function(texts.indented, (INT, STRING)),
    "lower": Function(lower, _ONE),
    "nindent": Function(lambda spaces, text: "\n" + texts.indented(spaces, text), (INT, STRING)),
    "repeat": Function(texts.repeated, (INT, STRING)),
    "replace": Function(lambda old, new, text: texts.replaced(text, old, new, -1), _THREE),
    "substr": Function(texts.part, (INT, INT, STRING)),
    "title": Function(titled_words, _ONE),
    "trim": Function(str.strip, _ONE),
    "trimAll": Function(lambda signs, text: text.strip(signs), _TWO),
    "trimPrefix": Function(lambda start, text: text.removeprefix(start), _TWO),
    "trimSuffix": Function(lambda end, text: text.removesuffix(end), _TWO),
    "trunc": Function(texts.cut, (INT, STRING)),
    "upper": Function(upper, _ONE),
    # numbers
    "add": Function(numbers.total, (), ANY),
    "addf": Function(numbers.sums, (ANY,), ANY),
    "ceil": Function(numbers.ceiling, (ANY,)),
    "div": Function(numbers.quotient, (ANY, ANY)),
    "divf": Function(numbers.quotients, (ANY,), ANY),
    "float64": Function(numbers.real, (ANY,)),
    "floor": Function(numbers.floor, (ANY,)),
    "int": Function(numbers.whole, (ANY,)),
    "max": Function(numbers.largest, (ANY,), ANY),
    "maxf": Function(numbers.largest_real, (ANY,), ANY),
    "min": Function(numbers.smallest, (ANY,), ANY),
    "minf": Function(numbers.smallest_real, (ANY,), ANY),
    "mod": Function(numbers.remainder, (ANY, ANY)),
    "mul": Function(numbers.product, (ANY,), ANY),
    "mulf": Function(numbers.products, (ANY,), ANY),
    "round": Function(numbers.rounded, (ANY, INT), FLOAT64),
    "sub": Function(numbers.difference, (ANY, ANY)),
    "subf": Function(numbers.differences, (ANY,), ANY),
    # choices and JSON
    "default": Function(_default, (ANY,), ANY),
    "fromJson": Function(_from_json, _ONE),
})  # fmt: skip
