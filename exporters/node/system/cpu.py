"""Seconds by CPU and mode, from `stat`; throttling and isolation, from sysfs; what CPUs are, from `cpuinfo`.

Law: a counter never falls. The kernel's idle and iowait times may go back a little (they are estimates), so
each value is held at its highest; when idle falls by three seconds or more the CPU was taken out and put back,
and its counters begin again.
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import Final

from exporters.exposition.families import Family, MetricType, Sample
from exporters.kernel import Tree
from exporters.node.machine import Machine
from exporters.node.system import cpuinfo

MODES: Final = ("user", "nice", "system", "idle", "iowait", "irq", "softirq", "steal")
GUEST_MODES: Final = ("user", "nice")
JUMP_BACK_SECONDS: Final = 3.0
_IDLE: Final = MODES.index("idle")
_TICKS: Final = 100.0  # USER_HZ, fixed in the kernel's interface
_SECONDS: Final = "node_cpu_seconds_total"
_GUESTS: Final = "node_cpu_guest_seconds_total"

Times = dict[str, list[float]]


def parse(stat: str) -> Times:
    """CPU number -> seconds in each of MODES, then as guest and guest_nice; columns old kernels lack are zero."""
    times: Times = {}
    for line in stat.splitlines():
        if not line.startswith("cpu"):
            continue
        name, *fields = line.split()
        if name != "cpu":
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
    seconds = Family(_SECONDS, MetricType.COUNTER, "Seconds the CPUs spent in each mode.")
    guests = Family(_GUESTS, MetricType.COUNTER, "Seconds the CPUs spent in guests (VMs) for each mode.")
    for cpu, values in times.items():
        label = ("cpu", cpu)
        seconds.samples.extend(
            Sample(_SECONDS, (label, ("mode", mode)), value) for mode, value in zip(MODES, values, strict=False)
        )
        guests.samples.extend(
            Sample(_GUESTS, (label, ("mode", mode)), value)
            for mode, value in zip(GUEST_MODES, values[len(MODES) :], strict=True)
        )
    return [seconds, guests] if guest else [seconds]


def throttles(sysfs: Tree) -> list[Family]:
    """How often cores and packages were slowed for heat; nothing where the machine does not tell."""
    cores: dict[tuple[str, str], float] = {}
    packages: dict[str, float] = {}
    for cpu, _ in sysfs.numbered("devices/system/cpu", "cpu"):
        if not sysfs.has(f"{cpu}/thermal_throttle"):
            continue
        package = sysfs.value_or_none(f"{cpu}/topology/physical_package_id")
        core = sysfs.value_or_none(f"{cpu}/topology/core_id")
        if package is None or core is None:
            continue
        if (count := sysfs.number_or_none(f"{cpu}/thermal_throttle/core_throttle_count")) is not None:
            cores.setdefault((package, core), count)
        if (count := sysfs.number_or_none(f"{cpu}/thermal_throttle/package_throttle_count")) is not None:
            packages.setdefault(package, count)
    by_core = Family(
        "node_cpu_core_throttles_total",
        MetricType.COUNTER,
        "Number of times this CPU core has been throttled.",
    )
    by_package = Family(
        "node_cpu_package_throttles_total",
        MetricType.COUNTER,
        "Number of times this CPU package has been throttled.",
    )
    for (package, core), value in cores.items():
        by_core.add(value, (("core", core), ("package", package)))
    for package, value in packages.items():
        by_package.add(value, (("package", package),))
    return [family for family in (by_core, by_package) if family.samples]


def isolated(text: str) -> list[Family]:
    """CPUs that are kept out of scheduling: `1,4-6`. Raises ValueError."""
    rows = [({"cpu": str(cpu)}, 1.0) for part in text.split(",") if part for cpu in _range(part)]
    help_ = "Whether each core is isolated, information from /sys/devices/system/cpu/isolated."
    return [Family.of("node_cpu_isolated", MetricType.GAUGE, help_, *rows)] if rows else []


def _range(part: str) -> Iterable[int]:
    first, _, last = part.partition("-")
    return range(int(first), int(last or first) + 1)


class Cpu:
    """Keeps the highest values that it has shown."""

    def __init__(self, machine: Machine) -> None:
        self._machine = machine
        self._held: Times = {}

    def read(self) -> list[Family]:
        proc, sysfs, options = self._machine.proc, self._machine.sys, self._machine.options
        self._held = hold(self._held, parse(proc.text("stat")))
        return [
            *(cpuinfo.read(self._machine) if cpuinfo.wanted(options) else ()),
            *families(self._held, guest=options.cpu_guest),
            *isolated(sysfs.value_or_none("devices/system/cpu/isolated") or ""),
            *throttles(sysfs),
        ]
