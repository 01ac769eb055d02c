"""Floats as Go's `strconv` writes and reads them: every verb, every precision, and the shortest digits."""

from __future__ import annotations

import math
import re
from typing import Final

from promql.model.labels import quote
from promql.model.numbers import exponential, general, plain

_SHORTEST = {"e": exponential, "f": plain, "g": general}


def format_float(value: float, verb: str, precision: int | None) -> str:
    """`verb` is one of b e E f g G x X; no precision means as many digits as tell the value apart.

    Finite values only; the sign is shown where it is negative.
    """
    lower = verb.lower()
    if lower == "b":
        return _binary(value)
    if lower == "x":
        text = _hexadecimal(value, precision)
    elif precision is None:
        text = _SHORTEST[lower](value)
    else:
        text = f"{value:.{precision}{lower}}" if lower != "g" else f"{value:.{precision or 1}g}"
    return text.upper() if verb.isupper() else text


def _parts(value: float) -> tuple[int, int]:
    """The 53-bit mantissa and its power of two."""
    mantissa, exponent = math.frexp(abs(value))
    return int(mantissa * 2**53), exponent - 53


def _binary(value: float) -> str:
    mantissa, exponent = _parts(value)
    if not mantissa or exponent < -1074:
        mantissa, exponent = int(abs(value) / 5e-324), -1074
    sign = "-" if math.copysign(1, value) < 0 else ""
    return f"{sign}{mantissa}p{exponent:+d}"


def _hexadecimal(value: float, precision: int | None) -> str:
    mantissa, exponent = _parts(value)
    sign = "-" if math.copysign(1, value) < 0 else ""
    if not mantissa:
        zeros = "." + "0" * precision if precision else ""
        return f"{sign}0x0{zeros}p+00"
    exponent += 52
    if precision is not None and precision < 13:
        drop = 4 * (13 - precision)
        quotient, rest = divmod(mantissa, 1 << drop)
        half = 1 << (drop - 1)
        quotient += rest > half or (rest == half and quotient & 1)
        mantissa = quotient << drop
        if mantissa >> 53:
            mantissa, exponent = mantissa >> 1, exponent + 1
    digits = f"{mantissa & ((1 << 52) - 1):013x}"
    digits = digits.rstrip("0") if precision is None else digits[:precision].ljust(precision, "0")
    return f"{sign}0x1{'.' + digits if digits else ''}p{'-' if exponent < 0 else '+'}{abs(exponent):02d}"


_DECIMAL: Final = re.compile(  # noqa: TID251 - ours, linear
    r"[+-]?(?:[0-9]+\.?[0-9]*|\.[0-9]+)(?:e[+-]?[0-9]+)?|[+-]?inf(?:inity)?|nan", re.ASCII | re.IGNORECASE
)
_HEX: Final = re.compile(  # noqa: TID251 - ours, linear
    r"[+-]?0x(?:[0-9a-f]+\.?[0-9a-f]*|\.[0-9a-f]+)p[+-]?[0-9]+", re.ASCII | re.IGNORECASE
)


def parse_float(text: str) -> float:
    """Go's `ParseFloat`. Raises ValueError in its words."""
    try:
        if _DECIMAL.fullmatch(text):
            value = float(text)
        elif _HEX.fullmatch(text):
            value = float.fromhex(text)
        else:
            raise ValueError(f"strconv.ParseFloat: parsing {quote(text)}: invalid syntax")
    except OverflowError:
        value = math.inf
    if math.isinf(value) and "inf" not in text.lower():
        raise ValueError(f"strconv.ParseFloat: parsing {quote(text)}: value out of range")
    return value
