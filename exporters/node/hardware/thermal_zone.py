"""Temperatures of zones and states of what cools them, from `/sys/class/thermal`."""

from __future__ import annotations

import errno
from typing import Final

from exporters.exposition.families import Family
from exporters.node import reading
from exporters.node.machine import Machine

_THERMAL: Final = "class/thermal"


def read(machine: Machine) -> list[Family]:
    """A zone that has no temperature now is passed over. Raises OSError."""
    found = reading.Gathered()
    sysfs = machine.sys
    for path, zone in sysfs.numbered(_THERMAL, "thermal_zone"):
        try:
            kind, temperature = sysfs.value(f"{path}/type"), float(sysfs.value(f"{path}/temp"))
        except OSError as error:
            if error.errno == errno.ENODATA:
                continue
            raise
        found.gauge("node_thermal_zone_temp", "Zone temperature in Celsius", temperature / 1000, zone=zone, type=kind)
    for path, name in sysfs.numbered(_THERMAL, "cooling_device"):
        kind = sysfs.value(f"{path}/type")
        for state, what in (("cur_state", "Current"), ("max_state", "Maximum")):
            found.gauge(
                f"node_cooling_device_{state}",
                f"{what} throttle state of the cooling device",
                float(sysfs.value(f"{path}/{state}")),
                name=name,
                type=kind,
            )
    return found.all()
