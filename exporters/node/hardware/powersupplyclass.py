"""Batteries and mains, from `/sys/class/power_supply`."""

from __future__ import annotations

from types import MappingProxyType
from typing import Final

from exporters.exposition.families import Family, MetricType
from exporters.kernel import Tree
from exporters.node import reading
from exporters.node.machine import Machine

_CLASS: Final = "class/power_supply"
_MICRO: Final = 1e6
_TENTHS: Final = 10.0

# What a family's ending is called as a file, where they differ.
_FILES: Final = MappingProxyType(
    {
        "cyclecount": "cycle_count",
        "time_to_empty_seconds": "time_to_empty_now",
        "time_to_full_seconds": "time_to_full_now",
        "current_ampere": "current_now",
        "energy_watthour": "energy_now",
        "voltage_volt": "voltage_now",
        "charge_ampere": "charge_now",
        "power_watt": "power_now",
        "temp_celsius": "temp",
        "temp_alert_max_celsius": "temp_alert_max",
        "temp_alert_min_celsius": "temp_alert_min",
        "temp_ambient_celsius": "temp_ambient",
        "temp_ambient_max_celsius": "temp_ambient_max",
        "temp_ambient_min_celsius": "temp_ambient_min",
        "temp_max_celsius": "temp_max",
        "temp_min_celsius": "temp_min",
    }
)
PLAIN: Final = (
    "authentic", "calibrate", "capacity", "capacity_alert_max", "capacity_alert_min", "cyclecount", "online", "present",
    "time_to_empty_seconds", "time_to_full_seconds",
)  # fmt: skip
MILLIONTHS: Final = (
    "current_boot", "current_max", "current_ampere", "energy_empty", "energy_empty_design", "energy_full",
    "energy_full_design", "energy_watthour", "voltage_boot", "voltage_max", "voltage_max_design", "voltage_min",
    "voltage_min_design", "voltage_volt", "voltage_ocv", "charge_control_limit", "charge_control_limit_max",
    "charge_counter", "charge_empty", "charge_empty_design", "charge_full", "charge_full_design", "charge_ampere",
    "charge_term_current", "constant_charge_current", "constant_charge_current_max", "constant_charge_voltage",
    "constant_charge_voltage_max", "precharge_current", "input_current_limit", "power_watt",
)  # fmt: skip
TENTHS: Final = (
    "temp_celsius", "temp_alert_max_celsius", "temp_alert_min_celsius", "temp_ambient_celsius",
    "temp_ambient_max_celsius", "temp_ambient_min_celsius", "temp_max_celsius", "temp_min_celsius",
)  # fmt: skip
TEXTS: Final = (
    "capacity_level", "charge_type", "health", "manufacturer", "model_name", "serial_number", "status", "technology",
    "type", "usb_type", "scope",
)  # fmt: skip
_UNITS: Final = (
    *((ending, 1.0) for ending in PLAIN),
    *((ending, _MICRO) for ending in MILLIONTHS),
    *((ending, _TENTHS) for ending in TENTHS),
)


def read(machine: Machine) -> list[Family]:
    """Raises FileNotFoundError where the machine has none. Which labels the info has depends on what each tells."""
    found = reading.Gathered()
    ignored = reading.matching(machine.options.power_supply_ignored)
    for supply in machine.sys.names(_CLASS):
        if not ignored(supply):
            _read(machine.sys, supply, found)
    return found.all()


def family(ending: str, value: float, supply: str) -> Family:
    """Of one supply, where another system than Linux tells of it."""
    return Family.of(f"node_power_supply_{ending}", MetricType.GAUGE, _help(ending), ({"power_supply": supply}, value))


def _help(ending: str) -> str:
    return f"{ending} value of /sys/class/power_supply/<power_supply>."


def _read(sysfs: Tree, supply: str, found: reading.Gathered) -> None:
    path = f"{_CLASS}/{supply}"
    there = set(sysfs.names(path))
    for ending, unit in _UNITS:
        file = _FILES.get(ending, ending)
        value = sysfs.number_or_none(f"{path}/{file}") if file in there else None
        if value is not None:
            found.gauge(f"node_power_supply_{ending}", _help(ending), value / unit, power_supply=supply)
    texts = {text: sysfs.value_or_none(f"{path}/{text}") or "" for text in TEXTS if text in there}
    labels = {"power_supply": supply} | {text: value for text, value in texts.items() if value}
    found.gauge("node_power_supply_info", "info of /sys/class/power_supply/<power_supply>.", 1.0, **labels)
