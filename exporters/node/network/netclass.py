"""Properties of network devices, from `/sys/class/net`.

A property that the kernel refuses to tell (the carrier of a link that is down, say) gives no sample.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Final

from exporters.exposition.families import Family, MetricType
from exporters.kernel import Tree
from exporters.node import reading
from exporters.node.machine import Machine

_G, _C = MetricType.GAUGE, MetricType.COUNTER
_MBIT: Final = 125_000.0  # a million bits in bytes
_NET: Final = "class/net"

FIELDS: Final = (  # file, family's ending, type, unit
    ("addr_assign_type", "address_assign_type", _G, 1.0),
    ("carrier", "carrier", _G, 1.0),
    ("carrier_changes", "carrier_changes_total", _C, 1.0),
    ("carrier_down_count", "carrier_down_changes_total", _C, 1.0),
    ("carrier_up_count", "carrier_up_changes_total", _C, 1.0),
    ("dev_id", "device_id", _G, 1.0),
    ("dormant", "dormant", _G, 1.0),
    ("flags", "flags", _G, 1.0),
    ("ifindex", "iface_id", _G, 1.0),
    ("iflink", "iface_link", _G, 1.0),
    ("link_mode", "iface_link_mode", _G, 1.0),
    ("mtu", "mtu_bytes", _G, 1.0),
    ("name_assign_type", "name_assign_type", _G, 1.0),
    ("netdev_group", "net_dev_group", _G, 1.0),
    ("speed", "speed_bytes", _G, _MBIT),
    ("tx_queue_len", "transmit_queue_length", _G, 1.0),
    ("type", "protocol_type", _G, 1.0),
)
TEXTS: Final = ("address", "broadcast", "duplex", "ifalias", "operstate")
_FILES: Final = (*(file for file, *_ in FIELDS), *TEXTS)

Properties = Mapping[str, str]


def families(devices: Mapping[str, Properties], *, ignore_invalid_speed: bool = False) -> list[Family]:
    """From the files' texts by device."""
    up = Family("node_network_up", _G, "Value is 1 if operstate is 'up', 0 otherwise.")
    info = Family("node_network_info", _G, "Non-numeric data from /sys/class/net/<iface>, value is always 1.")
    for device, files in devices.items():
        up.add(float(files.get("operstate") == "up"), (("device", device),))
        texts = {"device": device} | {key: files.get(key, "") for key in TEXTS}
        info.add(1.0, sorted(texts.items()))
    return [up, info, *_numbers(devices, ignore_invalid_speed=ignore_invalid_speed)] if devices else []


def _numbers(devices: Mapping[str, Properties], *, ignore_invalid_speed: bool) -> Iterable[Family]:
    for file, ending, type_, unit in FIELDS:
        family = Family(f"node_network_{ending}", type_, f"Network device property: {ending}")
        for device, files in devices.items():
            value = _integer(files.get(file, ""))
            if value is None or (ignore_invalid_speed and file == "speed" and value < 0):
                continue
            family.add(value * unit, (("device", device),))
        if family.samples:
            yield family


def _integer(text: str) -> int | None:
    try:
        return int(text, 0)
    except ValueError:
        return None


def read(machine: Machine) -> list[Family]:
    sysfs, options = machine.sys, machine.options
    keeps = reading.device_filter(options.netclass_ignored_devices)
    names = [name for name in sysfs.names(_NET) if keeps(name) and sysfs.is_folder(f"{_NET}/{name}")]
    devices = {name: _properties(sysfs, f"{_NET}/{name}") for name in names}
    return families(devices, ignore_invalid_speed=options.netclass_ignore_invalid_speed)


def _properties(sysfs: Tree, device: str) -> Properties:
    return {file: found for file in _FILES if (found := sysfs.value_or_none(f"{device}/{file}")) is not None}
