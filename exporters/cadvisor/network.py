"""Traffic and connections, as a process of the container sees them; of the root, as process 1 does."""

from __future__ import annotations

from types import MappingProxyType
from typing import Final

from exporters.cadvisor.sink import Of
from exporters.kernel import Tree
from exporters.node.network import netdev

_LEFT_OUT: Final = ("lo", "veth", "docker")  # the loop, and the host's ends of what leads into containers
_SHOWN: Final = MappingProxyType(
    {"bytes": "bytes", "packets": "packets", "drop": "packets_dropped", "errs": "errors"}  # the kernel's word -> ours
)
TCP_STATES: Final = (  # as the kernel numbers them, from 1 on
    "established", "synsent", "synrecv", "finwait1", "finwait2", "timewait", "close", "closewait", "lastack", "listen",
    "closing",
)  # fmt: skip
_UDP_STATES: Final = MappingProxyType({"07": "listen"})


def traffic(proc: Tree, process: str, found: Of) -> None:
    """By device. Raises OSError where the process has gone."""
    for device, counts in netdev.parse(proc.text(f"{process}/net/dev")).items():
        if device.lower().startswith(_LEFT_OUT):
            continue
        label = ("interface", device)
        for direction in ("receive", "transmit"):
            for word, shown in _SHOWN.items():
                found.add_of(f"network_{direction}_{shown}_total", counts[f"{direction}_{word}"], label)


def connections(proc: Tree, process: str, found: Of) -> None:
    """By state, where that is asked for. Raises OSError where the process has gone."""
    for family in ("tcp", "tcp6") if "tcp" in found.groups else ():
        states = dict.fromkeys(TCP_STATES, 0)
        for words in _lines(proc, f"{process}/net/{family}"):
            place = int(words[3], 16) - 1
            if place < len(TCP_STATES):
                states[TCP_STATES[place]] += 1
        for state, count in states.items():
            found.add_of(f"network_{family}_usage_total", float(count), ("tcp_state", state))
    for family in ("udp", "udp6") if "udp" in found.groups else ():
        lines = list(_lines(proc, f"{process}/net/{family}"))
        values = {
            "listen": sum(words[3] in _UDP_STATES for words in lines),
            "dropped": sum(int(words[12]) for words in lines),
            "rxqueued": sum(int(words[4].partition(":")[2], 16) for words in lines),
            "txqueued": sum(int(words[4].partition(":")[0], 16) for words in lines),
        }
        for state, count in values.items():
            found.add_of(f"network_{family}_usage_total", float(count), ("udp_state", state))


def _lines(proc: Tree, file: str) -> list[list[str]]:
    try:
        return [line.split() for line in proc.text(file).splitlines()[1:]]
    except FileNotFoundError:  # IPv6 is off
        return []
