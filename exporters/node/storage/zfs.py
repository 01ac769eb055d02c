"""ZFS, from `spl/kstat/zfs` below procfs: the caches of the module, and pools with their data sets.

Every number that the module gives becomes a family of its name; their types are left open, and so their helps are
the kernel's names for them.
"""

from __future__ import annotations

import fnmatch
from collections.abc import Iterator
from types import MappingProxyType
from typing import Final

from exporters.exposition.families import Family, MetricType
from exporters.kernel import Tree
from exporters.node import reading
from exporters.node.errors import NoDataError
from exporters.node.machine import Machine

_ZFS: Final = "spl/kstat/zfs"
_UINT64: Final = "4"  # the type of the numbers that are shown
_HEAD: Final = ["name", "type", "data"]
FILES: Final = MappingProxyType(  # file -> family's middle
    {
        "abdstats": "abd",
        "arcstats": "arc",
        "dbuf_stats": "dbuf",
        "dmu_tx": "dmu_tx",
        "dnodestats": "dnode",
        "fm": "fm",
        "vdev_cache_stats": "vdev_cache",
        "vdev_mirror_stats": "vdev_mirror",
        "xuio_stats": "xuio",
        "zfetchstats": "zfetch",
        "zil": "zil",
    }
)
STATES: Final = ("online", "degraded", "faulted", "offline", "removed", "unavail")


def rows(kstat: str) -> Iterator[tuple[str, str, str]]:
    """Name, type and data of each line under the head. Raises ValueError where there is no head."""
    lines = [line.split() for line in kstat.splitlines()]
    if _HEAD not in lines:
        raise ValueError("no table of ZFS")
    for words in lines[lines.index(_HEAD) + 1 :]:
        if len(words) >= 3:
            yield words[0], words[1], words[2]


def read(machine: Machine) -> list[Family]:
    """Raises OSError, ValueError."""
    proc, found = machine.proc, reading.Gathered()
    if not proc.has(_ZFS):
        raise NoDataError("there is no ZFS here")
    for file, middle in FILES.items():
        text = proc.value_or_none(f"{_ZFS}/{file}") if proc.has(f"{_ZFS}/{file}") else None
        if text is None:
            continue
        for name, kind, value in rows(proc.text(f"{_ZFS}/{file}")):
            if kind == _UINT64:
                _add(found, f"zfs_{middle}", file, name, value)
    for pool in proc.names(_ZFS):
        if proc.is_folder(f"{_ZFS}/{pool}"):
            _pool(proc, pool, found)
    return found.all()


def _pool(proc: Tree, pool: str, found: reading.Gathered) -> None:
    folder = f"{_ZFS}/{pool}"
    files = proc.names(folder)
    if "io" in files:
        _, heads, *lines = [line.split() for line in proc.text(f"{folder}/io").splitlines()]
        for numbers in lines:
            for name, value in zip(heads, numbers, strict=False):
                _add(found, "zfs_zpool", "io", name, value, zpool=pool)
    for file in fnmatch.filter(files, "objset-*"):
        _dataset(proc.text(f"{folder}/{file}"), pool, found)
    if "state" in files:
        now = proc.value(f"{folder}/state").lower()
        for state in STATES:
            found.gauge("node_zfs_zpool_state", "kstat.zfs.misc.state", float(state == now), zpool=pool, state=state)


def _dataset(objset: str, pool: str, found: reading.Gathered) -> None:
    dataset = ""
    for name, kind, value in rows(objset):
        if name == "dataset_name":
            dataset = value
        elif kind == _UINT64:
            _add(found, "zfs_zpool_dataset", "objset", name, value, zpool=pool, dataset=dataset)


def _add(found: reading.Gathered, middle: str, file: str, name: str, value: str, **labels: str) -> None:
    family = f"node_{middle}_{name.replace('-', '_')}"
    found.add(MetricType.UNTYPED, family, f"kstat.zfs.misc.{file}.{name}", float(int(value)), labels)
