"""Numbers as text, the several ways in which the originals print them. All give the shortest digits that
read back as the same float; they differ in where they turn to exponents.
"""

from __future__ import annotations

import math


def digits(value: float) -> tuple[str, str, int]:
    """Sign, significant digits, and the power of ten of the first digit; for finite values."""
    mantissa, _, exponent = repr(abs(value)).partition("e")
    whole, _, fraction = mantissa.partition(".")
    figures = whole + fraction
    power = len(whole) - 1 + int(exponent or 0)
    stripped = figures.lstrip("0")
    power -= len(figures) - len(stripped)
    stripped = stripped.rstrip("0")
    sign = "-" if math.copysign(1.0, value) < 0 else ""
    return (sign, stripped, power) if stripped else (sign, "0", 0)


def special(value: float) -> str | None:
    """`NaN`, `+Inf`, `-Inf`, or None for a finite value."""
    if math.isnan(value):
        return "NaN"
    if math.isinf(value):
        return "+Inf" if value > 0 else "-Inf"
    return None


def plain(value: float) -> str:
    """Never an exponent (Go's `FormatFloat(v, 'f', -1, 64)`): scalars in the API, `count_values`."""
    if (name := special(value)) is not None:
        return name
    sign, figures, power = digits(value)
    if power < 0:
        return f"{sign}0.{'0' * (-power - 1)}{figures}"
    if len(figures) <= power + 1:
        return sign + figures + "0" * (power + 1 - len(figures))
    return f"{sign}{figures[: power + 1]}.{figures[power + 1 :]}"


def exponential(value: float) -> str:
    """Always an exponent (Go's `'e', -1`): the value of an alert in the API."""
    if (name := special(value)) is not None:
        return name
    sign, figures, power = digits(value)
    point = "." if len(figures) > 1 else ""
    return f"{sign}{figures[0]}{point}{figures[1:]}e{'-' if power < 0 else '+'}{abs(power):02d}"


def general(value: float) -> str:
    """Go's `'g', -1`: an exponent under 1e-4 and from 1e6 on. Values in templates, literals in printed expressions."""
    if (name := special(value)) is not None:
        return name
    _, _, power = digits(value)
    return exponential(value) if power < -4 or power >= 6 else plain(value)


def sample(value: float) -> str:
    """A sample in the API: plain, but with an exponent under 1e-6 and from 1e21 on."""
    if (name := special(value)) is not None:
        return name
    if value and not 1e-6 <= abs(value) < 1e21:
        return exponential(value)
    return plain(value)
