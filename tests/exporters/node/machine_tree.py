"""A machine that has everything: procfs, sysfs and udev's records as files, so that every collector has something to say."""

from __future__ import annotations

from pathlib import Path
from typing import Final

from tests.exporters.node.machine_procfs import proc
from tests.exporters.node.machine_sysfs import hardware, network, storage

UDEV: Final = {
    "b8:0": "E:ID_MODEL=A_disk\nE:ID_PATH=pci-0000:00:1f.2-ata-1\nE:ID_REVISION=RR\nE:ID_SERIAL_SHORT=S1\nE:ID_WWN=0x5000\n"
    "E:ID_ATA=1\nE:ID_ATA_WRITE_CACHE=1\nE:ID_ATA_WRITE_CACHE_ENABLED=0\nE:ID_ATA_ROTATION_RATE_RPM=7200\n",
    "b252:0": "E:DM_NAME=nvme0n1_crypt\nE:DM_UUID=CRYPT-LUKS2-1\nE:ID_FS_TYPE=ext4\nE:ID_FS_USAGE=filesystem\n"
    "E:ID_FS_UUID=5deafe0d-9a3b-4b5f-b40f-41f33a2d0c4e\nE:ID_FS_VERSION=1.0\n",
}  # fmt: skip


def build(root: Path) -> list[str]:
    """Writes all of it; the flags by which an exporter is told where."""
    trees = {"proc": proc(), "sys": {**storage(), **hardware(), **network()}, "udev": UDEV}
    for tree, files in trees.items():
        for path, text in files.items():
            file = root / tree / path
            file.parent.mkdir(parents=True, exist_ok=True)
            file.write_text(text)
    device = root / "sys/devices/platform/coretemp.0"
    device.mkdir(parents=True)
    (root / "sys/class/hwmon/hwmon0/device").symlink_to(device)
    return [f"--path.procfs={root}/proc", f"--path.sysfs={root}/sys", f"--path.udev.data={root}/udev"]
