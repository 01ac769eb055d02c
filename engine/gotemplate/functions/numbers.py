"""Numbers as sprig's functions reckon: whole ones in 64 bits that run over, others in decimals.

Any value may be given for a number, a text too; what is none counts as 0.
"""

from __future__ import annotations

import math
import re
from collections.abc import Callable
from decimal import ROUND_HALF_UP, Context, Decimal
from typing import Final, TypeAlias

from engine.gotemplate.errors import CallError
from engine.gotemplate.floats import parse_float

_LOWEST: Final = -(2**63)
_LONGEST: Final = 70
"""Characters of a whole number that has 64 bits, with its sign and the letters that tell its base."""
_OCTAL: Final = re.compile(r"[+-]?0[0-7]+", re.ASCII)  # noqa: TID251 - ours, linear
_DIGITS: Final = Context(prec=800, rounding=ROUND_HALF_UP, traps=[])
"""So many that sums and products of two floats are exact."""
_PLACES: Final = Decimal("1e-16")
"""Of a quotient, behind the point."""
_MOST_WHOLE: Final = 700
"""Digits before it beyond which there are no places to cut."""

Step: TypeAlias = Callable[[Decimal, Decimal], Decimal]


def whole(value: object) -> int:
    if isinstance(value, str):
        return _parsed(value)
    if isinstance(value, bool | int):
        return _wrapped(int(value))
    if not isinstance(value, float):
        return 0
    return int(value) if _LOWEST <= value < -_LOWEST else _LOWEST


def _parsed(text: str) -> int:
    """Go's `ParseInt` in any base."""
    if len(text) > _LONGEST or text.strip() != text:
        return 0
    try:
        value = int(text, 8 if _OCTAL.fullmatch(text) else 0)
    except ValueError:
        return 0
    return value if _LOWEST <= value < -_LOWEST else 0


def _wrapped(value: int) -> int:
    return (value - _LOWEST) % 2**64 + _LOWEST


def real(value: object) -> float:
    if isinstance(value, bool | int | float):
        return float(value)
    try:
        return parse_float(value) if isinstance(value, str) else 0.0
    except ValueError:
        return 0.0


def total(*values: object) -> int:
    return _wrapped(sum(map(whole, values)))


def difference(left: object, right: object) -> int:
    return _wrapped(whole(left) - whole(right))


def product(*values: object) -> int:
    found = 1
    for value in values:
        found = _wrapped(found * whole(value))  # each time: the digits of a long product would fill the memory
    return found


def quotient(left: object, right: object) -> int:
    """Towards 0. Raises CallError for a divisor of 0."""
    a, b = whole(left), whole(right)
    if not b:
        raise CallError("runtime error: integer divide by zero")
    return _wrapped(abs(a) // abs(b) * (1 if (a < 0) is (b < 0) else -1))


def remainder(left: object, right: object) -> int:
    """With the sign of the left. Raises CallError for a divisor of 0."""
    return _wrapped(whole(left) - quotient(left, right) * whole(right))


def largest(*values: object) -> int:
    return max(map(whole, values))


def smallest(*values: object) -> int:
    return min(map(whole, values))


def _folded(step: Step) -> Callable[..., float]:
    """From left to right. Raises CallError for what is not finite."""

    def fold(first: object, *rest: object) -> float:
        found = _decimal(first)
        for one in rest:
            found = step(found, _decimal(one))
        return float(found)

    return fold


def _decimal(value: object) -> Decimal:
    number = real(value)
    if not math.isfinite(number):
        raise CallError(f"Cannot create a Decimal from {number}")
    return Decimal(repr(number))


def _divided(left: Decimal, right: Decimal) -> Decimal:
    if not right:
        raise CallError("decimal division by 0")
    found = _DIGITS.divide(left, right)
    return found.quantize(_PLACES, context=_DIGITS) if found.adjusted() < _MOST_WHOLE else found


sums: Final = _folded(_DIGITS.add)
differences: Final = _folded(_DIGITS.subtract)
products: Final = _folded(_DIGITS.multiply)
quotients: Final = _folded(_divided)
"""With 16 places behind the point."""


def largest_real(*values: object) -> float:
    return max(map(real, values))


def smallest_real(*values: object) -> float:
    return min(map(real, values))


def ceiling(value: object) -> float:
    number = real(value)
    return float(math.ceil(number)) if math.isfinite(number) else number


def floor(value: object) -> float:
    number = real(value)
    return float(math.floor(number)) if math.isfinite(number) else number


def rounded(value: object, places: int, *half: float) -> float:
    """To so many places; up from a half on, or from `half`. Below 0 always down, as in sprig."""
    scale = 10.0**places if -308 <= places <= 308 else math.inf if places > 0 else 0.0
    digit = real(value) * scale
    if not math.isfinite(digit) or not scale:
        return math.nan
    up = math.modf(digit)[0] >= (half[0] if half else 0.5)
    return (math.ceil(digit) if up else math.floor(digit)) / scale
