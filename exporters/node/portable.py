"""The same families where there is no Linux: as far as psutil tells, under Linux's names.

The original's builds for other systems use other names for memory; dashboards expect those of Linux.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from types import MappingProxyType
from typing import Final

import psutil

from exporters.exposition.families import Family
from exporters.node import reading
from exporters.node.machine import Machine
from exporters.node.network import netdev
from exporters.node.storage import diskstats, filesystem
from exporters.node.storage.filesystem import Mount, Usage
from exporters.node.system import cpu, loadavg, meminfo, stat


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
    return stat.parse(f"btime {psutil.boot_time()}")


READERS: Final[Mapping[str, Callable[[Machine], list[Family]]]] = MappingProxyType(
    {
        "cpu": read_cpu,
        "diskstats": read_diskstats,
        "filesystem": read_filesystem,
        "loadavg": read_loadavg,
        "meminfo": read_meminfo,
        "netdev": read_netdev,
        "stat": read_stat,
    }
)
