"""Numbers as JavaScript writes and rounds them, since Grafana's texts come from there."""

from __future__ import annotations

import math
from decimal import ROUND_HALF_UP, Decimal

from msgspec import Struct


class Text(Struct, frozen=True):
    """A number in words: `str()` joins the parts, which a panel may draw in different sizes."""

    text: str
    prefix: str = ""
    suffix: str = ""

    def __str__(self) -> str:
        return f"{self.prefix}{self.text}{self.suffix}"


def plain(value: float) -> str:
    """JavaScript's `String(number)`: shortest digits, exponents below 1e-6 and from 1e21 on."""
    if math.isnan(value):
        return "NaN"
    if math.isinf(value):
        return "Infinity" if value > 0 else "-Infinity"
    if value == 0:
        return "0"
    size = abs(value)
    if 1e-6 <= size < 1e21:
        return f"{int(value)}" if value == int(value) else _unfolded(repr(value))
    mantissa, _, exponent = repr(value).partition("e")
    if not exponent:
        mantissa, exponent = _folded(value)
    power = int(exponent)
    return f"{mantissa.removesuffix('.0')}e{'+' if power > 0 else '-'}{abs(power)}"


def fixed(value: float, decimals: int | None = None) -> str:
    """Grafana's rounding: to `decimals`, or to about three significant digits."""
    if math.isinf(value):
        return "∞" if value > 0 else "-∞"
    if math.isnan(value):
        return "NaN"
    places = auto_decimals(value) if decimals is None else decimals
    if value == 0:
        return f"{0:.{max(places, 0)}f}"
    factor = 10 ** max(0, places)
    if abs(value) * factor > 1e300:
        return plain(value)
    text = plain(_round(value * factor) / factor)
    if "e" in text:
        return text
    precision = len(text.partition(".")[2])
    if precision < places:
        text = (text if precision else text + ".") + "0" * (places - precision)
    return text


def auto_decimals(value: float) -> int:
    """As many as three significant digits need; none for whole numbers."""
    if value == 0 or math.isnan(value) or math.isinf(value) or value % 1 == 0:
        return 0
    places = -math.floor(math.log(abs(value)) / math.log(10)) + 1
    if abs(value) / 10.0 ** min(-places, 300) > 2.25:
        places += 1
    return max(0, places)


def exponential(value: float, decimals: int | None) -> str:
    """JavaScript's `toExponential`."""
    text = _shortest_exponential(value) if decimals is None else f"{_halves_up(value, decimals):.{decimals}e}"
    mantissa, _, power = text.partition("e")
    return f"{mantissa}e{'-' if power.startswith('-') else '+'}{abs(int(power))}"


def grouped(value: float, decimals: int | None) -> str:
    """With commas between thousands; at most three decimals unless told."""
    if math.isinf(value) or math.isnan(value):
        return fixed(value)
    places = 3 if decimals is None else decimals
    text = f"{Decimal(repr(value)).quantize(Decimal(1).scaleb(-places), ROUND_HALF_UP):,f}"
    return text.rstrip("0").rstrip(".") if "." in text else text


def hexadecimal(value: float, decimals: int | None) -> str:
    number = float(fixed(value, decimals))
    if math.isinf(number) or math.isnan(number):
        return plain(number)
    whole, rest = divmod(abs(number), 1)
    digits = ""
    while rest and len(digits) < 13:
        digit, rest = divmod(rest * 16, 1)
        digits += f"{int(digit):X}"
    return ("-" if number < 0 else "") + f"{int(whole):X}" + ("." + digits if digits else "")


def _round(value: float) -> float:
    """Half goes up, as JavaScript's."""
    return float(math.floor(value + 0.5)) if abs(value) < 2**52 else value


def _halves_up(value: float, decimals: int) -> Decimal:
    exact = Decimal(repr(value))
    return exact.quantize(Decimal(1).scaleb(exact.adjusted() - decimals), ROUND_HALF_UP) if value else exact


def _unfolded(text: str) -> str:
    if "e" not in text:
        return text
    return f"{Decimal(text):f}"


def _folded(value: float) -> tuple[str, str]:
    mantissa, _, power = _shortest_exponential(value).partition("e")
    return mantissa, power


def _shortest_exponential(value: float) -> str:
    for places in range(17):
        text = f"{value:.{places}e}"
        if float(text) == value:
            return text
    return f"{value:.17e}"
