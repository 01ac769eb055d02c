"""Every collector: what it is, whether it runs unless told otherwise, and the flags that steer it.

A flag names the option that it sets; `exporters.node.flags` reads command lines by this table.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from functools import partial
from types import MappingProxyType
from typing import Final, TypeAlias

from msgspec import Struct, field

from exporters.exposition.families import Family
from exporters.node.hardware import cpufreq, dmi, edac, hwmon, powersupplyclass, rapl, thermal_zone
from exporters.node.machine import Machine
from exporters.node.network import (
    arp,
    bonding,
    conntrack,
    infiniband,
    ipvs,
    netclass,
    netdev,
    netstat,
    nfs,
    nfsd,
    sockstat,
    softnet,
    tcpstat,
    udp_queues,
)
from exporters.node.storage import (
    bcache,
    btrfs,
    diskstats,
    fibrechannel,
    filesystem,
    mdadm,
    nvme,
    tapestats,
    xfs,
    zfs,
)
from exporters.node.system import (
    cpu,
    entropy,
    filefd,
    interrupts,
    loadavg,
    meminfo,
    os_release,
    pressure,
    processes,
    schedstat,
    selinux,
    stat,
    textfile,
    time,
    timex,
    uname,
    vmstat,
)

Reader: TypeAlias = Callable[[], list[Family]]


class Collector(Struct, frozen=True):
    """`make` gives the reader of one exporter, with whatever it must remember. `flags`: flag -> option."""

    make: Callable[[Machine], Reader]
    help: str
    default: bool = True
    flags: Mapping[str, str] = field(default_factory=dict)


def _plain(read: Callable[[Machine], list[Family]]) -> Callable[[Machine], Reader]:
    """For collectors that remember nothing."""
    return lambda machine: partial(read, machine)


COLLECTORS: Final[Mapping[str, Collector]] = MappingProxyType(
    {
        "arp": Collector(
            _plain(arp.read),
            "neighbours by device",
            flags={
                "collector.arp.device-exclude": "arp_device_exclude",
                "collector.arp.device-include": "arp_device_include",
            },
        ),
        "bcache": Collector(
            _plain(bcache.read),
            "caches of block devices",
            flags={"collector.bcache.priorityStats": "bcache_priorities"},
        ),
        "bonding": Collector(_plain(bonding.read), "devices bonded into others"),
        "btrfs": Collector(_plain(btrfs.read), "btrfs file systems and their devices"),
        "conntrack": Collector(_plain(conntrack.read), "tracked connections"),
        "cpu": Collector(
            lambda machine: cpu.Cpu(machine).read,
            "seconds by CPU and mode",
            flags={
                "collector.cpu.guest": "cpu_guest",
                "collector.cpu.info": "cpu_info",
                "collector.cpu.info.flags-include": "cpu_info_flags",
                "collector.cpu.info.bugs-include": "cpu_info_bugs",
            },
        ),
        "cpufreq": Collector(_plain(cpufreq.read), "how fast CPUs go"),
        "diskstats": Collector(
            lambda machine: diskstats.Diskstats(machine).read,
            "disk operations",
            flags={
                "collector.diskstats.device-exclude": "disk_device_exclude",
                "collector.diskstats.device-include": "disk_device_include",
                "collector.diskstats.ignored-devices": "disk_device_exclude",
            },
        ),
        "dmi": Collector(lambda machine: dmi.Dmi(machine).read, "what the firmware says of the board"),
        "edac": Collector(_plain(edac.read), "memory errors"),
        "entropy": Collector(_plain(entropy.read), "random bits at hand"),
        "fibrechannel": Collector(_plain(fibrechannel.read), "Fibre Channel hosts"),
        "filefd": Collector(_plain(filefd.read), "open file handles"),
        "filesystem": Collector(
            lambda machine: filesystem.Filesystems(machine).read,
            "space and file nodes",
            flags={
                "collector.filesystem.mount-points-exclude": "mount_points_exclude",
                "collector.filesystem.ignored-mount-points": "mount_points_exclude",
                "collector.filesystem.mount-timeout": "mount_timeout_seconds",
                "collector.filesystem.fs-types-exclude": "fs_types_exclude",
                "collector.filesystem.ignored-fs-types": "fs_types_exclude",
            },
        ),
        "hwmon": Collector(_plain(hwmon.read), "temperatures, fans, voltages"),
        "infiniband": Collector(_plain(infiniband.read), "InfiniBand ports"),
        "interrupts": Collector(_plain(interrupts.read), "interrupts by CPU", default=False),
        "ipvs": Collector(
            _plain(ipvs.read), "the kernel's load balancer", flags={"collector.ipvs.backend-labels": "ipvs_labels"}
        ),
        "loadavg": Collector(_plain(loadavg.read), "load averages"),
        "mdadm": Collector(_plain(mdadm.read), "software arrays"),
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
                "collector.netdev.netlink": "netdev_netlink",
            },
        ),
        "netstat": Collector(
            _plain(netstat.read), "network protocols", flags={"collector.netstat.fields": "netstat_fields"}
        ),
        "nfs": Collector(_plain(nfs.read), "the NFS client"),
        "nfsd": Collector(_plain(nfsd.read), "the NFS server"),
        "nvme": Collector(_plain(nvme.read), "what NVMe devices are"),
        "os": Collector(lambda machine: os_release.OsRelease(machine).read, "the distribution"),
        "powersupplyclass": Collector(
            _plain(powersupplyclass.read),
            "batteries and mains",
            flags={"collector.powersupply.ignored-supplies": "power_supply_ignored"},
        ),
        "pressure": Collector(_plain(pressure.read), "seconds lost to contention"),
        "processes": Collector(_plain(processes.read), "processes and threads by state", default=False),
        "rapl": Collector(
            _plain(rapl.read),
            "energy used by parts of the processor",
            flags={"collector.rapl.enable-zone-label": "rapl_zone_label"},
        ),
        "schedstat": Collector(_plain(schedstat.read), "seconds run and waited for by CPU"),
        "selinux": Collector(_plain(selinux.read), "whether SELinux is in force"),
        "sockstat": Collector(_plain(sockstat.read), "sockets by protocol and state"),
        "softnet": Collector(_plain(softnet.read), "packets by CPU"),
        "stat": Collector(
            _plain(stat.read),
            "boot time, forks, interrupts, run queue",
            flags={"collector.stat.softirq": "stat_softirq"},
        ),
        "tapestats": Collector(
            _plain(tapestats.read),
            "operations of tape drives",
            flags={"collector.tapestats.ignored-devices": "tape_devices_ignored"},
        ),
        "tcpstat": Collector(_plain(tcpstat.read), "TCP sockets by state", default=False),
        "textfile": Collector(
            _plain(textfile.read),
            "files that other programs leave",
            flags={"collector.textfile.directory": "textfile_directory"},
        ),
        "thermal_zone": Collector(_plain(thermal_zone.read), "temperatures of zones, states of coolers"),
        "time": Collector(_plain(time.read), "the machine's clock"),
        "timex": Collector(_plain(timex.read), "how well the clock is kept"),
        "udp_queues": Collector(_plain(udp_queues.read), "bytes that wait in UDP sockets"),
        "uname": Collector(_plain(uname.read), "name and kernel"),
        "vmstat": Collector(
            _plain(vmstat.read), "paging and swapping", flags={"collector.vmstat.fields": "vmstat_fields"}
        ),
        "xfs": Collector(_plain(xfs.read), "XFS file systems"),
        "zfs": Collector(_plain(zfs.read), "caches, pools and data sets of ZFS"),
    }
)

NOT_BUILT: Final = frozenset(  # turning one off is fine, on is refused
    (
        "buddyinfo", "cgroups", "drbd", "drm", "ethtool", "ksmd", "lnstat", "logind", "meminfo_numa",
        "mountstats", "network_route", "ntp", "perf", "qdisc", "runit", "slabinfo", "supervisord",
        "sysctl", "systemd", "wifi", "zoneinfo",
    )
)  # fmt: skip
NOT_BUILT_FLAGS: Final = frozenset(  # of collectors that are built: likewise
    (
        "collector.netclass.netlink",
        "collector.netclass_rtnl.with-stats",
        "collector.netdev.address-info",
        "collector.netdev.enable-detailed-metrics",
    )
)

PATH_FLAGS: Final[Mapping[str, str]] = MappingProxyType(
    {"path.procfs": "procfs", "path.sysfs": "sysfs", "path.rootfs": "rootfs", "path.udev.data": "udev_data"}
)
EXCLUSIVE: Final = (  # options of which a command line may give one
    ("arp_device_exclude", "arp_device_include"),
    ("disk_device_exclude", "disk_device_include"),
    ("netdev_device_exclude", "netdev_device_include"),
)
