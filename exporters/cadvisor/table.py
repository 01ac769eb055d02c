"""Every family: its type, its help, and the group that switches it."""

from __future__ import annotations

from collections.abc import Mapping
from types import MappingProxyType
from typing import Final, NamedTuple

from exporters.exposition.families import MetricType

_G, _C = MetricType.GAUGE, MetricType.COUNTER


class Kind(NamedTuple):
    """Of a family. An empty `group` is always on."""

    group: str
    type: MetricType
    help: str


_CONTAINER: Final[Mapping[str, Kind]] = MappingProxyType(
    {
        "last_seen": Kind("", _G, "Last time a container was seen by the exporter"),
        "start_time_seconds": Kind("", _G, "Start time of the container since unix epoch in seconds."),
        "scrape_error": Kind("", _G, "1 if there was an error while getting container metrics, 0 otherwise"),
        "spec_cpu_period": Kind("", _G, "CPU period of the container."),
        "spec_cpu_quota": Kind("", _G, "CPU quota of the container."),
        "spec_cpu_shares": Kind("", _G, "CPU share of the container."),
        "spec_memory_limit_bytes": Kind("", _G, "Memory limit for the container."),
        "spec_memory_swap_limit_bytes": Kind("", _G, "Memory swap limit for the container."),
        "spec_memory_reservation_limit_bytes": Kind("", _G, "Memory reservation limit for the container."),
        "cpu_usage_seconds_total": Kind("cpu", _C, "Cumulative cpu time consumed in seconds."),
        "cpu_user_seconds_total": Kind("cpu", _C, "Cumulative user cpu time consumed in seconds."),
        "cpu_system_seconds_total": Kind("cpu", _C, "Cumulative system cpu time consumed in seconds."),
        "cpu_cfs_periods_total": Kind("cpu", _C, "Number of elapsed enforcement period intervals."),
        "cpu_cfs_throttled_periods_total": Kind("cpu", _C, "Number of throttled period intervals."),
        "cpu_cfs_throttled_seconds_total": Kind("cpu", _C, "Total time duration the container has been throttled."),
        "cpu_schedstat_run_seconds_total": Kind("sched", _C, "Seconds that the processes have run."),
        "cpu_schedstat_runqueue_seconds_total": Kind("sched", _C, "Seconds that the processes have waited for a CPU."),
        "cpu_schedstat_run_periods_total": Kind("sched", _C, "Times that the processes have run."),
        "memory_usage_bytes": Kind("memory", _G, "Memory in use, whenever it was last looked at."),
        "memory_working_set_bytes": Kind("memory", _G, "Current working set in bytes."),
        "memory_rss": Kind("memory", _G, "Size of RSS in bytes."),
        "memory_cache": Kind("memory", _G, "Number of bytes of page cache memory."),
        "memory_swap": Kind("memory", _G, "Container swap usage in bytes."),
        "memory_mapped_file": Kind("memory", _G, "Size of memory mapped files in bytes."),
        "memory_max_usage_bytes": Kind("memory", _G, "Maximum memory usage recorded in bytes"),
        "memory_kernel_usage": Kind("memory", _G, "Size of kernel memory allocated in bytes."),
        "memory_failcnt": Kind("memory", _C, "Number of memory usage hits limits"),
        "memory_failures_total": Kind("memory", _C, "Cumulative count of memory allocation failures."),
        "memory_numa_pages": Kind("memory_numa", _G, "Number of used pages per NUMA node"),
        "memory_migrate": Kind("cpuset", _G, "Memory migrate status."),
        "oom_events_total": Kind("oom_event", _C, "Count of out of memory events observed for the container"),
        "hugetlb_usage_bytes": Kind("hugetlb", _G, "Current hugepage usage in bytes"),
        "hugetlb_max_usage_bytes": Kind("hugetlb", _G, "Maximum hugepage usage recorded in bytes"),
        "hugetlb_failcnt": Kind("hugetlb", _C, "Number of hugepage usage hits limits"),
        "fs_inodes_free": Kind("disk", _G, "Number of available Inodes"),
        "fs_inodes_total": Kind("disk", _G, "Number of Inodes"),
        "fs_limit_bytes": Kind("disk", _G, "Bytes that may be used of this file system."),
        "fs_usage_bytes": Kind("disk", _G, "Bytes that are used of this file system."),
        "fs_reads_bytes_total": Kind("diskIO", _C, "Cumulative count of bytes read"),
        "fs_reads_total": Kind("diskIO", _C, "Cumulative count of reads completed"),
        "fs_reads_merged_total": Kind("diskIO", _C, "Cumulative count of reads merged"),
        "fs_sector_reads_total": Kind("diskIO", _C, "Cumulative count of sector reads completed"),
        "fs_read_seconds_total": Kind("diskIO", _C, "Cumulative count of seconds spent reading"),
        "fs_writes_bytes_total": Kind("diskIO", _C, "Cumulative count of bytes written"),
        "fs_writes_total": Kind("diskIO", _C, "Cumulative count of writes completed"),
        "fs_writes_merged_total": Kind("diskIO", _C, "Cumulative count of writes merged"),
        "fs_sector_writes_total": Kind("diskIO", _C, "Cumulative count of sector writes completed"),
        "fs_write_seconds_total": Kind("diskIO", _C, "Cumulative count of seconds spent writing"),
        "fs_io_current": Kind("diskIO", _G, "Number of I/Os currently in progress"),
        "fs_io_time_seconds_total": Kind("diskIO", _C, "Cumulative count of seconds spent doing I/Os"),
        "fs_io_time_weighted_seconds_total": Kind("diskIO", _C, "Cumulative weighted I/O time in seconds"),
        "blkio_device_usage_total": Kind("diskIO", _C, "Blkio Device bytes usage"),
        "network_receive_bytes_total": Kind("network", _C, "Cumulative count of bytes received"),
        "network_receive_packets_total": Kind("network", _C, "Cumulative count of packets received"),
        "network_receive_packets_dropped_total": Kind("network", _C, "Packets dropped while receiving."),
        "network_receive_errors_total": Kind("network", _C, "Errors while receiving."),
        "network_transmit_bytes_total": Kind("network", _C, "Cumulative count of bytes transmitted"),
        "network_transmit_packets_total": Kind("network", _C, "Cumulative count of packets transmitted"),
        "network_transmit_packets_dropped_total": Kind("network", _C, "Packets dropped while transmitting."),
        "network_transmit_errors_total": Kind("network", _C, "Errors while transmitting."),
        "network_tcp_usage_total": Kind("tcp", _G, "tcp connection usage statistic for container"),
        "network_tcp6_usage_total": Kind("tcp", _G, "tcp6 connection usage statistic for container"),
        "network_udp_usage_total": Kind("udp", _G, "udp connection usage statistic for container"),
        "network_udp6_usage_total": Kind("udp", _G, "udp6 connection usage statistic for container"),
        "processes": Kind("process", _G, "Number of processes running inside the container."),
        "threads": Kind("process", _G, "Number of threads running inside the container"),
        "threads_max": Kind("process", _G, "The most threads that there may be, 0 being any number."),
        "file_descriptors": Kind("process", _G, "Number of open file descriptors for the container."),
        "sockets": Kind("process", _G, "Number of open sockets for the container."),
        "ulimits_soft": Kind("process", _G, "Soft limits of the first process; -1 is none."),
        "pressure_cpu_waiting_seconds_total": Kind("pressure", _C, "Seconds in which tasks waited for a CPU."),
        "pressure_cpu_stalled_seconds_total": Kind("pressure", _C, "Seconds in which no task went on, for a CPU."),
        "pressure_memory_waiting_seconds_total": Kind("pressure", _C, "Seconds in which tasks waited for memory."),
        "pressure_memory_stalled_seconds_total": Kind("pressure", _C, "Seconds in which no task went on, for memory."),
        "pressure_io_waiting_seconds_total": Kind("pressure", _C, "Seconds in which tasks waited for input or output."),
        "pressure_io_stalled_seconds_total": Kind(
            "pressure", _C, "Seconds in which no task went on, for input or output."
        ),
    }
)
_MACHINE: Final[Mapping[str, Kind]] = MappingProxyType(
    {
        "cpu_cores": Kind("", _G, "Number of logical CPU cores."),
        "cpu_physical_cores": Kind("", _G, "Number of physical CPU cores."),
        "cpu_sockets": Kind("", _G, "Number of CPU sockets."),
        "memory_bytes": Kind("", _G, "Amount of memory installed on the machine."),
        "swap_bytes": Kind("", _G, "Amount of swap memory available on the machine."),
        "scrape_error": Kind("", _G, "1 if there was an error while getting machine metrics, 0 otherwise."),
    }
)
FAMILIES: Final[Mapping[str, Kind]] = MappingProxyType(
    {
        "cadvisor_version_info": Kind("", _G, "Versions of kernel, system, Docker and exporter, as labels."),
        **{f"container_{name}": kind for name, kind in _CONTAINER.items()},
        **{f"machine_{name}": kind for name, kind in _MACHINE.items()},
    }
)
