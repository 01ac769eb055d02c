"""Caches of block devices, from `/sys/fs/bcache`.

Numbers are written for people, as `1.2k`. What stands behind the point is no decimal fraction but parts of 1024, which
the kernel prints divided by 100: `.10` is more than `.9`.
"""

from __future__ import annotations

from typing import Final

from exporters.exposition.families import Family, MetricType
from exporters.kernel import Tree
from exporters.node import reading
from exporters.node.machine import Machine

_BCACHE: Final = "fs/bcache"
_G, _C = MetricType.GAUGE, MetricType.COUNTER
_UNITS: Final = "kMGTPEZY"
SET_FIELDS: Final = (  # file below the set, family's ending, type, factor, help
    ("average_key_size", "average_key_size_sectors", _G, 1.0, "Average data per key in the btree (sectors)."),
    ("btree_cache_size", "btree_cache_size_bytes", _G, 1.0, "Amount of memory currently used by the btree cache."),
    ("cache_available_percent", "cache_available_percent", _G, 1.0,
     "Share of the cache without dirty data, which writing back may use; it may hold clean data."),
    ("congested", "congested", _G, 1.0, "Congestion."),
    ("root_usage_percent", "root_usage_percent", _G, 1.0,
     "Percentage of the root btree node in use (tree depth increases if too high)."),
    ("tree_depth", "tree_depth", _G, 1.0, "Depth of the btree."),
    ("internal/active_journal_entries", "active_journal_entries", _G, 1.0,
     "Number of journal entries that are newer than the index."),
    ("internal/btree_nodes", "btree_nodes", _G, 1.0, "Total nodes in the btree."),
    ("internal/btree_read_average_duration_us", "btree_read_average_duration_seconds", _G, 1e-9,
     "Average btree read duration."),
    ("internal/cache_read_races", "cache_read_races_total", _C, 1.0,
     "Reads from the cache whose bucket was given to other data meanwhile."),
)  # fmt: skip
TOTALS: Final = (  # file below stats_total of a backing device, family's ending, help
    ("bypassed", "bypassed_bytes_total", "Amount of IO (both reads and writes) that has bypassed the cache."),
    ("cache_hits", "cache_hits_total", "Hits counted per individual IO as bcache sees them."),
    ("cache_misses", "cache_misses_total", "Misses counted per individual IO as bcache sees them."),
    ("cache_bypass_hits", "cache_bypass_hits_total", "Hits for IO intended to skip the cache."),
    ("cache_bypass_misses", "cache_bypass_misses_total", "Misses for IO intended to skip the cache."),
    ("cache_miss_collisions", "cache_miss_collisions_total",
     "Misses whose data was not put into the cache, since a write had done so already."),
    ("cache_readaheads", "cache_readaheads_total", "Count of times readahead occurred."),
)  # fmt: skip
RATES: Final = (  # key in writeback_rate_debug, family's ending, help
    ("target", "dirty_target_bytes", "Current dirty data target threshold for this backing device in bytes."),
    ("rate", "writeback_rate", "Current writeback rate for this backing device in bytes."),
    ("proportional", "writeback_rate_proportional_term", "What the controller adds to the rate in proportion."),
    ("integral", "writeback_rate_integral_term", "Current result of integral controller, part of writeback rate"),
    ("change", "writeback_change", "Last writeback rate change step for this backing device."),
)
CACHES: Final = (  # file below a cache, family's ending, type, help
    ("io_errors", "io_errors", _G, "Number of errors that have occurred, decayed by io_error_halflife."),
    ("metadata_written", "metadata_written_bytes_total", _C,
     "Sum of all non data writes (btree writes and all other metadata)."),
    ("written", "written_bytes_total", _C, "Sum of all data that has been written to the cache."),
)  # fmt: skip
PRIORITIES: Final = (
    ("Unused", "priority_stats_unused_percent", "The percentage of the cache that doesn't contain any data."),
    ("Metadata", "priority_stats_metadata_percent", "Bcache's metadata overhead."),
)


def number(text: str) -> float:
    """Of `512`, `1.2k`, `-4.0M`. Raises ValueError."""
    power = _UNITS.find(text[-1:]) + 1 if text else 0
    if not power:
        return float(int(float(text)))
    whole, _, parts = text[:-1].removeprefix("-").partition(".")
    value = float(int((int(whole) + (float(parts) / 10.24 if parts else 0.0)) * 1024.0**power))
    return -value if text.startswith("-") else value


def table(text: str) -> dict[str, str]:
    """Lines such as `rate:  1.1M/sec`: key -> the last word, without what says its unit."""
    pairs = (line.partition(":") for line in text.splitlines())
    return {key: rest.split()[-1].removesuffix("/sec").removesuffix("%") for key, _, rest in pairs if rest.split()}


def read(machine: Machine) -> list[Family]:
    """Raises OSError, ValueError."""
    found, sysfs = reading.Gathered(), machine.sys
    for uuid in sysfs.names_or_none(_BCACHE):
        if "-" not in uuid:
            continue
        path = f"{_BCACHE}/{uuid}"
        for file, ending, type_, factor, help_ in SET_FIELDS:
            found.add(type_, f"node_bcache_{ending}", help_, _value(sysfs, f"{path}/{file}") * factor, {"uuid": uuid})
        for backing, _ in sysfs.numbered(path, "bdev"):
            _backing(sysfs, backing, uuid, found)
        for cache, _ in sysfs.numbered(path, "cache"):
            _cache(sysfs, cache, uuid, found, priorities=machine.options.bcache_priorities)
    return found.all()


def _value(sysfs: Tree, path: str) -> float:
    text = sysfs.value_or_none(path)
    return 0.0 if text is None else number(text)


def _backing(sysfs: Tree, path: str, uuid: str, found: reading.Gathered) -> None:
    labels = {"uuid": uuid, "backing_device": path.rpartition("/")[2]}
    help_ = "Amount of dirty data for this backing device in the cache."
    found.gauge("node_bcache_dirty_data_bytes", help_, _value(sysfs, f"{path}/dirty_data"), **labels)
    rates = table(sysfs.value(f"{path}/writeback_rate_debug"))
    for key, ending, help_ in RATES:
        found.gauge(f"node_bcache_{ending}", help_, number(rates.get(key, "0")), **labels)
    for file, ending, help_ in TOTALS:
        found.counter(f"node_bcache_{ending}", help_, _value(sysfs, f"{path}/stats_total/{file}"), **labels)


def _cache(sysfs: Tree, path: str, uuid: str, found: reading.Gathered, *, priorities: bool) -> None:
    labels = {"uuid": uuid, "cache_device": path.rpartition("/")[2]}
    for file, ending, type_, help_ in CACHES:
        found.add(type_, f"node_bcache_{ending}", help_, _value(sysfs, f"{path}/{file}"), labels)
    if priorities:
        shares = table(sysfs.value(f"{path}/priority_stats"))
        for key, ending, help_ in PRIORITIES:
            found.gauge(f"node_bcache_{ending}", help_, float(shares.get(key, "0")), **labels)
