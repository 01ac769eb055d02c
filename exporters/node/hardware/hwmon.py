"""Temperatures, fans, voltages and whatever else chips measure, from `/sys/class/hwmon`.

A sensor is the files that share a kind and a number: `temp1_input`, `temp1_max`, `temp1_label` are of `temp1`. The kind
says the unit. Chips are named by the device that they sit on, which stays the same from start to start, where
`hwmon3` does not.
"""

from __future__ import annotations

import os
import re
from collections.abc import Iterator
from contextlib import suppress
from types import MappingProxyType
from typing import Final

from exporters.exposition.families import Family
from exporters.kernel import Tree
from exporters.node import reading
from exporters.node.machine import Machine

_HWMON: Final = "class/hwmon"
_FILE: Final = re.compile(r"([^0-9]+)([0-9]*)(?:_(.+))?", re.ASCII)  # noqa: TID251 - ours, linear
_NOT_IN_NAMES: Final = re.compile(r"[^a-z0-9:_]", re.ASCII)  # noqa: TID251 - ours, linear
KINDS: Final = frozenset(
    ("vrm", "beep_enable", "update_interval", "in", "cpu", "fan", "pwm", "temp", "curr", "power", "energy",
     "humidity", "intrusion")
)  # fmt: skip

Sensors = dict[str, dict[str, str]]  # sensor, as `temp1` -> what stands behind it in files' names -> text
_MILLI: Final = 0.001
_MICRO: Final = 1e6

# Kinds of which every element has one unit: ending, factor, help before the element.
_UNITS: Final = MappingProxyType(
    {
        "in": ("_volts", "Hardware monitor for voltage"),
        "cpu": ("_volts", "Hardware monitor for voltage"),
        "temp": ("_celsius", "Hardware monitor for temperature"),
        "curr": ("_amps", "Hardware monitor for current"),
    }
)
_SINGLE: Final = MappingProxyType(  # sensors of one file
    {
        "vrm": ("node_hwmon_voltage_regulator_version", "Hardware voltage regulator"),
        "update_interval": ("node_hwmon_update_interval_seconds", "Hardware monitor update interval"),
    }
)
_INTERVALS: Final = ("average_interval", "average_interval_min", "average_interval_max")


def clean(name: str) -> str:
    """As it may stand in a metric's name."""
    return _NOT_IN_NAMES.sub("_", name.lower()).strip("_")


def read(machine: Machine) -> list[Family]:
    """Raises OSError where the machine has no such class."""
    found = reading.Gathered()
    for name in machine.sys.names(_HWMON):
        folder = f"{_HWMON}/{name}"
        if machine.sys.is_folder(folder):
            _read(machine.sys, folder, found)
    return found.all()


def _read(sysfs: Tree, folder: str, found: reading.Gathered) -> None:
    chip = _chip(sysfs, folder)
    sensors: Sensors = {}
    for place in (folder, f"{folder}/device"):
        _collect(sysfs, place, sensors)
    human = clean(sysfs.value_or_none(f"{folder}/name") or "")
    if human:
        found.gauge(
            "node_hwmon_chip_names",
            "Annotation metric for human-readable chip names",
            1.0,
            chip=chip,
            chip_name=human,
        )
    for sensor, elements in sensors.items():
        _sensor(chip, sensor, elements, found)


def _collect(sysfs: Tree, folder: str, sensors: Sensors) -> None:
    for file in sysfs.names_or_none(folder):
        parts = _FILE.fullmatch(file)
        if parts is None or parts[1] not in KINDS:
            continue
        with suppress(OSError):  # some drivers refuse while they measure
            text = sysfs.text(f"{folder}/{file}").strip("\n")
            sensors.setdefault(f"{parts[1]}{int(parts[2] or 0)}", {})[parts[3] or ""] = text


def _sensor(chip: str, sensor: str, elements: dict[str, str], found: reading.Gathered) -> None:
    labels = {"chip": chip, "sensor": sensor}
    kind = sensor.rstrip("0123456789")
    if "label" in elements:
        found.gauge(
            "node_hwmon_sensor_label", "Label for given chip and sensor", 1.0, label=elements["label"], **labels
        )
    if kind == "beep_enable":
        value = float(elements.get("") == "1")
        found.gauge("node_hwmon_beep_enabled", "Hardware beep enabled", value, **labels)
    elif kind in _SINGLE:
        name, help_ = _SINGLE[kind]
        single = _number(elements.get("", ""))
        if single is not None:
            found.gauge(name, help_, single * _MILLI if kind == "update_interval" else single, **labels)
    else:
        for element, number in _numbers(elements):
            has_both = "" in elements and element == "input"
            _element(kind, element, number, labels, found, has_both=has_both)


def _numbers(elements: dict[str, str]) -> Iterator[tuple[str, float]]:
    for element, text in elements.items():
        number = None if element == "label" else _number(text)
        if number is not None:
            yield element, number


def _element(
    kind: str, element: str, value: float, labels: dict[str, str], found: reading.Gathered, *, has_both: bool
) -> None:
    """The value itself is `input`, which only shows in the name where there is a file without one too."""
    named = element and (element != "input" or has_both)
    name = f"node_hwmon_{kind}" + (f"_{clean(element)}" if named else "")
    if element in ("fault", "alarm"):
        found.gauge(name, f"Hardware sensor {element} status ({kind})", value, **labels)
    elif element == "beep":
        found.gauge(f"{name}_enabled", "Hardware monitor sensor has beeping enabled", value, **labels)
    elif kind in _UNITS and (kind != "temp" or element != "type"):
        ending, help_ = _UNITS[kind]
        shown = element or ("input" if kind == "temp" else "")
        found.gauge(name + ending, f"{help_} ({shown})", value * _MILLI, **labels)
    elif kind == "energy":
        help_ = f"Hardware monitor for joules used so far ({element})"
        found.counter(f"{name}_joule_total", help_, value / _MICRO, **labels)
    elif kind == "power":
        _power(name, element, value, labels, found)
    elif kind == "humidity":
        found.gauge(name, f"Relative humidity as a ratio ({element})", value / _MICRO, **labels)
    elif kind == "fan" and element in ("input", "min", "max", "target"):
        help_ = f"Hardware monitor for fan revolutions per minute ({element})"
        found.gauge(f"{name}_rpm", help_, value, **labels)
    else:
        found.gauge(name, f"Hardware monitor {kind} element {element}", value, **labels)


def _power(name: str, element: str, value: float, labels: dict[str, str], found: reading.Gathered) -> None:
    if element == "accuracy":
        found.gauge(name, "Hardware monitor power meter accuracy, as a ratio", value / _MICRO, **labels)
    elif element in _INTERVALS:
        help_ = f"Hardware monitor power usage update interval ({element})"
        found.gauge(f"{name}_seconds", help_, value * _MILLI, **labels)
    else:
        help_ = f"Hardware monitor for power usage in watts ({element})"
        found.gauge(f"{name}_watt", help_, value / _MICRO, **labels)


def _number(text: str) -> float | None:
    try:
        return float(text)
    except ValueError:
        return None


def _chip(sysfs: Tree, folder: str) -> str:
    """By its device and that device's bus, else by its own name, else by its folder's."""
    if sysfs.has(f"{folder}/device"):
        device = os.path.realpath(sysfs.path(f"{folder}/device"))
        above, name = os.path.split(device)
        parts = [part for part in (clean(os.path.basename(above)), clean(name)) if part]  # noqa: PTH119 - texts
        if clean(name):
            return "_".join(parts)
    return clean(sysfs.value_or_none(f"{folder}/name") or "") or clean(
        os.path.basename(os.path.realpath(sysfs.path(folder)))  # noqa: PTH119 - texts
    )
