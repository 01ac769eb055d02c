"""Fibre Channel hosts, from `/sys/class/fc_host`."""

from __future__ import annotations

from typing import Final

from exporters.exposition.families import Family
from exporters.node import reading
from exporters.node.machine import Machine

_CLASS: Final = "class/fc_host"
_NOT_COUNTED: Final = 2**64 - 1  # what firmware says that does not count
_HEX: Final = ("port_id", "port_name", "fabric_name")  # shown without their 0x
TEXTS: Final = (
    "speed", "port_state", "port_type", "port_id", "port_name", "fabric_name", "symbolic_name", "supported_classes",
    "supported_speeds", "dev_loss_tmo",
)  # fmt: skip
COUNTERS: Final = (  # file, family's ending, help
    ("dumped_frames", "dumped_frames_total", "Number of dumped frames"),
    ("error_frames", "error_frames_total", "Number of errors in frames"),
    ("invalid_crc_count", "invalid_crc_total", "Invalid Cyclic Redundancy Check count"),
    ("rx_frames", "rx_frames_total", "Number of frames received"),
    ("rx_words", "rx_words_total", "Number of words received by host port"),
    ("tx_frames", "tx_frames_total", "Number of frames transmitted by host port"),
    ("tx_words", "tx_words_total", "Number of words transmitted by host port"),
    ("seconds_since_last_reset", "seconds_since_last_reset_total", "Number of seconds since last host port reset"),
    ("invalid_tx_word_count", "invalid_tx_words_total", "Number of invalid words transmitted by host port"),
    ("link_failure_count", "link_failure_total", "Number of times the host port link has failed"),
    ("loss_of_sync_count", "loss_of_sync_total", "Failures on the boundary of a bit or of a word."),
    ("loss_of_signal_count", "loss_of_signal_total", "Number of times signal has been lost"),
    ("nos_count", "nos_total", "Sequences received that say that the other port is not operational."),
    ("fcp_packet_aborts", "fcp_packet_aborts_total", "Number of aborted packets"),
)


def read(machine: Machine) -> list[Family]:
    """Raises FileNotFoundError where the machine has none."""
    found = reading.Gathered()
    sysfs = machine.sys
    for host in sysfs.names(_CLASS):
        path = f"{_CLASS}/{host}"
        texts = {text: sysfs.value(f"{path}/{text}") for text in TEXTS}
        texts |= {text: texts[text][2:] if len(texts[text]) > 2 else texts[text] for text in _HEX}
        help_ = "Non-numeric data from /sys/class/fc_host/<host>, value is always 1."
        found.gauge("node_fibrechannel_info", help_, 1.0, fc_host=host, **texts)
        for file, ending, help_ in COUNTERS:
            text = sysfs.value_or_none(f"{path}/statistics/{file}")
            count = 0 if text is None else int(text, 0)
            if count != _NOT_COUNTED:
                found.counter(f"node_fibrechannel_{ending}", help_, float(count), fc_host=host)
    return found.all()
