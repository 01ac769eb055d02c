"""Devices bonded into others, from `/sys/class/net`."""

from __future__ import annotations

from exporters.exposition.families import Family
from exporters.kernel import Tree
from exporters.node import reading
from exporters.node.machine import Machine

_NET = "class/net"


def read(machine: Machine) -> list[Family]:
    """Raises FileNotFoundError where nothing is bonded."""
    found = reading.Gathered()
    for master in machine.sys.value(f"{_NET}/bonding_masters").split():
        slaves = machine.sys.value(f"{_NET}/{master}/bonding/slaves").split()
        active = sum(_is_up(machine.sys, master, slave) for slave in slaves)
        found.gauge(
            "node_bonding_slaves",
            "Number of configured slaves per bonding interface.",
            float(len(slaves)),
            master=master,
        )
        found.gauge(
            "node_bonding_active", "Number of active slaves per bonding interface.", float(active), master=master
        )
    return found.all()


def _is_up(sysfs: Tree, master: str, slave: str) -> bool:
    try:
        state = sysfs.value(f"{_NET}/{master}/lower_{slave}/bonding_slave/mii_status")
    except FileNotFoundError:  # older kernels name the link otherwise
        state = sysfs.value(f"{_NET}/{master}/slave_{slave}/bonding_slave/mii_status")
    return state == "up"
