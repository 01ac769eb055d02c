"""Machines with containers, as files: one with control groups of version 1, one with version 2."""

from __future__ import annotations

from pathlib import Path
from typing import Final

import msgspec

ID: Final = "0123456789abcdef" * 4
DOCKER_1: Final = f"docker/{ID}"
DOCKER_2: Final = f"system.slice/docker-{ID}.scope"
SERVICE: Final = "system.slice/ssh.service"

_IO: Final = "8:0 Read 1000\n8:0 Write 2000\n8:0 Total 3000\nTotal 3000\n"
_STAT_1: Final = (
    "cache 1\nrss 2\ninactive_file 9\npgfault 40\npgmajfault 4\ntotal_cache 1000\ntotal_rss 2000\ntotal_swap 30\n"
    "total_mapped_file 500\ntotal_inactive_file 300\ntotal_pgfault 50\ntotal_pgmajfault 5\n"
)
V1: Final = {
    "cpu": {"cpu.cfs_quota_us": "50000", "cpu.cfs_period_us": "100000", "cpu.shares": "1024",
            "cpu.stat": "nr_periods 10\nnr_throttled 2\nthrottled_time 1500000000"},
    "cpuacct": {"cpuacct.usage": "5000000000", "cpuacct.usage_percpu": "2000000000 0 3000000000 ",
                "cpuacct.stat": "user 300\nsystem 150"},
    "memory": {"memory.stat": _STAT_1, "memory.usage_in_bytes": "4000", "memory.max_usage_in_bytes": "5000",
               "memory.failcnt": "7", "memory.kmem.usage_in_bytes": "600", "memory.limit_in_bytes": "8000",
               "memory.memsw.limit_in_bytes": "9223372036854771712", "memory.soft_limit_in_bytes": "9223372036854771712",
               "memory.oom_control": "oom_kill_disable 0\nunder_oom 0\noom_kill 3",
               "memory.numa_stat": "total=5 N0=5\nfile=3 N0=2 N1=1\nhierarchical_anon=9 N0=9"},
    "blkio": {"blkio.throttle.io_service_bytes": _IO, "blkio.throttle.io_serviced": "8:0 Read 10\n8:0 Write 20\nTotal 30\n"},
    "cpuset": {"cpuset.memory_migrate": "1"},
    "pids": {"pids.current": "4", "pids.max": "max", "cgroup.procs": "42\n43\n"},
    "hugetlb": {"hugetlb.2MB.usage_in_bytes": "2097152", "hugetlb.2MB.max_usage_in_bytes": "4194304", "hugetlb.2MB.failcnt": "1"},
}  # fmt: skip
PRESSURE: Final = (
    "some avg10=0.00 avg60=0.00 avg300=0.00 total=2500000\nfull avg10=0.00 avg60=0.00 avg300=0.00 total=1000000\n"
)
V2: Final = {
    "cgroup.procs": "42\n43\n",
    "cpu.stat": "usage_usec 5000000\nuser_usec 3000000\nsystem_usec 1500000\nnr_periods 10\nnr_throttled 2\nthrottled_usec 1500000",
    "cpu.max": "50000 100000",
    "cpu.weight": "39",
    "memory.current": "4000",
    "memory.peak": "5000",
    "memory.max": "8000",
    "memory.swap.max": "max",
    "memory.swap.current": "30",
    "memory.min": "0",
    "memory.stat": "anon 2000\nfile 1000\nkernel 600\nfile_mapped 500\ninactive_file 300\npgfault 50\npgmajfault 5",
    "memory.events": "low 0\nhigh 0\nmax 7\noom 3\noom_kill 3",
    "io.stat": "8:0 rbytes=1000 wbytes=2000 rios=10 wios=20 dbytes=0 dios=0",
    "pids.current": "4",
    "pids.max": "100",
    "cpu.pressure": PRESSURE,
    "memory.pressure": PRESSURE,
    "io.pressure": PRESSURE,
    "hugetlb.2MB.current": "2097152",
    "hugetlb.2MB.events": "max 1",
}
_DEV: Final = (
    "Inter-|   Receive                                                |  Transmit\n"
    " face |bytes    packets errs drop fifo frame compressed multicast|bytes    packets errs drop fifo colls carrier compressed\n"
    "    lo: 1 1 0 0 0 0 0 0 1 1 0 0 0 0 0 0\n"
    "  eth0: 100 10 1 2 0 0 0 0 200 20 3 4 0 0 0 0\n"
    "veth12: 9 9 9 9 9 9 9 9 9 9 9 9 9 9 9 9\n"
)
STATE: Final = {
    "ID": ID,
    "Name": "/web",
    "Created": "2023-02-01T10:00:00.123456789Z",
    "Config": {
        "Image": "nginx:1.23",
        "Labels": {"com.docker.compose.service": "web", "team": "shop"},
        "Env": ["PATH=/bin", "APP_STAGE=prod"],
    },
}


def write(root: Path, path: str, text: str) -> None:
    file = root / path
    file.parent.mkdir(parents=True, exist_ok=True)
    file.write_text(text if text.endswith("\n") or not text else text + "\n")


def machine(root: Path) -> list[str]:
    """What both versions share; the flags that lead there."""
    write(root, "proc/meminfo", "MemTotal:       1000 kB\nSwapTotal:       500 kB\n")
    write(root, "proc/diskstats", "   8       0 sda 10 1 40 500 20 2 80 600 0 700 800\n")
    write(root, "proc/1/mounts", "/dev/sda / ext4 rw 0 0\ntmpfs /run tmpfs rw 0 0\n")
    write(root, "proc/sys/kernel/random/boot_id", "boot-1")
    for process in ("1", "42"):
        write(root, f"proc/{process}/net/dev", _DEV)
    write(root, "proc/42/net/tcp", "  sl\n" + "   0: 0100007F:0035 00000000:0000 0A 0:0 00:0 0 0 0 1\n" * 2)
    write(
        root,
        "proc/42/limits",
        "Limit Soft Hard Units\nMax open files            1024                 4096                 files",
    )
    write(root, "proc/42/schedstat", "1500000000 500000000 7")
    for cpu, core in enumerate((0, 0, 1)):
        write(root, f"sys/devices/system/cpu/cpu{cpu}/topology/core_id", str(core))
        write(root, f"sys/devices/system/cpu/cpu{cpu}/topology/physical_package_id", "0")
    write(root, "etc/machine-id", "machine-1")
    write(root, "etc/os-release", 'PRETTY_NAME="A system"')
    write(root, f"docker/containers/{ID}/config.v2.json", msgspec.json.encode(STATE).decode())
    return [
        f"--path.cgroup={root}/cgroup", f"--path.procfs={root}/proc", f"--path.sysfs={root}/sys", f"--path.rootfs={root}",
        f"--docker_root={root}/docker", f"--docker=unix://{root}/none.sock", f"--machine_id_file={root}/etc/machine-id",
        f"--boot_id_file={root}/proc/sys/kernel/random/boot_id",
    ]  # fmt: skip


def version_1(root: Path) -> list[str]:
    for controller, files in V1.items():
        folder = "cpu,cpuacct" if controller in ("cpu", "cpuacct") else controller
        for group in ("", DOCKER_1, SERVICE):
            for name, text in files.items():
                write(root, f"cgroup/{folder}/{group}/{name}", text)
    return machine(root)


def version_2(root: Path) -> list[str]:
    write(root, "cgroup/cgroup.controllers", "cpuset cpu io memory hugetlb pids")
    for group in ("", "system.slice", DOCKER_2, SERVICE):
        for name, text in V2.items():
            if group or name not in ("memory.current", "memory.peak", "cpu.max", "cpu.weight"):  # the root has none
                write(root, f"cgroup/{group}/{name}", text)
    return machine(root)
