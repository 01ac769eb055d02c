"""The `machine_*` families, and what only the root tells: file systems and disks of the whole machine."""

from __future__ import annotations

from collections.abc import Iterable
from functools import cache
from pathlib import Path
from typing import Final

from exporters.cadvisor.options import CadvisorOptions
from exporters.cadvisor.sink import Of, Sink
from exporters.kernel import Tree
from exporters.node.storage import diskstats, filesystem
from exporters.node.storage.filesystem import Patience

_KEPT_ON_DISK: Final = ("ext", "xfs", "btrfs", "zfs", "f2fs")
_DISK: Final = (  # family, column of diskstats, factor
    ("fs_reads_total", "node_disk_reads_completed_total", 1.0),
    ("fs_reads_merged_total", "node_disk_reads_merged_total", 1.0),
    ("fs_reads_bytes_total", "node_disk_read_bytes_total", 1.0),
    ("fs_sector_reads_total", "node_disk_read_bytes_total", 1 / 512),
    ("fs_read_seconds_total", "node_disk_read_time_seconds_total", 1.0),
    ("fs_writes_total", "node_disk_writes_completed_total", 1.0),
    ("fs_writes_merged_total", "node_disk_writes_merged_total", 1.0),
    ("fs_writes_bytes_total", "node_disk_written_bytes_total", 1.0),
    ("fs_sector_writes_total", "node_disk_written_bytes_total", 1 / 512),
    ("fs_write_seconds_total", "node_disk_write_time_seconds_total", 1.0),
    ("fs_io_current", "node_disk_io_now", 1.0),
    ("fs_io_time_seconds_total", "node_disk_io_time_seconds_total", 1.0),
    ("fs_io_time_weighted_seconds_total", "node_disk_io_time_weighted_seconds_total", 1.0),
)


class Machine:
    """Remembers what does not change until the machine starts again, and which file systems are stuck."""

    def __init__(self, options: CadvisorOptions, proc: Tree) -> None:
        self._options = options
        self._proc = proc
        self._sys = Tree(options.sysfs)
        self._ask = Patience(filesystem.ask, 5.0)
        self._devices: dict[str, str] = {}
        self._labels = cache(self._identity)
        self._cpus = cache(self._topology)

    def read(self, sink: Sink) -> None:
        """Raises OSError, ValueError."""
        labels = self._labels()
        cores, packages, threads = self._cpus()
        memory = {
            key: float(value.split()[0]) * 1024
            for key, _, value in (line.partition(":") for line in self._proc.text("meminfo").splitlines())
            if key in ("MemTotal", "SwapTotal")
        }
        for name, value in (
            ("cpu_cores", threads),
            ("cpu_physical_cores", cores),
            ("cpu_sockets", packages),
            ("memory_bytes", memory.get("MemTotal", 0.0)),
            ("swap_bytes", memory.get("SwapTotal", 0.0)),
        ):
            sink.add(f"machine_{name}", value, labels)

    def device(self, major: str, minor: str) -> str:
        """`/dev/sda` of `8`, `0`; the numbers themselves where there is no such device now."""
        number = f"{major}:{minor}"
        if number not in self._devices:
            table = (line.split()[:3] for line in self._proc.text("diskstats").splitlines())
            self._devices = {f"{one}:{two}": f"/dev/{name}" for one, two, name in table}
        return self._devices.get(number, number)

    def file_systems(self, found: Of) -> None:
        """Sizes of those on disks and in memory, and what the disks under them did. Raises OSError, ValueError."""
        root = str(self._options.rootfs)
        mounts = filesystem.parse(filesystem.table(self._proc), root)
        devices: dict[str, str] = {}
        for mount in mounts:
            if mount.type == "tmpfs":
                devices.setdefault(mount.point, mount.point)
            elif mount.type.startswith(_KEPT_ON_DISK):
                devices.setdefault(mount.device, mount.point)
        for device, point in devices.items():
            self._sizes(device, root.rstrip("/") + point, found)
        self._disks(devices, found)

    def _sizes(self, device: str, point: str, found: Of) -> None:
        try:
            usage = self._ask(point)
        except OSError:
            return
        label = ("device", device)
        found.add_of("fs_limit_bytes", usage.size, label)
        found.add_of("fs_usage_bytes", usage.size - usage.free, label)
        found.add_of("fs_inodes_total", usage.files, label)
        found.add_of("fs_inodes_free", usage.files_free, label)

    def _disks(self, devices: Iterable[str], found: Of) -> None:
        names = {device.removeprefix("/dev/") for device in devices}
        families = diskstats.parse(self._proc.text("diskstats"), names.__contains__, lambda _major, _minor: {})
        by_name = {family.name: family for family in families}
        for name, column, factor in _DISK:
            for sample in by_name[column].samples if column in by_name else ():
                found.add_of(name, sample.value * factor, ("device", f"/dev/{dict(sample.labels)['device']}"))

    def _identity(self) -> tuple[tuple[str, str], ...]:
        return (
            ("boot_id", _first(self._options.boot_id_files)),
            ("machine_id", _first(self._options.machine_id_files)),
            ("system_uuid", self._sys.value_or_none("class/dmi/id/product_uuid") or ""),
        )

    def _topology(self) -> tuple[float, float, float]:
        """Cores, packages, threads; where sysfs does not tell, what procfs lists."""
        cores, packages, threads = set(), set(), 0
        for cpu, _ in self._sys.numbered("devices/system/cpu", "cpu"):
            core = self._sys.value_or_none(f"{cpu}/topology/core_id")
            package = self._sys.value_or_none(f"{cpu}/topology/physical_package_id")
            if core is not None and package is not None:
                threads += 1
                packages.add(package)
                cores.add((package, core))
        if not threads:
            listed = sum(line.startswith("processor") for line in self._proc.text("cpuinfo").splitlines())
            return float(listed), 1.0, float(listed)
        return float(len(cores)), float(len(packages)), float(threads)


def _first(files: Iterable[Path]) -> str:
    for file in files:
        try:
            return file.read_text(encoding="utf-8", errors="replace").strip()
        except OSError:
            continue
    return ""
