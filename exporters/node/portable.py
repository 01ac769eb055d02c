"""The same families where there is no Linux: as far as psutil tells, under Linux's names.

The original's builds for other systems use other names for memory; dashboards expect those of Linux.
"""

from __future__ import annotations

import platform
from collections.abc import Callable, Mapping
from types import MappingProxyType
from typing import Any, Final

import psutil

from exporters.exposition.families import Family
from exporters.node import reading
from exporters.node.errors import NoDataError
from exporters.node.hardware import cpufreq, powersupplyclass
from exporters.node.machine import Machine
from exporters.node.network import netclass, netdev
from exporters.node.storage import diskstats, filesystem
from exporters.node.storage.filesystem import Mount, Usage
from exporters.node.system import cpu, loadavg, meminfo, stat, uname


def read_cpu(_machine: Machine) -> list[Family]:
    times = {str(number): _modes(found._asdict()) for number, found in enumerate(psutil.cpu_times(percpu=True))}
    return cpu.families(times, guest=False)


def _modes(found: Mapping[str, float]) -> list[float]:
    return [found.get(mode, 0.0) for mode in cpu.MODES] + [0.0, 0.0]


def read_meminfo(_machine: Machine) -> list[Family]:
    memory, swap = psutil.virtual_memory(), psutil.swap_memory()
    values = {
        "MemTotal": memory.total,
        "MemAvailable": memory.available,
        "MemFree": memory.free,
        "SwapTotal": swap.total,
        "SwapFree": swap.free,
    }
    further = {"Active": "active", "Inactive": "inactive", "Buffers": "buffers", "Cached": "cached"}
    values |= {key: getattr(memory, name) for key, name in further.items() if hasattr(memory, name)}
    return [meminfo.field(f"{key}_bytes", float(value)) for key, value in values.items()]


def read_filesystem(machine: Machine) -> list[Family]:
    mounts = [Mount(p.device, p.mountpoint, p.fstype, "ro" in p.opts.split(",")) for p in psutil.disk_partitions()]
    return filesystem.families(filesystem.select(mounts, machine.options), _usage)


def _usage(mount: Mount) -> Usage:
    found = psutil.disk_usage(mount.point)
    return Usage(float(found.total), float(found.free), float(found.free), 0.0, 0.0)


def read_diskstats(machine: Machine) -> list[Family]:
    options = machine.options
    keeps = reading.device_filter(options.disk_device_exclude, options.disk_device_include)
    disks = (psutil.disk_io_counters(perdisk=True) or {}).items()
    return diskstats.counts({disk: _io(found._asdict()) for disk, found in disks if keeps(disk)})


def _io(found: Mapping[str, float]) -> dict[str, float]:
    return {
        "node_disk_reads_completed_total": found["read_count"],
        "node_disk_read_bytes_total": found["read_bytes"],
        "node_disk_read_time_seconds_total": found.get("read_time", 0) / 1000,
        "node_disk_writes_completed_total": found["write_count"],
        "node_disk_written_bytes_total": found["write_bytes"],
        "node_disk_write_time_seconds_total": found.get("write_time", 0) / 1000,
    }


_NETWORK: Final = MappingProxyType(
    {
        "receive_bytes": "bytes_recv",
        "receive_packets": "packets_recv",
        "receive_errs": "errin",
        "receive_drop": "dropin",
        "transmit_bytes": "bytes_sent",
        "transmit_packets": "packets_sent",
        "transmit_errs": "errout",
        "transmit_drop": "dropout",
    }
)


def read_netdev(machine: Machine) -> list[Family]:
    options = machine.options
    stats = {
        device: {field: float(getattr(found, source)) for field, source in _NETWORK.items()}
        for device, found in psutil.net_io_counters(pernic=True).items()
    }
    return netdev.families(stats, reading.device_filter(options.netdev_device_exclude, options.netdev_device_include))


def read_loadavg(_machine: Machine) -> list[Family]:
    return loadavg.families(list(psutil.getloadavg()))


def read_stat(_machine: Machine) -> list[Family]:
    counts = psutil.cpu_stats()
    return stat.parse(f"btime {psutil.boot_time()}\nctxt {counts.ctx_switches}\nintr {counts.interrupts}")


def read_netclass(machine: Machine) -> list[Family]:
    """Whether devices are up, how large their packets may be and how fast they are, in units of Linux."""
    keeps = reading.device_filter(machine.options.netclass_ignored_devices)
    devices = {
        device: {
            "operstate": "up" if found.isup else "down",
            "mtu": str(found.mtu),
            **({"speed": str(found.speed)} if found.speed else {}),
        }
        for device, found in psutil.net_if_stats().items()
        if keeps(device)
    }
    return netclass.families(devices)


def read_cpufreq(_machine: Machine) -> list[Family]:
    """Of all CPUs alike where the system tells one figure, as most do. Raises NoDataError where it tells none."""
    found = psutil.cpu_freq(percpu=True) if hasattr(psutil, "cpu_freq") else []
    gathered = reading.Gathered()
    for cpu_, frequency in enumerate(found or []):
        for family, megahertz in zip(_FREQUENCIES, (frequency.current, frequency.min, frequency.max), strict=True):
            if megahertz:
                gathered.gauge(family, cpufreq.HELPS[family], megahertz * 1e6, cpu=str(cpu_))
    if not gathered:
        raise NoDataError("this system does not tell how fast its CPUs are")
    return gathered.all()


_FREQUENCIES: Final = (
    "node_cpu_scaling_frequency_hertz",
    "node_cpu_scaling_frequency_min_hertz",
    "node_cpu_scaling_frequency_max_hertz",
)


def read_power(_machine: Machine) -> list[Family]:
    """Raises NoDataError where there is no battery."""
    return battery(psutil.sensors_battery() if hasattr(psutil, "sensors_battery") else None)


def battery(found: Any | None) -> list[Family]:
    """Of psutil's battery, called as Linux calls the first. Raises NoDataError where there is none."""
    if found is None:
        raise NoDataError("this machine has no battery")
    left = found.secsleft
    values = {
        "capacity": float(found.percent),
        "online": float(bool(found.power_plugged)),
        **({"time_to_empty_seconds": float(left)} if left is not None and left >= 0 else {}),
    }
    return [powersupplyclass.family(ending, value, "BAT0") for ending, value in values.items()]


def read_uname(_machine: Machine) -> list[Family]:
    told = platform.uname()
    names = {"nodename": told.node, "release": told.release, "sysname": told.system, "version": told.version}
    return uname.families({"domainname": "", "machine": told.machine, **names})


READERS: Final[Mapping[str, Callable[[Machine], list[Family]]]] = MappingProxyType(
    {
        "cpu": read_cpu,
        "cpufreq": read_cpufreq,
        "diskstats": read_diskstats,
        "filesystem": read_filesystem,
        "loadavg": read_loadavg,
        "meminfo": read_meminfo,
        "netclass": read_netclass,
        "netdev": read_netdev,
        "powersupplyclass": read_power,
        "stat": read_stat,
        "uname": read_uname,
    }
)
