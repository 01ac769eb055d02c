"""XFS file systems, from `/sys/fs/xfs/*/stats/stats`."""

from __future__ import annotations

from types import MappingProxyType
from typing import Final

from exporters.exposition.families import Family
from exporters.node import reading
from exporters.node.machine import Machine

_XFS: Final = "fs/xfs"


def _btree(name: str, shown: str) -> tuple[tuple[str, str], ...]:
    return (
        (f"{name}_lookups_total", f"Number of {shown} B-tree lookups for a filesystem."),
        (f"{name}_compares_total", f"Number of {shown} B-tree compares for a filesystem."),
        (f"{name}_records_inserted_total", f"Number of {shown} B-tree records inserted for a filesystem."),
        (f"{name}_records_deleted_total", f"Number of {shown} B-tree records deleted for a filesystem."),
    )


LINES: Final = MappingProxyType(  # first word of the line -> family's ending and help of each number behind it
    {
        "extent_alloc": (
            ("extent_allocation_extents_allocated_total", "Number of extents allocated for a filesystem."),
            ("extent_allocation_blocks_allocated_total", "Number of blocks allocated for a filesystem."),
            ("extent_allocation_extents_freed_total", "Number of extents freed for a filesystem."),
            ("extent_allocation_blocks_freed_total", "Number of blocks freed for a filesystem."),
        ),
        "abt": _btree("allocation_btree", "allocation"),
        "blk_map": (
            ("block_mapping_reads_total", "Number of block map for read operations for a filesystem."),
            ("block_mapping_writes_total", "Number of block map for write operations for a filesystem."),
            ("block_mapping_unmaps_total", "Number of block unmaps (deletes) for a filesystem."),
            ("block_mapping_extent_list_insertions_total", "Number of extent list insertions for a filesystem."),
            ("block_mapping_extent_list_deletions_total", "Number of extent list deletions for a filesystem."),
            ("block_mapping_extent_list_lookups_total", "Number of extent list lookups for a filesystem."),
            ("block_mapping_extent_list_compares_total", "Number of extent list compares for a filesystem."),
        ),
        "bmbt": _btree("block_map_btree", "block map"),
        "dir": (
            ("directory_operation_lookup_total", "Names looked up that the system's cache of names did not know."),
            ("directory_operation_create_total", "Names added to directories."),
            ("directory_operation_remove_total", "Names taken out of directories."),
            ("directory_operation_getdents_total", "Times that directories were listed."),
        ),
        "ig": (
            ("inode_operation_attempts_total", "Inodes looked for in the cache."),
            ("inode_operation_found_total", "Inodes looked for in the cache and found."),
            ("inode_operation_recycled_total", "Inodes found in the cache that were just being given away."),
            ("inode_operation_missed_total", "Inodes looked for in the cache and not found."),
            (
                "inode_operation_duplicates_total",
                "Inodes missed that another process had cached meanwhile.",
            ),
            ("inode_operation_reclaims_total", "Inodes that the cache gave up for their memory."),
            ("inode_operation_attribute_changes_total", "Times that attributes of an inode were changed on purpose."),
        ),
        "rw": (
            ("write_calls_total", "Number of write(2) system calls made to files in a filesystem."),
            ("read_calls_total", "Number of read(2) system calls made to files in a filesystem."),
        ),
        "vnodes": (
            ("vnode_active_total", "Number of vnodes not on free lists for a filesystem."),
            ("vnode_allocate_total", "Number of times vn_alloc called for a filesystem."),
            ("vnode_get_total", "Number of times vn_get called for a filesystem."),
            ("vnode_hold_total", "Number of times vn_hold called for a filesystem."),
            ("vnode_release_total", "Number of times vn_rele called for a filesystem."),
            ("vnode_reclaim_total", "Number of times vn_reclaim called for a filesystem."),
            ("vnode_remove_total", "Number of times vn_remove called for a filesystem."),
        ),
    }
)


def gather(stats: str, device: str, found: reading.Gathered) -> None:
    """One file system's numbers; a line that is missing counts zero, as what it counts did not happen."""
    lines = {words[0]: words[1:] for line in stats.splitlines() if (words := line.split())}
    for key, families in LINES.items():
        numbers = [float(int(word)) for word in lines.get(key, ())]
        numbers += [0.0] * (len(families) - len(numbers))
        for (ending, help_), value in zip(families, numbers, strict=False):
            found.counter(f"node_xfs_{ending}", help_, value, device=device)


def read(machine: Machine) -> list[Family]:
    """Raises OSError, ValueError."""
    found = reading.Gathered()
    for device in machine.sys.names_or_none(_XFS):
        if machine.sys.has(f"{_XFS}/{device}/stats/stats"):
            gather(machine.sys.text(f"{_XFS}/{device}/stats/stats"), device, found)
    return found.all()
