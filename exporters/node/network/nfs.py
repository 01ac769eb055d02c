"""The NFS client, from `net/rpc/nfs`."""

from __future__ import annotations

from typing import Final

from exporters.exposition.families import Family
from exporters.node import reading
from exporters.node.machine import Machine
from exporters.node.network import rpc_methods

VERSIONS: Final = (
    ("proc2", "2", rpc_methods.V2),
    ("proc3", "3", rpc_methods.V3),
    ("proc4", "4", rpc_methods.CLIENT_V4),
)


def parse(rpc: str) -> list[Family]:
    """Raises ValueError."""
    found = reading.Gathered()
    table = rpc_methods.table(rpc)
    _, udp, tcp, connections = table.get("net", [0.0] * 4)
    calls, again, refreshed = table.get("rpc", [0.0] * 3)
    for protocol, packets in (("udp", udp), ("tcp", tcp)):
        help_ = "Total NFSd network packets (sent+received) by protocol type."
        found.counter("node_nfs_packets_total", help_, packets, protocol=protocol)
    found.counter("node_nfs_connections_total", "Total number of NFSd TCP connections.", connections)
    found.counter("node_nfs_rpcs_total", "Total number of RPCs performed.", calls)
    found.counter("node_nfs_rpc_retransmissions_total", "Number of RPC transmissions performed.", again)
    help_ = "Number of RPC authentication refreshes performed."
    found.counter("node_nfs_rpc_authentication_refreshes_total", help_, refreshed)
    for line, proto, methods in VERSIONS:
        for method, count in rpc_methods.counted(table.get(line, []), methods).items():
            help_ = "Number of NFS procedures invoked."
            found.counter("node_nfs_requests_total", help_, count, proto=proto, method=method)
    return found.all()


def read(machine: Machine) -> list[Family]:
    """Raises FileNotFoundError where there is no client."""
    return parse(machine.proc.text("net/rpc/nfs"))
