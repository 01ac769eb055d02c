"""All functions of the language by name: what each works on, and what does the work.

(`signatures.py` says what they take and give, for the checker; this says how they are evaluated.)
"""

from __future__ import annotations

from collections.abc import Mapping
from types import MappingProxyType
from typing import Final, TypeAlias

import numpy as np
from msgspec import Struct

from promql.functions import calendar, counters, histograms, overtime, presence, regression, relabelling, sampled
from promql.functions.elementwise import GridCall, clamp, clamp_max, clamp_min, degrees, each, radians, round_to, sign
from promql.functions.ordering import sort_by_label
from promql.functions.windows import Kernel


class OverRange(Struct, frozen=True):
    """A kernel over the windows of a range vector; its other arguments are scalars.

    `timed` ones depend on the instant of evaluation, so `@` in their arguments does not pin them.
    """

    kernel: Kernel
    keeps_name: bool = False
    timed: bool = False


class OverGrids(Struct, frozen=True):
    """A function of vectors, scalars and texts at all steps; `scalar` where it gives one number a step."""

    call: GridCall
    scalar: bool = False
    timed: bool = False


class SampleTime(Struct, frozen=True):
    """`timestamp`: of a plain selector it sees the samples' own times, of anything else `otherwise`."""

    kernel: Kernel
    otherwise: GridCall


class Absence(Struct, frozen=True):
    """`absent`: its labels are told from the argument's matchers."""


class AbsenceOverRange(Struct, frozen=True):
    """`absent_over_time`: the same where the kernel finds nothing."""

    kernel: Kernel


class Information(Struct, frozen=True):
    """`info`: labels of series that tell about the same job and instance."""


Row: TypeAlias = OverRange | OverGrids | SampleTime | Absence | AbsenceOverRange | Information

FUNCTIONS: Final[Mapping[str, Row]] = MappingProxyType(
    {
        # elementwise
        "abs": OverGrids(each(np.abs)),
        "acos": OverGrids(each(np.arccos)),
        "acosh": OverGrids(each(np.arccosh)),
        "asin": OverGrids(each(np.arcsin)),
        "asinh": OverGrids(each(np.arcsinh)),
        "atan": OverGrids(each(np.arctan)),
        "atanh": OverGrids(each(np.arctanh)),
        "ceil": OverGrids(each(np.ceil)),
        "clamp": OverGrids(clamp),
        "clamp_max": OverGrids(each(clamp_max)),
        "clamp_min": OverGrids(each(clamp_min)),
        "cos": OverGrids(each(np.cos)),
        "cosh": OverGrids(each(np.cosh)),
        "deg": OverGrids(each(degrees)),
        "exp": OverGrids(each(np.exp)),
        "floor": OverGrids(each(np.floor)),
        "ln": OverGrids(each(np.log)),
        "log10": OverGrids(each(np.log10)),
        "log2": OverGrids(each(np.log2)),
        "rad": OverGrids(each(radians)),
        "round": OverGrids(each(round_to)),
        "sgn": OverGrids(each(sign)),
        "sin": OverGrids(each(np.sin)),
        "sinh": OverGrids(each(np.sinh)),
        "sqrt": OverGrids(each(np.sqrt)),
        "tan": OverGrids(each(np.tan)),
        "tanh": OverGrids(each(np.tanh)),
        # counters and gauges over a range
        "changes": OverRange(counters.changes),
        "delta": OverRange(counters.delta),
        "idelta": OverRange(counters.idelta),
        "increase": OverRange(counters.increase),
        "irate": OverRange(counters.irate),
        "rate": OverRange(counters.rate),
        "resets": OverRange(counters.resets),
        # one value for a range
        "avg_over_time": OverRange(overtime.average),
        "count_over_time": OverRange(overtime.count),
        "first_over_time": OverRange(sampled.first, keeps_name=True),
        "last_over_time": OverRange(overtime.last, keeps_name=True),
        "mad_over_time": OverRange(overtime.median_deviation),
        "max_over_time": OverRange(overtime.largest),
        "min_over_time": OverRange(overtime.smallest),
        "present_over_time": OverRange(overtime.present),
        "quantile_over_time": OverRange(overtime.quantile_of),
        "stddev_over_time": OverRange(overtime.deviation),
        "stdvar_over_time": OverRange(overtime.variance),
        "sum_over_time": OverRange(overtime.total),
        "ts_of_first_over_time": OverRange(sampled.time_of_first),
        "ts_of_last_over_time": OverRange(sampled.time_of_last),
        "ts_of_max_over_time": OverRange(sampled.time_of(np.fmax)),
        "ts_of_min_over_time": OverRange(sampled.time_of(np.fmin)),
        # lines through a range
        "deriv": OverRange(regression.deriv),
        "double_exponential_smoothing": OverRange(regression.holt_winters),
        "holt_winters": OverRange(regression.holt_winters),
        "predict_linear": OverRange(regression.predict_linear, timed=True),
        # dates
        "day_of_month": OverGrids(calendar.of_date(calendar.day_of_month), timed=True),
        "day_of_week": OverGrids(calendar.of_date(calendar.day_of_week), timed=True),
        "day_of_year": OverGrids(calendar.of_date(calendar.day_of_year), timed=True),
        "days_in_month": OverGrids(calendar.of_date(calendar.days_in_month), timed=True),
        "hour": OverGrids(calendar.of_date(calendar.hour), timed=True),
        "minute": OverGrids(calendar.of_date(calendar.minute), timed=True),
        "month": OverGrids(calendar.of_date(calendar.month), timed=True),
        "year": OverGrids(calendar.of_date(calendar.year), timed=True),
        # labels
        "label_join": OverGrids(relabelling.label_join),
        "label_replace": OverGrids(relabelling.label_replace()),
        "info": Information(),
        # histograms; all but the first know native ones only, and floats are none
        "histogram_quantile": OverGrids(histograms.histogram_quantile),
        "histogram_avg": OverGrids(presence.nothing),
        "histogram_count": OverGrids(presence.nothing),
        "histogram_fraction": OverGrids(presence.nothing),
        "histogram_stddev": OverGrids(presence.nothing),
        "histogram_stdvar": OverGrids(presence.nothing),
        "histogram_sum": OverGrids(presence.nothing),
        # presence, order, time
        "absent": Absence(),
        "absent_over_time": AbsenceOverRange(overtime.present),
        "pi": OverGrids(presence.pi, scalar=True),
        "scalar": OverGrids(presence.scalar, scalar=True),
        "sort": OverGrids(presence.sort(descending=False)),
        "sort_desc": OverGrids(presence.sort(descending=True)),
        "sort_by_label": OverGrids(sort_by_label(descending=False)),
        "sort_by_label_desc": OverGrids(sort_by_label(descending=True)),
        "time": OverGrids(presence.time, scalar=True, timed=True),
        "timestamp": SampleTime(overtime.newest_time, presence.timestamp),
        "vector": OverGrids(presence.vector),
    }
)
