"""The machine's clock, its zone, and what drives it."""

from __future__ import annotations

from datetime import UTC, datetime

from engine.foundation.clock import SECOND
from exporters.exposition.families import Family, MetricType
from exporters.kernel import Tree
from exporters.node import reading
from exporters.node.machine import Machine


def families(now_ns: int) -> list[Family]:
    """Unix seconds, and the local zone's offset at that moment."""
    local = datetime.fromtimestamp(now_ns / SECOND, UTC).astimezone()
    offset = local.utcoffset()
    zone = ({"time_zone": local.tzname() or ""}, offset.total_seconds() if offset is not None else 0.0)
    return [
        reading.gauge("node_time_seconds", "System time in seconds since epoch (1970).", now_ns / SECOND),
        Family.of("node_time_zone_offset_seconds", MetricType.GAUGE, "System time zone offset in seconds.", zone),
    ]


def clock_sources(sysfs: Tree) -> list[Family]:
    """Which clock sources each device offers and which it uses; nothing where sysfs has none."""
    where = "/sys/devices/system/clocksource"
    available = Family(
        "node_time_clocksource_available_info", MetricType.GAUGE, f"Available clocksources read from '{where}'."
    )
    current = Family(
        "node_time_clocksource_current_info", MetricType.GAUGE, f"Current clocksource read from '{where}'."
    )
    for device, number in sysfs.numbered("devices/system/clocksource", "clocksource"):
        for source in (sysfs.value_or_none(f"{device}/available_clocksource") or "").split():
            available.add(1.0, (("clocksource", source), ("device", number)))
        for source in (sysfs.value_or_none(f"{device}/current_clocksource") or "").split():
            current.add(1.0, (("clocksource", source), ("device", number)))
    return [family for family in (available, current) if family.samples]


def read(machine: Machine) -> list[Family]:
    return [*families(machine.clock.now_ns()), *clock_sources(machine.sys)]
