"""The NFS server, from `net/rpc/nfsd`."""

from __future__ import annotations

from typing import Final

from exporters.exposition.families import Family, MetricType
from exporters.node import reading
from exporters.node.machine import Machine
from exporters.node.network import rpc_methods

_C, _G = MetricType.COUNTER, MetricType.GAUGE
FIELDS: Final[tuple[tuple[str, int, str, MetricType, dict[str, str], str], ...]] = (
    # line, place, family's ending, type, labels, help
    ("rc", 0, "reply_cache_hits_total", _C, {}, "Total number of NFSd Reply Cache hits (client lost server response)."),
    ("rc", 1, "reply_cache_misses_total", _C, {}, "Calls that had to be remembered and were new."),
    ("rc", 2, "reply_cache_nocache_total", _C, {}, "Calls that need not be remembered."),
    ("fh", 0, "file_handles_stale_total", _C, {}, "Total number of NFSd stale file handles"),
    ("io", 0, "disk_bytes_read_total", _C, {}, "Total NFSd bytes read."),
    ("io", 1, "disk_bytes_written_total", _C, {}, "Total NFSd bytes written."),
    ("th", 0, "server_threads", _G, {}, "Total number of NFSd kernel threads that are running."),
    ("ra", 0, "read_ahead_cache_size_blocks", _G, {}, "How large the read ahead cache is in blocks."),
    ("ra", 11, "read_ahead_cache_not_found_total", _C, {}, "Total number of NFSd read ahead cache not found."),
    ("net", 1, "packets_total", _C, {"proto": "udp"}, "Total NFSd network packets (sent+received) by protocol type."),
    ("net", 2, "packets_total", _C, {"proto": "tcp"}, "Total NFSd network packets (sent+received) by protocol type."),
    ("net", 3, "connections_total", _C, {}, "Total number of NFSd TCP connections."),
    ("rpc", 2, "rpc_errors_total", _C, {"error": "fmt"}, "Total number of NFSd RPC errors by error type."),
    ("rpc", 3, "rpc_errors_total", _C, {"error": "auth"}, "Total number of NFSd RPC errors by error type."),
    ("rpc", 4, "rpc_errors_total", _C, {"error": "cInt"}, "Total number of NFSd RPC errors by error type."),
    ("rpc", 0, "server_rpcs_total", _C, {}, "Total number of NFSd RPCs."),
)
VERSIONS: Final = (  # those of versions 2 and 3 without the first, which does nothing
    ("proc2", "2", ("", *rpc_methods.V2[1:])),
    ("proc3", "3", ("", *rpc_methods.V3[1:])),
    ("proc4ops", "4", rpc_methods.SERVER_V4),
)


def parse(rpc: str) -> list[Family]:
    """Raises ValueError."""
    found = reading.Gathered()
    table = rpc_methods.table(rpc)
    for line, place, ending, type_, labels, help_ in FIELDS:
        numbers = table.get(line, [])
        value = numbers[place] if place < len(numbers) else 0.0
        found.add(type_, f"node_nfsd_{ending}", help_, value, labels)
    for line, proto, methods in VERSIONS:
        for method, count in rpc_methods.counted(table.get(line, []), methods).items():
            help_ = "Total number NFSd Requests by method and protocol."
            found.counter("node_nfsd_requests_total", help_, count, proto=proto, method=method)
    return found.all()


def read(machine: Machine) -> list[Family]:
    """Raises FileNotFoundError where there is no server."""
    return parse(machine.proc.text("net/rpc/nfsd"))
