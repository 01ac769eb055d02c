"""Disks: columns by kernel age, and what udev knows."""

from __future__ import annotations

from exporters.exposition.families import Family
from exporters.node import reading
from exporters.node.options import DISK_DEVICE_EXCLUDE
from exporters.node.storage import diskstats

LINES = """   8       0 sda 10 1 4 5824 20 2 8 3000 1 4000 5000 6 7 8 9000 10 11000
   8       1 sda1 1 1 1 1 1 1 1 1 1 1 1
   7       0 loop0 0 0 0 0 0 0 0 0 0 0 0
 252       0 dm-0 1 0 2 0 0 0 0 0 0 0 0
"""
UDEV = {
    ("8", "0"): "S:disk/by-id/x\nE:ID_MODEL=Fast\nE:ID_SERIAL_SHORT=S1\nE:ID_ATA=1\nE:ID_ATA_WRITE_CACHE=1\n",
    ("252", "0"): "E:DM_UUID=LVM-1\nE:DM_NAME=root\nE:ID_FS_TYPE=ext4\nE:ID_FS_UUID=u=1\n",
}


def collected() -> dict[str, Family]:
    keeps = reading.device_filter(DISK_DEVICE_EXCLUDE, "")
    families = diskstats.parse(LINES, keeps, lambda major, minor: diskstats.parse_udev(UDEV.get((major, minor), "")))
    return {family.name: family for family in families}


def value(family: str, device: str) -> float | None:
    samples = collected()[family].samples
    return next((s.value for s in samples if ("device", device) in s.labels), None)


def test_partitions_and_loops_are_left_out() -> None:
    devices = {dict(s.labels)["device"] for s in collected()["node_disk_io_now"].samples}
    assert devices == {"sda", "dm-0"}


def test_sectors_become_bytes_and_milliseconds_seconds() -> None:
    assert value("node_disk_read_bytes_total", "sda") == 2048.0
    assert value("node_disk_read_time_seconds_total", "sda") == 5.824
    assert value("node_disk_discarded_sectors_total", "sda") == 8.0
    assert value("node_disk_flush_requests_time_seconds_total", "sda") == 11.0


def test_an_older_kernel_gives_fewer_families() -> None:
    assert value("node_disk_flush_requests_total", "dm-0") is None
    assert value("node_disk_io_time_weighted_seconds_total", "dm-0") == 0.0


def test_udev_tells_what_a_disk_is() -> None:
    info = [dict(s.labels) for s in collected()["node_disk_info"].samples]
    assert info[0] == {
        "device": "sda", "major": "8", "minor": "0", "model": "Fast", "path": "", "revision": "", "serial": "S1",
        "wwn": "",
    }  # fmt: skip
    assert info[1]["serial"] == ""


def test_mapped_devices_file_systems_and_caches_have_families_of_their_own() -> None:
    assert value("node_disk_ata_write_cache", "sda") == 1.0
    mapper = dict(collected()["node_disk_device_mapper_info"].samples[0].labels)
    assert (mapper["name"], mapper["uuid"], mapper["vg_name"]) == ("root", "LVM-1", "")
    assert ("uuid", "u=1") in collected()["node_disk_filesystem_info"].samples[0].labels
