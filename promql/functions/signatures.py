"""What each function takes and gives, by its types: all 70 of Prometheus 2.42, and those that were added later."""

from __future__ import annotations

from typing import Final

from msgspec import Struct

from promql.syntax.ast import ValueType

_SCALAR: Final = ValueType.SCALAR
_VECTOR: Final = ValueType.VECTOR
_MATRIX: Final = ValueType.MATRIX
_STRING: Final = ValueType.STRING


class Signature(Struct, frozen=True):
    """`args` are the types of all declared arguments.

    `variadic` 0: exactly these. Above 0: the last may be left out or follow that many times in all. -1: the last
    may be left out or follow any number of times.
    """

    args: tuple[ValueType, ...] = (ValueType.VECTOR,)
    returns: ValueType = ValueType.VECTOR
    variadic: int = 0

    @property
    def least(self) -> int:
        """The fewest arguments."""
        return len(self.args) - 1 if self.variadic else len(self.args)

    @property
    def most(self) -> int | None:
        """The most arguments; None for no limit."""
        return None if self.variadic < 0 else self.least + self.variadic

    def type_of(self, index: int) -> ValueType:
        """The type of an argument; the last declared one stands for all that follow."""
        return self.args[min(index, len(self.args) - 1)]


_PLAIN: Final = Signature()
_OVER_TIME: Final = Signature((_MATRIX,))
_CALENDAR: Final = Signature((_VECTOR,), variadic=1)

SIGNATURES: Final[dict[str, Signature]] = {
    "abs": _PLAIN,
    "absent": _PLAIN,
    "absent_over_time": _OVER_TIME,
    "acos": _PLAIN,
    "acosh": _PLAIN,
    "asin": _PLAIN,
    "asinh": _PLAIN,
    "atan": _PLAIN,
    "atanh": _PLAIN,
    "avg_over_time": _OVER_TIME,
    "ceil": _PLAIN,
    "changes": _OVER_TIME,
    "clamp": Signature((_VECTOR, _SCALAR, _SCALAR)),
    "clamp_max": Signature((_VECTOR, _SCALAR)),
    "clamp_min": Signature((_VECTOR, _SCALAR)),
    "cos": _PLAIN,
    "cosh": _PLAIN,
    "count_over_time": _OVER_TIME,
    "day_of_month": _CALENDAR,
    "day_of_week": _CALENDAR,
    "day_of_year": _CALENDAR,
    "days_in_month": _CALENDAR,
    "deg": _PLAIN,
    "delta": _OVER_TIME,
    "deriv": _OVER_TIME,
    "exp": _PLAIN,
    "floor": _PLAIN,
    "histogram_count": _PLAIN,
    "histogram_fraction": Signature((_SCALAR, _SCALAR, _VECTOR)),
    "histogram_quantile": Signature((_SCALAR, _VECTOR)),
    "histogram_sum": _PLAIN,
    "holt_winters": Signature((_MATRIX, _SCALAR, _SCALAR)),
    "hour": _CALENDAR,
    "idelta": _OVER_TIME,
    "increase": _OVER_TIME,
    "irate": _OVER_TIME,
    "label_join": Signature((_VECTOR, _STRING, _STRING, _STRING), variadic=-1),
    "label_replace": Signature((_VECTOR, _STRING, _STRING, _STRING, _STRING)),
    "last_over_time": _OVER_TIME,
    "ln": _PLAIN,
    "log10": _PLAIN,
    "log2": _PLAIN,
    "max_over_time": _OVER_TIME,
    "min_over_time": _OVER_TIME,
    "minute": _CALENDAR,
    "month": _CALENDAR,
    "pi": Signature((), _SCALAR),
    "predict_linear": Signature((_MATRIX, _SCALAR)),
    "present_over_time": _OVER_TIME,
    "quantile_over_time": Signature((_SCALAR, _MATRIX)),
    "rad": _PLAIN,
    "rate": _OVER_TIME,
    "resets": _OVER_TIME,
    "round": Signature((_VECTOR, _SCALAR), variadic=1),
    "scalar": Signature((_VECTOR,), _SCALAR),
    "sgn": _PLAIN,
    "sin": _PLAIN,
    "sinh": _PLAIN,
    "sort": _PLAIN,
    "sort_desc": _PLAIN,
    "sqrt": _PLAIN,
    "stddev_over_time": _OVER_TIME,
    "stdvar_over_time": _OVER_TIME,
    "sum_over_time": _OVER_TIME,
    "tan": _PLAIN,
    "tanh": _PLAIN,
    "time": Signature((), _SCALAR),
    "timestamp": _PLAIN,
    "vector": Signature((_SCALAR,)),
    "year": _CALENDAR,
}

ADDED: Final[dict[str, Signature]] = {
    "double_exponential_smoothing": Signature((_MATRIX, _SCALAR, _SCALAR)),
    "first_over_time": _OVER_TIME,
    "histogram_avg": _PLAIN,
    "histogram_stddev": _PLAIN,
    "histogram_stdvar": _PLAIN,
    "info": Signature((_VECTOR, _VECTOR), variadic=1),
    "mad_over_time": _OVER_TIME,
    "sort_by_label": Signature((_VECTOR, _STRING), variadic=-1),
    "sort_by_label_desc": Signature((_VECTOR, _STRING), variadic=-1),
    "ts_of_first_over_time": _OVER_TIME,
    "ts_of_last_over_time": _OVER_TIME,
    "ts_of_max_over_time": _OVER_TIME,
    "ts_of_min_over_time": _OVER_TIME,
}
"""Of Prometheus 2.43 to 3; texts that call them are read by the wider grammar."""


def signature_of(function: str) -> Signature:
    """Of a function that there is."""
    return SIGNATURES.get(function) or ADDED[function]
