"""What the firmware says of the board, as labels of a constant. Read once: it stays until the machine starts again."""

from __future__ import annotations

import os
from typing import Final

from exporters.exposition.families import Family, MetricType
from exporters.node.errors import NoDataError
from exporters.node.machine import Machine

_DMI: Final = "class/dmi/id"
LABELS: Final = (
    "bios_date", "bios_release", "bios_vendor", "bios_version", "board_asset_tag", "board_name", "board_serial",
    "board_vendor", "board_version", "chassis_asset_tag", "chassis_serial", "chassis_vendor", "chassis_version",
    "product_family", "product_name", "product_serial", "product_sku", "product_uuid", "product_version",
    "system_vendor",
)  # fmt: skip


class Dmi:
    """Some files only root may read: their labels are left out for others."""

    def __init__(self, machine: Machine) -> None:
        self._machine = machine
        self._labels: dict[str, str] | None = None

    def read(self) -> list[Family]:
        if self._labels is None:
            self._labels = self._read()
        if not self._labels:
            raise NoDataError("this machine has no DMI")
        help_ = "What the firmware says of machine, board and chassis, as labels."
        return [Family.of("node_dmi_info", MetricType.GAUGE, help_, (self._labels, 1.0))]

    def _read(self) -> dict[str, str]:
        found = {}
        for label in LABELS:
            file = "sys_vendor" if label == "system_vendor" else label
            path = f"{_DMI}/{file}"
            if os.path.isfile(self._machine.sys.path(path)):  # noqa: PTH113 - a Path costs more than the call
                value = self._machine.sys.value_or_none(path)
                if value is not None:
                    found[label] = value
        return found
