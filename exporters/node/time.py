"""The machine's clock, its zone, and what drives it."""

from __future__ import annotations

from datetime import UTC, datetime
from pathlib import Path

from engine.foundation.clock import SECOND, Clock
from exporters.exposition.families import Family, MetricType
from exporters.node import reading
from exporters.node.options import NodeOptions


def families(now_ns: int) -> list[Family]:
    """Unix seconds, and the local zone's offset at that moment."""
    local = datetime.fromtimestamp(now_ns / SECOND, UTC).astimezone()
    offset = local.utcoffset()
    zone = ({"time_zone": local.tzname() or ""}, offset.total_seconds() if offset is not None else 0.0)
    return [
        reading.gauge("node_time_seconds", "The machine's time in seconds since 1970.", now_ns / SECOND),
        Family.of("node_time_zone_offset_seconds", MetricType.GAUGE, "Seconds that local time is ahead of UTC.", zone),
    ]


def clock_sources(sysfs: Path) -> list[Family]:
    """Which clock sources each device offers and which it uses; nothing where sysfs has none."""
    available = Family("node_time_clocksource_available_info", MetricType.GAUGE, "Clock sources that could be used.")
    current = Family("node_time_clocksource_current_info", MetricType.GAUGE, "The clock source in use.")
    for device in sorted(sysfs.glob("devices/system/clocksource/clocksource[0-9]*")):
        number = device.name.removeprefix("clocksource")
        for source in (reading.text_or_none(device / "available_clocksource") or "").split():
            available.add(1.0, (("clocksource", source), ("device", number)))
        for source in (reading.text_or_none(device / "current_clocksource") or "").split():
            current.add(1.0, (("clocksource", source), ("device", number)))
    return [family for family in (available, current) if family.samples]


class Time:
    """Asks the clock that it was given."""

    def __init__(self, options: NodeOptions, clock: Clock) -> None:
        self._options = options
        self._clock = clock

    def read(self) -> list[Family]:
        return [*families(self._clock.now_ns()), *clock_sources(self._options.sysfs)]
