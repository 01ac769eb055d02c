"""Memory errors by controller and row, from sysfs."""

from __future__ import annotations

from typing import Final

from exporters.exposition.families import Family
from exporters.node import reading
from exporters.node.machine import Machine

_MC: Final = "devices/system/edac/mc"
_UNKNOWN: Final = "unknown"  # the row of errors that no row is known of


def read(machine: Machine) -> list[Family]:
    """Raises OSError where a controller lacks one of its counts."""
    found = reading.Gathered()
    sysfs = machine.sys
    for path, controller in sysfs.numbered(_MC, "mc"):
        for kind, prefix in (("correctable", "ce"), ("uncorrectable", "ue")):
            found.counter(
                f"node_edac_{kind}_errors_total",
                f"Total {kind} memory errors.",
                float(sysfs.value(f"{path}/{prefix}_count")),
                controller=controller,
            )
            rows = {_UNKNOWN: f"{path}/{prefix}_noinfo_count"}
            rows |= {row: f"{folder}/{prefix}_count" for folder, row in sysfs.numbered(path, "csrow")}
            for row, file in rows.items():
                found.counter(
                    f"node_edac_csrow_{kind}_errors_total",
                    f"Total {kind} memory errors for this csrow.",
                    float(sysfs.value(file)),
                    controller=controller,
                    csrow=row,
                )
    return found.all()
