"""Disk operations, from `diskstats`; what disks are, from udev's records.

A kernel that counts fewer things gives fewer families: discards came with 4.18, flushes with 5.5.
"""

from __future__ import annotations

import os
from collections.abc import Callable, Iterable, Mapping
from pathlib import Path
from types import MappingProxyType
from typing import Final

from exporters.exposition.families import Family, MetricType
from exporters.node import reading
from exporters.node.machine import Machine

_SECTOR: Final = 512.0
_MS: Final = 0.001
_C, _G = MetricType.COUNTER, MetricType.GAUGE

COLUMNS: Final = (  # as they follow the device's name: family, type, unit of the column, help
    ("node_disk_reads_completed_total", _C, 1.0, "The total number of reads completed successfully."),
    ("node_disk_reads_merged_total", _C, 1.0, "The total number of reads merged."),
    ("node_disk_read_bytes_total", _C, _SECTOR, "The total number of bytes read successfully."),
    ("node_disk_read_time_seconds_total", _C, _MS, "The total number of seconds spent by all reads."),
    ("node_disk_writes_completed_total", _C, 1.0, "The total number of writes completed successfully."),
    ("node_disk_writes_merged_total", _C, 1.0, "The number of writes merged."),
    ("node_disk_written_bytes_total", _C, _SECTOR, "The total number of bytes written successfully."),
    ("node_disk_write_time_seconds_total", _C, _MS, "This is the total number of seconds spent by all writes."),
    ("node_disk_io_now", _G, 1.0, "The number of I/Os currently in progress."),
    ("node_disk_io_time_seconds_total", _C, _MS, "Total seconds spent doing I/Os."),
    ("node_disk_io_time_weighted_seconds_total", _C, _MS, "The weighted # of seconds spent doing I/Os."),
    ("node_disk_discards_completed_total", _C, 1.0, "The total number of discards completed successfully."),
    ("node_disk_discards_merged_total", _C, 1.0, "The total number of discards merged."),
    ("node_disk_discarded_sectors_total", _C, 1.0, "The total number of sectors discarded successfully."),
    ("node_disk_discard_time_seconds_total", _C, _MS, "This is the total number of seconds spent by all discards."),
    ("node_disk_flush_requests_total", _C, 1.0, "The total number of flush requests completed successfully"),
    (
        "node_disk_flush_requests_time_seconds_total",
        _C,
        _MS,
        "This is the total number of seconds spent by all flush requests.",
    ),
)
ATA: Final = MappingProxyType(
    {
        "ID_ATA_WRITE_CACHE": ("node_disk_ata_write_cache", "ATA disk has a write cache."),
        "ID_ATA_WRITE_CACHE_ENABLED": ("node_disk_ata_write_cache_enabled", "ATA disk has its write cache enabled."),
        "ID_ATA_ROTATION_RATE_RPM": ("node_disk_ata_rotation_rate_rpm", "ATA disk rotation rate in RPMs (0 for SSDs)."),
    }
)
INFO: Final = MappingProxyType(
    {"model": "ID_MODEL", "path": "ID_PATH", "revision": "ID_REVISION", "wwn": "ID_WWN"},
)
FILESYSTEM_INFO: Final = MappingProxyType(
    {"type": "ID_FS_TYPE", "usage": "ID_FS_USAGE", "uuid": "ID_FS_UUID", "version": "ID_FS_VERSION"}
)
MAPPER_INFO: Final = MappingProxyType(
    {
        "lv_layer": "DM_LV_LAYER",
        "lv_name": "DM_LV_NAME",
        "name": "DM_NAME",
        "uuid": "DM_UUID",
        "vg_name": "DM_VG_NAME",
    }
)

Udev = Callable[[str, str], dict[str, str]]


def counts(disks: Mapping[str, Mapping[str, float]]) -> list[Family]:
    """From values by device and family, in the families' own units."""
    table = [Family(name, type_, help_) for name, type_, _, help_ in COLUMNS]
    for family in table:
        for device, values in disks.items():
            if family.name in values:
                family.add(values[family.name], (("device", device),))
    return [family for family in table if family.samples]


def parse(diskstats: str, keeps: Callable[[str], bool], udev: Udev) -> list[Family]:
    """`keeps` says which devices are shown; `udev(major, minor)` gives a device's properties."""
    disks: dict[str, dict[str, float]] = {}
    known: dict[str, Family] = {}
    for line in diskstats.splitlines():
        major, minor, device, *fields = line.split()
        if not keeps(device):
            continue
        disks[device] = {
            name: _scaled(float(field), unit) for (name, _, unit, _), field in zip(COLUMNS, fields, strict=False)
        }
        for name, help_, labels, value in _properties(device, major, minor, udev(major, minor)):
            known.setdefault(name, Family(name, MetricType.GAUGE, help_)).add(value, sorted(labels.items()))
    return [*counts(disks), *known.values()]


def parse_udev(record: str) -> dict[str, str]:
    """The properties of one udev record: its lines `E:NAME=VALUE`."""
    return {
        name: value
        for line in record.splitlines()
        if line.startswith("E:")
        for name, _, value in [line[2:].partition("=")]
    }


class Diskstats:
    """Reads udev's record of a disk again when it was written anew."""

    def __init__(self, machine: Machine) -> None:
        self._machine = machine
        self._records: dict[str, tuple[int, dict[str, str]]] = {}

    def read(self) -> list[Family]:
        options = self._machine.options
        keeps = reading.device_filter(options.disk_device_exclude, options.disk_device_include)
        return parse(self._machine.proc.text("diskstats"), keeps, self._properties)

    def _properties(self, major: str, minor: str) -> dict[str, str]:
        path = f"{self._machine.options.udev_data}/b{major}:{minor}"
        try:
            changed = os.stat(path).st_mtime_ns  # noqa: PTH116 - a Path costs more than the call
            if path not in self._records or self._records[path][0] != changed:
                text = Path(path).read_text(encoding="utf-8", errors="replace")
                self._records[path] = (changed, parse_udev(text))
        except OSError:
            return {}
        return self._records[path][1]


def _scaled(count: float, unit: float) -> float:
    return count / 1000 if unit == _MS else count * unit  # 5.824 and not 5.824000000000001


def _properties(
    device: str, major: str, minor: str, known: dict[str, str]
) -> Iterable[tuple[str, str, dict[str, str], float]]:
    """Family, help, labels and value of each thing that udev knows of a disk."""
    serial = known.get("SCSI_IDENT_SERIAL") or known.get("ID_SERIAL_SHORT", "")
    labels = {"device": device, "major": major, "minor": minor, "serial": serial} | _pick(known, INFO)
    yield "node_disk_info", "Info of /sys/block/<block_device>.", labels, 1.0
    if known.get("DM_UUID"):
        labels = {"device": device} | _pick(known, MAPPER_INFO)
        yield "node_disk_device_mapper_info", "Info about disk device mapper.", labels, 1.0
    if known.get("ID_FS_TYPE"):
        labels = {"device": device} | _pick(known, FILESYSTEM_INFO)
        yield "node_disk_filesystem_info", "Info about disk filesystem.", labels, 1.0
    if known.get("ID_ATA"):
        for key, (name, help_) in ATA.items():
            if key in known:
                yield name, help_, {"device": device}, float(known[key])


def _pick(known: dict[str, str], keys: MappingProxyType[str, str]) -> dict[str, str]:
    return {label: known.get(key, "") for label, key in keys.items()}
