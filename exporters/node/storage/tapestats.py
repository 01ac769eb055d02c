"""Operations of tape drives, from `/sys/class/scsi_tape`."""

from __future__ import annotations

from typing import Final

from exporters.exposition.families import Family, MetricType
from exporters.node import reading
from exporters.node.machine import Machine

_CLASS: Final = "class/scsi_tape"
_C, _G = MetricType.COUNTER, MetricType.GAUGE
_NANO: Final = 0.000000001
FIELDS: Final = (  # file, family's ending, type, factor, help
    ("in_flight", "io_now", _G, 1.0, "The number of I/Os currently outstanding to this device."),
    ("io_ns", "io_time_seconds_total", _C, _NANO,
     "Seconds spent waiting for all operations, movements of the tape too."),
    ("other_cnt", "io_others_total", _C, 1.0, "Operations that neither read nor write."),
    ("read_byte_cnt", "read_bytes_total", _C, 1.0, "The number of bytes read from the tape drive."),
    ("read_cnt", "reads_completed_total", _C, 1.0, "The number of read requests issued to the tape drive."),
    ("read_ns", "read_time_seconds_total", _C, _NANO,
     "The amount of time spent waiting for read requests to complete."),
    ("resid_cnt", "residual_total", _C, 1.0, "Operations of which a rest stayed: a short read, or data not written."),
    ("write_byte_cnt", "written_bytes_total", _C, 1.0, "The number of bytes written to the tape drive."),
    ("write_cnt", "writes_completed_total", _C, 1.0, "The number of write requests issued to the tape drive."),
    ("write_ns", "write_time_seconds_total", _C, _NANO,
     "The amount of time spent waiting for write requests to complete."),
)  # fmt: skip


def read(machine: Machine) -> list[Family]:
    """Raises FileNotFoundError where the machine has none. `nst0` and `st0a` are other names of `st0`."""
    found = reading.Gathered()
    ignored = reading.matching(machine.options.tape_devices_ignored)
    for device in machine.sys.names(_CLASS):
        if not (device.startswith("st") and device[2:].isdecimal()) or ignored(device):
            continue
        for file, ending, type_, factor, help_ in FIELDS:
            value = float(int(machine.sys.value(f"{_CLASS}/{device}/stats/{file}")))
            found.add(type_, f"node_tape_{ending}", help_, value * factor, {"device": device})
    return found.all()
