"""Network devices' properties, some of which the kernel does not tell."""

from __future__ import annotations

from pathlib import Path

from exporters.node.machine import Machine
from exporters.node.network import netclass
from exporters.node.options import NodeOptions

DEVICES = {
    "eth0": {"operstate": "up", "flags": "0x1003", "speed": "1000", "address": "01:02", "carrier": "1"},
    "wlan0": {"operstate": "down", "flags": "0x3", "speed": "-1", "carrier": ""},
}


def shown(**options: bool) -> dict[tuple[str, str], float]:
    return {
        (s.name.removeprefix("node_network_"), dict(s.labels)["device"]): s.value
        for family in netclass.families(DEVICES, **options)
        for s in family.samples
    }


def test_flags_are_hexadecimal_and_speeds_bytes() -> None:
    assert shown()["flags", "eth0"] == 4099.0
    assert shown()["speed_bytes", "eth0"] == 125_000_000.0


def test_a_device_is_up_when_its_state_says_so() -> None:
    assert (shown()["up", "eth0"], shown()["up", "wlan0"]) == (1.0, 0.0)


def test_what_the_kernel_does_not_tell_has_no_sample() -> None:
    assert ("carrier", "wlan0") not in shown()
    assert not any(name == "mtu_bytes" for name, _ in shown())


def test_an_unknown_speed_is_negative_unless_ignored() -> None:
    assert shown()["speed_bytes", "wlan0"] == -125_000.0
    assert ("speed_bytes", "wlan0") not in shown(ignore_invalid_speed=True)


def test_texts_are_labels_of_one_sample(tmp_path: Path) -> None:
    device = tmp_path / "class/net/eth0"
    device.mkdir(parents=True)
    (device / "address").write_text("01:02\n")
    (device.parent / "bonding_masters").write_text("")
    families = {family.name: family for family in netclass.read(Machine(NodeOptions(sysfs=tmp_path)))}
    [sample] = families["node_network_info"].samples
    assert dict(sample.labels) == {
        "address": "01:02", "broadcast": "", "device": "eth0", "duplex": "", "ifalias": "", "operstate": "",
    }  # fmt: skip
