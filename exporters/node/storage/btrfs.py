"""Btrfs file systems, from `/sys/fs/btrfs`, and from the file system itself where it is mounted and we may ask."""

from __future__ import annotations

from collections.abc import Mapping
from types import MappingProxyType
from typing import Final

from exporters.exposition.families import Family
from exporters.kernel import Tree
from exporters.node import reading
from exporters.node.machine import Machine
from exporters.node.storage import btrfs_devices, filesystem
from exporters.node.storage.btrfs_devices import Device

_BTRFS: Final = "fs/btrfs"
_SECTOR: Final = 512.0
_COPIES: Final = MappingProxyType({"single": 1.0, "raid0": 1.0, "dup": 2.0, "raid1": 2.0, "raid10": 2.0})
_PARITIES: Final = MappingProxyType({"raid5": 1, "raid6": 2})
KINDS: Final = ("data", "metadata", "system")


def ratio(layout: str, devices: int) -> float:
    """Bytes on devices for each byte of data; 0 for a layout that is not known."""
    if layout in _PARITIES:
        parity = _PARITIES[layout]
        return devices / (devices - parity) if devices > parity else float("inf")
    return _COPIES.get(layout, 0.0)


def read(machine: Machine) -> list[Family]:
    """Raises OSError."""
    found, sysfs = reading.Gathered(), machine.sys
    asked: Mapping[str, list[Device]] | None = None
    for name in sysfs.names_or_none(_BTRFS):
        if "-" not in name:
            continue
        asked = _mounted(machine) if asked is None else asked
        path = f"{_BTRFS}/{name}"
        uuid = sysfs.value_or_none(f"{path}/metadata_uuid") or name
        devices = sysfs.names(f"{path}/devices")
        label = sysfs.value_or_none(f"{path}/label") or ""
        found.gauge("node_btrfs_info", "Filesystem information", 1.0, uuid=uuid, label=label)
        reserve = _value(sysfs, f"{path}/allocation/global_rsv_size")
        found.gauge("node_btrfs_global_rsv_size_bytes", "Size of global reserve.", reserve, uuid=uuid)
        for kind in KINDS:
            _allocation(
                sysfs, f"{path}/allocation/{kind}", {"uuid": uuid, "block_group_type": kind}, len(devices), found
            )
        if (told := asked.get(uuid)) is not None:
            _told(told, uuid, found)
        else:
            for device in devices:
                size = _value(sysfs, f"{path}/devices/{device}/size") * _SECTOR
                _size(size, found, uuid=uuid, device=device)
    return found.all()


def _mounted(machine: Machine) -> Mapping[str, list[Device]]:
    root = str(machine.options.rootfs)
    mounts = filesystem.parse(filesystem.table(machine.proc), root)
    points = {mount.device: mount.point for mount in reversed(mounts) if mount.type == "btrfs"}
    return dict(
        asked for point in points.values() if (asked := btrfs_devices.ask(root.rstrip("/") + point)) is not None
    )


def _allocation(sysfs: Tree, path: str, labels: dict[str, str], devices: int, found: reading.Gathered) -> None:
    reserved = _value(sysfs, f"{path}/bytes_reserved")
    found.gauge("node_btrfs_reserved_bytes", "Amount of space reserved for a data type", reserved, **labels)
    for layout in sysfs.names(path):
        if not sysfs.is_folder(f"{path}/{layout}"):
            continue
        of = "for a layout/data type"
        used, size = (_value(sysfs, f"{path}/{layout}/{file}") for file in ("used_bytes", "total_bytes"))
        found.gauge("node_btrfs_used_bytes", "Amount of used space by a layout/data type", used, mode=layout, **labels)
        found.gauge("node_btrfs_size_bytes", f"Amount of space allocated {of}", size, mode=layout, **labels)
        share = ratio(layout, devices)
        found.gauge("node_btrfs_allocation_ratio", f"Data allocation ratio {of}", share, mode=layout, **labels)


def _told(devices: list[Device], uuid: str, found: reading.Gathered) -> None:
    for device in devices:
        labels = {"uuid": uuid, "device": device.path.rpartition("/")[2], "btrfs_dev_uuid": device.uuid}
        _size(device.size, found, **labels)
        help_ = "Bytes of a device that no part of the file system uses."
        found.gauge("node_btrfs_device_unused_bytes", help_, device.size - device.used, **labels)
        for kind, count in device.errors.items():
            help_ = "Errors reported for the device"
            found.counter("node_btrfs_device_errors_total", help_, count, type=kind, **labels)


def _size(size: float, found: reading.Gathered, **labels: str) -> None:
    found.gauge("node_btrfs_device_size_bytes", "Size of a device that is part of the filesystem.", size, **labels)


def _value(sysfs: Tree, path: str) -> float:
    """0 where the kernel does not say."""
    try:
        return sysfs.number_or_none(path) or 0.0
    except ValueError:
        return 0.0
