"""What the exporter of containers is told. The defaults are those of cAdvisor."""

from __future__ import annotations

from pathlib import Path
from typing import Final

from msgspec import Struct

GROUPS: Final = (  # what may be switched, under cAdvisor's names and one of our own
    "cpu", "percpu", "sched", "memory", "memory_numa", "diskIO", "disk", "network", "tcp", "udp", "process", "hugetlb",
    "cpuset", "oom_event", "pressure",
)  # fmt: skip
OFF: Final = frozenset(("memory_numa", "tcp", "udp", "sched", "process", "hugetlb", "cpuset"))
NOT_BUILT: Final = frozenset(("advtcp", "app", "cpuLoad", "cpu_topology", "perf_event", "referenced_memory", "resctrl"))


class CadvisorOptions(Struct, frozen=True, kw_only=True):
    """`groups` are those of GROUPS that are shown; `labels` are the containers' labels that are, None being all.

    `environment` are beginnings of names of variables that become labels; `raw_prefixes` are paths of control groups
    that are shown although `docker_only`.
    """

    cgroups: Path = Path("/sys/fs/cgroup")
    procfs: Path = Path("/proc")
    sysfs: Path = Path("/sys")
    rootfs: Path = Path("/")
    docker_root: Path = Path("/var/lib/docker")
    docker_socket: Path = Path("/var/run/docker.sock")
    containerd_tasks: Path = Path("/run/containerd/io.containerd.runtime.v2.task")
    machine_id_files: tuple[Path, ...] = (Path("/etc/machine-id"), Path("/var/lib/dbus/machine-id"))
    boot_id_files: tuple[Path, ...] = (Path("/proc/sys/kernel/random/boot_id"),)
    groups: frozenset[str] = frozenset(GROUPS) - OFF
    docker_only: bool = False
    root: bool = True
    raw_prefixes: tuple[str, ...] = ()
    labels: frozenset[str] | None = None
    environment: tuple[str, ...] = ()
