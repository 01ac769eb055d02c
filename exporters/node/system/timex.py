"""How well the machine's clock is kept, from the kernel's `adjtimex` call; asked for no change, it only tells."""

from __future__ import annotations

import ctypes
from collections.abc import Callable
from typing import Final

from exporters.exposition.families import Family, MetricType
from exporters.node import reading
from exporters.node.errors import NoDataError
from exporters.node.machine import Machine

_TIME_ERROR: Final = 5
_STA_NANO: Final = 0x2000
_PPM: Final = 1_000_000.0 * 65_536.0  # parts per million with 16 bits behind the point
_MICRO: Final = 1_000_000.0
_NANO: Final = 1_000_000_000.0

_LONGS_1: Final = ("offset", "freq", "maxerror", "esterror")
_LONGS_2: Final = ("constant", "precision", "tolerance", "seconds", "micros", "tick", "ppsfreq", "jitter")
_LONGS_3: Final = ("stabil", "jitcnt", "calcnt", "errcnt", "stbcnt")


class Timex(ctypes.Structure):
    """`struct timex` of 64-bit Linux."""

    _fields_ = (
        ("modes", ctypes.c_uint),
        *((name, ctypes.c_long) for name in _LONGS_1),
        ("status", ctypes.c_int),
        *((name, ctypes.c_long) for name in _LONGS_2),
        ("shift", ctypes.c_int),
        *((name, ctypes.c_long) for name in _LONGS_3),
        ("tai", ctypes.c_int),
        ("reserved", ctypes.c_int * 11),
    )


_G, _C = MetricType.GAUGE, MetricType.COUNTER
FIELDS: Final[tuple[tuple[str, str, MetricType, Callable[[float, float], float], str], ...]] = (
    # field, family's ending, type, from the value and the units of a second, help
    (
        "offset",
        "offset_seconds",
        _G,
        lambda v, unit: v / unit,
        "Time offset in between local system and reference clock.",
    ),
    ("freq", "frequency_adjustment_ratio", _G, lambda v, _: 1 + v / _PPM, "Local clock frequency adjustment."),
    ("maxerror", "maxerror_seconds", _G, lambda v, _: v / _MICRO, "Maximum error in seconds."),
    ("esterror", "estimated_error_seconds", _G, lambda v, _: v / _MICRO, "Estimated error in seconds."),
    ("status", "status", _G, lambda v, _: v, "Value of the status array bits."),
    ("constant", "loop_time_constant", _G, lambda v, _: v, "Phase-locked loop time constant."),
    ("tick", "tick_seconds", _G, lambda v, _: v / _MICRO, "Seconds between clock ticks."),
    ("ppsfreq", "pps_frequency_hertz", _G, lambda v, _: v / _PPM, "Pulse per second frequency."),
    ("jitter", "pps_jitter_seconds", _G, lambda v, unit: v / unit, "Pulse per second jitter."),
    ("shift", "pps_shift_seconds", _G, lambda v, _: v, "Pulse per second interval duration."),
    (
        "stabil",
        "pps_stability_hertz",
        _G,
        lambda v, _: v / _PPM,
        "Pulse per second stability, average of recent frequency changes.",
    ),
    ("jitcnt", "pps_jitter_total", _C, lambda v, _: v, "Pulse per second count of jitter limit exceeded events."),
    ("calcnt", "pps_calibration_total", _C, lambda v, _: v, "Pulse per second count of calibration intervals."),
    ("errcnt", "pps_error_total", _C, lambda v, _: v, "Pulse per second count of calibration errors."),
    (
        "stbcnt",
        "pps_stability_exceeded_total",
        _C,
        lambda v, _: v,
        "Pulse per second count of stability limit exceeded events.",
    ),
    ("tai", "tai_offset_seconds", _G, lambda v, _: v, "International Atomic Time (TAI) offset."),
)


def families(state: int, timex: Timex) -> list[Family]:
    """From what the call returned and what it filled in."""
    unit = _NANO if timex.status & _STA_NANO else _MICRO
    return [
        reading.gauge(
            "node_timex_sync_status",
            "Is clock synchronized to a reliable server (1 = yes, 0 = no).",
            float(state != _TIME_ERROR),
        ),
        *(
            Family.of(f"node_timex_{ending}", type_, help_, ({}, convert(float(getattr(timex, field)), unit)))
            for field, ending, type_, convert, help_ in FIELDS
        ),
    ]


def read(_machine: Machine) -> list[Family]:
    timex = Timex()
    try:
        adjtimex = ctypes.CDLL(None, use_errno=True).adjtimex
    except (AttributeError, OSError):
        raise NoDataError("there is no adjtimex here") from None
    if ctypes.sizeof(ctypes.c_long) != 8:
        raise NoDataError("only 64-bit systems are known")
    state = adjtimex(ctypes.byref(timex))
    if state < 0:
        raise OSError(ctypes.get_errno(), "adjtimex failed")
    return families(state, timex)
