"""What NVMe devices are, from `/sys/class/nvme`."""

from __future__ import annotations

from typing import Final

from exporters.exposition.families import Family
from exporters.node import reading
from exporters.node.machine import Machine

_CLASS: Final = "class/nvme"


def read(machine: Machine) -> list[Family]:
    """Raises FileNotFoundError where the machine has none."""
    found = reading.Gathered()
    for device in machine.sys.names(_CLASS):
        path = f"{_CLASS}/{device}"
        found.gauge(
            "node_nvme_info",
            "Non-numeric data from /sys/class/nvme/<device>, value is always 1.",
            1.0,
            device=device,
            firmware_revision=machine.sys.value(f"{path}/firmware_rev"),
            model=machine.sys.value(f"{path}/model"),
            serial=machine.sys.value(f"{path}/serial"),
            state=machine.sys.value(f"{path}/state"),
        )
    return found.all()
