"""The kernel's load balancer, from `net/ip_vs_stats` and `net/ip_vs`."""

from __future__ import annotations

import ipaddress
from collections.abc import Iterator, Sequence
from typing import Final

from msgspec import Struct

from engine.foundation.errors import ConfigError
from exporters.exposition.families import Family
from exporters.node import reading
from exporters.node.machine import Machine

LABELS: Final = ("local_address", "local_port", "remote_address", "remote_port", "proto", "local_mark")
TOTALS: Final = (  # as they follow each other
    ("node_ipvs_connections_total", "The total number of connections made."),
    ("node_ipvs_incoming_packets_total", "The total number of incoming packets."),
    ("node_ipvs_outgoing_packets_total", "The total number of outgoing packets."),
    ("node_ipvs_incoming_bytes_total", "The total amount of incoming data."),
    ("node_ipvs_outgoing_bytes_total", "The total amount of outgoing data."),
)
BACKENDS: Final = (
    ("node_ipvs_backend_connections_active", "The current active connections by local and remote address."),
    ("node_ipvs_backend_connections_inactive", "The current inactive connections by local and remote address."),
    ("node_ipvs_backend_weight", "The current backend weight by local and remote address."),
)


class Backend(Struct, frozen=True):
    """Labels by name; active and inactive connections, weight."""

    labels: dict[str, str]
    values: tuple[float, float, float]


def chosen(text: str) -> tuple[str, ...]:
    """The labels that `--collector.ipvs.backend-labels` names. Raises ConfigError."""
    asked = {name for name in text.split(",") if name}
    if unknown := sorted(asked.difference(LABELS)):
        raise ConfigError(f"unknown IPVS backend labels: {', '.join(unknown)} (there are {', '.join(LABELS)})")
    return tuple(label for label in LABELS if label in asked)


def totals(stats: str) -> list[Family]:
    """From the third line, five hexadecimal numbers. Raises ValueError."""
    lines = stats.splitlines()
    counts = [float(int(word, 16)) for word in lines[2].split()] if len(lines) > 2 else []
    return [reading.counter(name, help_, count) for (name, help_), count in zip(TOTALS, counts, strict=True)]


def backends(table: str) -> Iterator[Backend]:
    """A line a service (`TCP`, `UDP`, or a mark of the firewall), under it a line `->` for each server."""
    service: dict[str, str] = {}
    for words in map(str.split, table.splitlines()):
        if not words or words[0] in ("IP", "Prot") or words[1:2] == ["RemoteAddress:Port"]:
            continue
        if words[0] in ("TCP", "UDP"):
            address, port = _address(words[1])
            service = {"proto": words[0], "local_address": address, "local_port": port, "local_mark": ""}
        elif words[0] == "FWM":
            service = {"proto": words[0], "local_address": "", "local_port": "0", "local_mark": words[1]}
        elif words[0] == "->" and len(words) >= 6:
            address, port = _address(words[1])
            weight, active, inactive = map(float, words[3:6])
            labels = {**service, "remote_address": address, "remote_port": port}
            yield Backend(labels, (active, inactive, weight))


def families(found: Iterator[Backend], labels: Sequence[str]) -> list[Family]:
    """Servers that the labels do not tell apart are added up."""
    sums: dict[tuple[str, ...], tuple[float, float, float]] = {}
    for backend in found:
        key = tuple(backend.labels[label] for label in labels)
        before = sums.get(key, (0.0, 0.0, 0.0))
        active, inactive, weight = (a + b for a, b in zip(before, backend.values, strict=True))
        sums[key] = (active, inactive, weight)
    gathered = reading.Gathered()
    for key, values in sums.items():
        named = dict(zip(labels, key, strict=True))
        for (name, help_), value in zip(BACKENDS, values, strict=True):
            gathered.gauge(name, help_, value, **named)
    return gathered.all()


def read(machine: Machine) -> list[Family]:
    """Raises FileNotFoundError where nothing is balanced, ValueError."""
    stats = totals(machine.proc.text("net/ip_vs_stats"))
    found = backends(machine.proc.text("net/ip_vs"))
    return [*stats, *families(found, chosen(machine.options.ipvs_labels))]


def _address(text: str) -> tuple[str, str]:
    """Of `C0A80016:0CEA` or `[2620:0000:...:0001]:0050`. Raises ValueError."""
    address, _, port = text.rpartition(":")
    if address.startswith("["):
        return str(ipaddress.IPv6Address(address.strip("[]"))), str(int(port, 16))
    return str(ipaddress.IPv4Address(int(address, 16))), str(int(port, 16))
