"""InfiniBand devices and ports, from `/sys/class/infiniband`.

The cards count data in words of four bytes, one a lane; families are in bytes.
"""

from __future__ import annotations

import struct
from typing import Final

from exporters.exposition.families import Family
from exporters.kernel import Tree
from exporters.node import reading
from exporters.node.machine import Machine

_CLASS: Final = "class/infiniband"
_GIGABIT: Final = 125_000_000
_LANES: Final = 4.0

COUNTERS: Final = (  # file below the port, family's ending, factor, help
    ("counters_ext/port_multicast_rcv_packets", "legacy_multicast_packets_received_total", 1.0,
     "Number of multicast packets received"),
    ("counters_ext/port_multicast_xmit_packets", "legacy_multicast_packets_transmitted_total", 1.0,
     "Number of multicast packets transmitted"),
    ("counters_ext/port_rcv_data_64", "legacy_data_received_bytes_total", _LANES,
     "Number of data octets received on all links"),
    ("counters_ext/port_rcv_packets_64", "legacy_packets_received_total", 1.0,
     "Number of data packets received on all links"),
    ("counters_ext/port_unicast_rcv_packets", "legacy_unicast_packets_received_total", 1.0,
     "Number of unicast packets received"),
    ("counters_ext/port_unicast_xmit_packets", "legacy_unicast_packets_transmitted_total", 1.0,
     "Number of unicast packets transmitted"),
    ("counters_ext/port_xmit_data_64", "legacy_data_transmitted_bytes_total", _LANES,
     "Number of data octets transmitted on all links"),
    ("counters_ext/port_xmit_packets_64", "legacy_packets_transmitted_total", 1.0,
     "Number of data packets transmitted on all links"),
    ("counters/excessive_buffer_overrun_errors", "excessive_buffer_overrun_errors_total", 1.0,
     "Times that buffers overran in too many flow control periods on end."),
    ("counters/link_downed", "link_downed_total", 1.0,
     "Times that the link went down, an error being beyond recovery."),
    ("counters/link_error_recovery", "link_error_recovery_total", 1.0,
     "Number of times the link successfully recovered from an error state"),
    ("counters/local_link_integrity_errors", "local_link_integrity_errors_total", 1.0,
     "Times that local physical errors were more than is allowed."),
    ("counters/multicast_rcv_packets", "multicast_packets_received_total", 1.0,
     "Number of multicast packets received (including errors)"),
    ("counters/multicast_xmit_packets", "multicast_packets_transmitted_total", 1.0,
     "Number of multicast packets transmitted (including errors)"),
    ("counters/port_rcv_constraint_errors", "port_constraint_errors_received_total", 1.0,
     "Packets received at the switch's port and discarded."),
    ("counters/port_xmit_constraint_errors", "port_constraint_errors_transmitted_total", 1.0,
     "Packets that the switch's port did not send."),
    ("counters/port_rcv_data", "port_data_received_bytes_total", _LANES, "Number of data octets received on all links"),
    ("counters/port_xmit_data", "port_data_transmitted_bytes_total", _LANES,
     "Number of data octets transmitted on all links"),
    ("counters/port_rcv_discards", "port_discards_received_total", 1.0,
     "Packets that came in and were discarded, the port being down or congested."),
    ("counters/port_xmit_discards", "port_discards_transmitted_total", 1.0,
     "Packets to go out that were discarded, the port being down or congested."),
    ("counters/port_rcv_errors", "port_errors_received_total", 1.0, "Packets received with an error."),
    ("counters/port_rcv_packets", "port_packets_received_total", 1.0,
     "Packets received on all virtual lanes, those with errors too."),
    ("counters/port_xmit_packets", "port_packets_transmitted_total", 1.0,
     "Packets sent on all virtual lanes, those with errors too."),
    ("counters/port_xmit_wait", "port_transmit_wait_total", 1.0,
     "Ticks in which the port had data to send and could not."),
    ("counters/unicast_rcv_packets", "unicast_packets_received_total", 1.0,
     "Number of unicast packets received (including errors)"),
    ("counters/unicast_xmit_packets", "unicast_packets_transmitted_total", 1.0,
     "Number of unicast packets transmitted (including errors)"),
    ("counters/port_rcv_remote_physical_errors", "port_receive_remote_physical_errors_total", 1.0,
     "Packets received that were marked as bad on their way."),
    ("counters/port_rcv_switch_relay_errors", "port_receive_switch_relay_errors_total", 1.0,
     "Number of packets that could not be forwarded by the switch."),
    ("counters/symbol_error", "symbol_error_total", 1.0,
     "Number of minor link errors detected on one or more physical lanes."),
    ("counters/VL15_dropped", "vl15_dropped_total", 1.0,
     "Packets of virtual lane 15 dropped for want of room."),
)  # fmt: skip
STATES: Final = (  # file, family's ending, help
    ("state", "state_id", "State of the port: 0 no change, 1 down, 2 init, 3 armed, 4 active, 5 deferred."),
    ("phys_state", "physical_state_id", "Physical state of the port: 1 sleep, 2 polling, 3 disabled, 4 shift, 5 up."),
)


def rate(text: str) -> float:
    """Bytes a second of `100 Gb/sec (4X EDR)`, of a number of single precision, as the original reads it."""
    (single,) = struct.unpack("f", struct.pack("f", float(text.split(maxsplit=1)[0])))
    return float(int(single * _GIGABIT))


def read(machine: Machine) -> list[Family]:
    """Raises FileNotFoundError where the machine has none."""
    found = reading.Gathered()
    sysfs = machine.sys
    for device in sysfs.names(_CLASS):
        path = f"{_CLASS}/{device}"
        found.gauge(
            "node_infiniband_info",
            "Non-numeric data from /sys/class/infiniband/<device>, value is always 1.",
            1.0,
            device=device,
            board_id=sysfs.value(f"{path}/board_id"),
            firmware_version=sysfs.value(f"{path}/fw_ver"),
            hca_type=sysfs.value_or_none(f"{path}/hca_type") or "",
        )
        for port in sysfs.names(f"{path}/ports"):
            _port(sysfs, f"{path}/ports/{port}", {"device": device, "port": port}, found)
    return found.all()


def _port(sysfs: Tree, path: str, labels: dict[str, str], found: reading.Gathered) -> None:
    for file, ending, help_ in STATES:
        number, _, _ = sysfs.value(f"{path}/{file}").partition(":")
        found.gauge(f"node_infiniband_{ending}", help_, float(number), **labels)
    speed = rate(sysfs.value(f"{path}/rate"))
    found.gauge("node_infiniband_rate_bytes_per_second", "Maximum signal transfer rate", speed, **labels)
    for file, ending, factor, help_ in COUNTERS:
        text = sysfs.value_or_none(f"{path}/{file}")
        if text is not None and not text.startswith("N/A"):
            found.counter(f"node_infiniband_{ending}", help_, float(int(text, 0)) * factor, **labels)
