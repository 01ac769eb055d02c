"""What a node exporter is told: where the machine's trees are, which collectors run, what they leave out.

The defaults are those of the upstream release 1.5, not of a distribution's build of it.
"""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Final

from msgspec import Struct, field

MOUNT_POINTS_EXCLUDE: Final = "^/(dev|proc|run/credentials/.+|sys|var/lib/docker/.+|var/lib/containers/storage/.+)($|/)"
FS_TYPES_EXCLUDE: Final = (
    "^(autofs|binfmt_misc|bpf|cgroup2?|configfs|debugfs|devpts|devtmpfs|fusectl|hugetlbfs|iso9660|mqueue|nsfs|overlay"
    "|proc|procfs|pstore|rpc_pipefs|securityfs|selinuxfs|squashfs|sysfs|tracefs)$"
)
DISK_DEVICE_EXCLUDE: Final = r"^(ram|loop|fd|(h|s|v|xv)d[a-z]|nvme\d+n\d+p)\d+$"
VMSTAT_FIELDS: Final = "^(oom_kill|pgpg|pswp|pg.*fault).*"
NETSTAT_FIELDS: Final = (
    "^(.*_(InErrors|InErrs)|Ip_Forwarding|Ip(6|Ext)_(InOctets|OutOctets)|Icmp6?_(InMsgs|OutMsgs)"
    "|TcpExt_(Listen.*|Syncookies.*|TCPSynRetrans|TCPTimeouts)"
    "|Tcp_(ActiveOpens|InSegs|OutSegs|OutRsts|PassiveOpens|RetransSegs|CurrEstab)"
    "|Udp6?_(InDatagrams|OutDatagrams|NoPorts|RcvbufErrors|SndbufErrors))$"
)
IPVS_LABELS: Final = "local_address,local_port,remote_address,remote_port,proto,local_mark"
NOTHING: Final = "^$"


class NodeOptions(Struct, frozen=True, kw_only=True):
    """`enabled` turns single collectors on or off against the defaults; patterns are RE2 and search, unanchored.

    An empty `*_exclude` excludes nothing; a non-empty `*_include` decides alone. `about_itself` adds the families of
    the process that answers.
    """

    procfs: Path = Path("/proc")
    sysfs: Path = Path("/sys")
    rootfs: Path = Path("/")
    udev_data: Path = Path("/run/udev/data")
    enabled: Mapping[str, bool] = field(default_factory=dict)
    disable_defaults: bool = False
    about_itself: bool = True
    arp_device_exclude: str = ""
    arp_device_include: str = ""
    bcache_priorities: bool = False
    cpu_guest: bool = True
    cpu_info: bool = False
    cpu_info_flags: str = ""
    cpu_info_bugs: str = ""
    ipvs_labels: str = IPVS_LABELS
    stat_softirq: bool = False
    mount_points_exclude: str = MOUNT_POINTS_EXCLUDE
    mount_timeout_seconds: float = 5.0
    fs_types_exclude: str = FS_TYPES_EXCLUDE
    disk_device_exclude: str = DISK_DEVICE_EXCLUDE
    disk_device_include: str = ""
    netdev_device_exclude: str = ""
    netdev_device_include: str = ""
    netdev_netlink: bool = True
    netclass_ignored_devices: str = NOTHING
    netclass_ignore_invalid_speed: bool = False
    power_supply_ignored: str = NOTHING
    rapl_zone_label: bool = False
    tape_devices_ignored: str = NOTHING
    vmstat_fields: str = VMSTAT_FIELDS
    textfile_directory: str = ""
    netstat_fields: str = NETSTAT_FIELDS
