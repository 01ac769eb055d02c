"""Seconds by CPU and mode, from `stat`; throttling counts, from sysfs.

Law: a counter never falls. The kernel's idle and iowait times may go back a little (they are estimates), so
each value is held at its highest; when idle falls by three seconds or more the CPU was taken out and put back,
and its counters begin again.
"""

from __future__ import annotations

from pathlib import Path
from typing import Final

from exporters.exposition.families import Family, MetricType
from exporters.node import reading
from exporters.node.options import NodeOptions

MODES: Final = ("user", "nice", "system", "idle", "iowait", "irq", "softirq", "steal")
GUEST_MODES: Final = ("user", "nice")
JUMP_BACK_SECONDS: Final = 3.0
_IDLE: Final = MODES.index("idle")
_TICKS: Final = 100.0  # USER_HZ, fixed in the kernel's interface

Times = dict[str, list[float]]


def parse(stat: str) -> Times:
    """CPU number -> seconds in each of MODES, then as guest and guest_nice; columns old kernels lack are zero."""
    times: Times = {}
    for line in stat.splitlines():
        name, *fields = line.split()
        if name.startswith("cpu") and name != "cpu":
            seconds = [float(field) / _TICKS for field in fields[:10]]
            times[name[3:]] = seconds + [0.0] * (10 - len(seconds))
    return times


def hold(before: Times, now: Times) -> Times:
    """The values to show: each at its highest, unless its CPU began again."""
    held: Times = {}
    for cpu, seconds in now.items():
        past = before.get(cpu)
        begins_again = past is None or past[_IDLE] - seconds[_IDLE] >= JUMP_BACK_SECONDS
        held[cpu] = seconds if past is None or begins_again else list(map(max, past, seconds))
    return held


def families(times: Times, *, guest: bool) -> list[Family]:
    seconds = Family("node_cpu_seconds_total", MetricType.COUNTER, "Seconds that each CPU spent in each mode.")
    guests = Family(
        "node_cpu_guest_seconds_total", MetricType.COUNTER, "Seconds that each CPU spent running virtual machines."
    )
    for cpu, values in times.items():
        for mode, value in zip(MODES, values, strict=False):
            seconds.add(value, (("cpu", cpu), ("mode", mode)))
        for mode, value in zip(GUEST_MODES, values[len(MODES) :], strict=True):
            guests.add(value, (("cpu", cpu), ("mode", mode)))
    return [seconds, guests] if guest else [seconds]


def throttles(sysfs: Path) -> list[Family]:
    """How often cores and packages were slowed for heat; nothing where the machine does not tell."""
    cores: dict[tuple[str, str], float] = {}
    packages: dict[str, float] = {}
    for cpu in sorted(sysfs.glob("devices/system/cpu/cpu[0-9]*")):
        package = reading.text_or_none(cpu / "topology/physical_package_id")
        core = reading.text_or_none(cpu / "topology/core_id")
        if package is None or core is None:
            continue
        if (count := reading.text_or_none(cpu / "thermal_throttle/core_throttle_count")) is not None:
            cores.setdefault((package, core), float(count))
        if (count := reading.text_or_none(cpu / "thermal_throttle/package_throttle_count")) is not None:
            packages.setdefault(package, float(count))
    by_core = Family("node_cpu_core_throttles_total", MetricType.COUNTER, "How often this core was throttled.")
    by_package = Family("node_cpu_package_throttles_total", MetricType.COUNTER, "How often this package was throttled.")
    for (package, core), value in cores.items():
        by_core.add(value, (("core", core), ("package", package)))
    for package, value in packages.items():
        by_package.add(value, (("package", package),))
    return [family for family in (by_core, by_package) if family.samples]


class Cpu:
    """Keeps the highest values that it has shown."""

    def __init__(self, options: NodeOptions) -> None:
        self._options = options
        self._held: Times = {}

    def read(self) -> list[Family]:
        self._held = hold(self._held, parse(reading.text(self._options.procfs / "stat")))
        return [*families(self._held, guest=self._options.cpu_guest), *throttles(self._options.sysfs)]
