"""Every collector: what it is, whether it runs unless told otherwise, and the flags that steer it.

A flag names the option that it sets; `exporters.node.flags` reads command lines by this table.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from functools import partial
from types import MappingProxyType
from typing import Final, TypeAlias

from engine.foundation.clock import Clock
from exporters.exposition.families import Family
from exporters.node import (
    arp,
    conntrack,
    cpu,
    diskstats,
    entropy,
    filefd,
    filesystem,
    loadavg,
    meminfo,
    netclass,
    netdev,
    netstat,
    os_release,
    pressure,
    selinux,
    sockstat,
    softnet,
    stat,
    textfile,
    time,
    timex,
    udp_queues,
    uname,
    vmstat,
)
from exporters.node.options import NodeOptions

Reader: TypeAlias = Callable[[], list[Family]]


@dataclass(frozen=True, slots=True)
class Collector:
    """`make` gives the reader of one exporter, with whatever it must remember. `flags`: flag -> option."""

    make: Callable[[NodeOptions, Clock], Reader]
    help: str
    default: bool = True
    flags: Mapping[str, str] = field(default_factory=dict)


def _plain(read: Callable[[NodeOptions], list[Family]]) -> Callable[[NodeOptions, Clock], Reader]:
    """For collectors that remember nothing and ask no clock."""
    return lambda options, _clock: partial(read, options)


COLLECTORS: Final[Mapping[str, Collector]] = MappingProxyType(
    {
        "arp": Collector(_plain(arp.read), "neighbours by device"),
        "conntrack": Collector(_plain(conntrack.read), "tracked connections"),
        "cpu": Collector(
            lambda options, _clock: cpu.Cpu(options).read,
            "seconds by CPU and mode",
            flags={"collector.cpu.guest": "cpu_guest"},
        ),
        "diskstats": Collector(
            _plain(diskstats.read),
            "disk operations",
            flags={
                "collector.diskstats.device-exclude": "disk_device_exclude",
                "collector.diskstats.device-include": "disk_device_include",
                "collector.diskstats.ignored-devices": "disk_device_exclude",
            },
        ),
        "entropy": Collector(_plain(entropy.read), "random bits at hand"),
        "filefd": Collector(_plain(filefd.read), "open file handles"),
        "filesystem": Collector(
            lambda options, _clock: filesystem.Filesystems(options).read,
            "space and file nodes",
            flags={
                "collector.filesystem.mount-points-exclude": "mount_points_exclude",
                "collector.filesystem.ignored-mount-points": "mount_points_exclude",
                "collector.filesystem.mount-timeout": "mount_timeout_seconds",
                "collector.filesystem.fs-types-exclude": "fs_types_exclude",
                "collector.filesystem.ignored-fs-types": "fs_types_exclude",
            },
        ),
        "loadavg": Collector(_plain(loadavg.read), "load averages"),
        "meminfo": Collector(_plain(meminfo.read), "memory"),
        "netclass": Collector(
            _plain(netclass.read),
            "properties of network devices",
            flags={
                "collector.netclass.ignored-devices": "netclass_ignored_devices",
                "collector.netclass.ignore-invalid-speed": "netclass_ignore_invalid_speed",
            },
        ),
        "netdev": Collector(
            _plain(netdev.read),
            "traffic by network device",
            flags={
                "collector.netdev.device-exclude": "netdev_device_exclude",
                "collector.netdev.device-include": "netdev_device_include",
                "collector.netdev.device-blacklist": "netdev_device_exclude",
                "collector.netdev.device-whitelist": "netdev_device_include",
            },
        ),
        "netstat": Collector(
            _plain(netstat.read), "network protocols", flags={"collector.netstat.fields": "netstat_fields"}
        ),
        "os": Collector(_plain(os_release.read), "the distribution"),
        "pressure": Collector(_plain(pressure.read), "seconds lost to contention"),
        "selinux": Collector(_plain(selinux.read), "whether SELinux is in force"),
        "sockstat": Collector(_plain(sockstat.read), "sockets by protocol and state"),
        "softnet": Collector(_plain(softnet.read), "packets by CPU"),
        "stat": Collector(
            _plain(stat.read),
            "boot time, forks, interrupts, run queue",
            flags={"collector.stat.softirq": "stat_softirq"},
        ),
        "textfile": Collector(
            _plain(textfile.read),
            "files that other programs leave",
            flags={"collector.textfile.directory": "textfile_directory"},
        ),
        "time": Collector(lambda options, clock: time.Time(options, clock).read, "the machine's clock"),
        "timex": Collector(_plain(timex.read), "how well the clock is kept"),
        "udp_queues": Collector(_plain(udp_queues.read), "bytes that wait in UDP sockets"),
        "uname": Collector(_plain(uname.read), "name and kernel"),
        "vmstat": Collector(
            _plain(vmstat.read), "paging and swapping", flags={"collector.vmstat.fields": "vmstat_fields"}
        ),
    }
)

NOT_BUILT: Final = frozenset(
    (
        "bcache",
        "bonding",
        "btrfs",
        "buddyinfo",
        "cgroups",
        "cpufreq",
        "dmi",
        "drbd",
        "drm",
        "edac",
        "ethtool",
        "fibrechannel",
        "hwmon",
        "infiniband",
        "interrupts",
        "ipvs",
        "ksmd",
        "lnstat",
        "logind",
        "mdadm",
        "meminfo_numa",
        "mountstats",
        "network_route",
        "nfs",
        "nfsd",
        "ntp",
        "nvme",
        "perf",
        "powersupplyclass",
        "processes",
        "qdisc",
        "rapl",
        "runit",
        "schedstat",
        "slabinfo",
        "supervisord",
        "sysctl",
        "systemd",
        "tapestats",
        "tcpstat",
        "thermal_zone",
        "wifi",
        "xfs",
        "zfs",
        "zoneinfo",
    )
)  # fmt: skip - the original's other collectors: turning one off is fine, on is refused

PATH_FLAGS: Final[Mapping[str, str]] = MappingProxyType(
    {"path.procfs": "procfs", "path.sysfs": "sysfs", "path.rootfs": "rootfs", "path.udev.data": "udev_data"}
)
