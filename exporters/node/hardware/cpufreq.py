"""How fast each CPU goes and may go, from sysfs."""

from __future__ import annotations

from types import MappingProxyType
from typing import Final

from exporters.exposition.families import Family
from exporters.node import reading
from exporters.node.machine import Machine

_KILO: Final = 1000.0
FIELDS: Final = (  # file, family, help
    ("cpuinfo_cur_freq", "node_cpu_frequency_hertz", "Current cpu thread frequency in hertz."),
    ("cpuinfo_min_freq", "node_cpu_frequency_min_hertz", "Minimum cpu thread frequency in hertz."),
    ("cpuinfo_max_freq", "node_cpu_frequency_max_hertz", "Maximum cpu thread frequency in hertz."),
    ("scaling_cur_freq", "node_cpu_scaling_frequency_hertz", "Current scaled CPU thread frequency in hertz."),
    ("scaling_min_freq", "node_cpu_scaling_frequency_min_hertz", "Minimum scaled CPU thread frequency in hertz."),
    ("scaling_max_freq", "node_cpu_scaling_frequency_max_hertz", "Maximum scaled CPU thread frequency in hertz."),
)
HELPS: Final = MappingProxyType({name: help_ for _, name, help_ in FIELDS})


def read(machine: Machine) -> list[Family]:
    found = reading.Gathered()
    for cpu, number in machine.sys.numbered("devices/system/cpu", "cpu"):
        if not machine.sys.has(f"{cpu}/cpufreq"):
            continue
        for file, name, help_ in FIELDS:
            kilohertz = machine.sys.number_or_none(f"{cpu}/cpufreq/{file}")
            if kilohertz is not None:
                found.gauge(name, help_, kilohertz * _KILO, cpu=number)
    return found.all()
