"""Every family of groups of processes, and the page that they are gathered on."""

from __future__ import annotations

from types import MappingProxyType
from typing import Final

from exporters.exposition.families import Family, MetricType, Sample

_G, _C = MetricType.GAUGE, MetricType.COUNTER
_GROUP: Final = "namedprocess_namegroup_"
FAMILIES: Final = MappingProxyType(
    {
        f"{_GROUP}num_procs": (_G, "number of processes in this group"),
        f"{_GROUP}num_threads": (_G, "Number of threads"),
        f"{_GROUP}cpu_seconds_total": (_C, "Seconds of CPU time, by mode."),
        f"{_GROUP}read_bytes_total": (_C, "number of bytes read by this group"),
        f"{_GROUP}write_bytes_total": (_C, "number of bytes written by this group"),
        f"{_GROUP}major_page_faults_total": (_C, "Major page faults"),
        f"{_GROUP}minor_page_faults_total": (_C, "Minor page faults"),
        f"{_GROUP}context_switches_total": (_C, "Context switches"),
        f"{_GROUP}memory_bytes": (_G, "number of bytes of memory in use"),
        f"{_GROUP}open_filedesc": (_G, "number of open file descriptors for this group"),
        f"{_GROUP}worst_fd_ratio": (_G, "Open files over how many there may be, of the process that is nearest to it."),
        f"{_GROUP}oldest_start_time_seconds": (_G, "When the oldest process of the group began, in Unix seconds."),
        f"{_GROUP}states": (_G, "Threads (or processes, where threads are not looked at) by state."),
        f"{_GROUP}thread_count": (_G, "Number of threads in this group with same threadname"),
        f"{_GROUP}thread_cpu_seconds_total": (_C, "Cpu user/system usage in seconds"),
        f"{_GROUP}thread_io_bytes_total": (_C, "number of bytes read/written by these threads"),
        f"{_GROUP}thread_major_page_faults_total": (_C, "Major page faults for these threads"),
        f"{_GROUP}thread_minor_page_faults_total": (_C, "Minor page faults for these threads"),
        f"{_GROUP}thread_context_switches_total": (_C, "Context switches for these threads"),
        "namedprocess_scrape_errors": (_C, "Scrapes in which no process could be read."),
        "namedprocess_scrape_procread_errors": (_C, "Times that a process could not be read."),
        "namedprocess_scrape_partial_errors": (
            _C,
            "Times that a part of a process could not be read, as its bytes.",
        ),
    }
)


class Page:
    """Samples by family."""

    def __init__(self) -> None:
        self._found = {name: Family(name, type_, help_) for name, (type_, help_) in FAMILIES.items()}

    def of_group(self, name: str, value: float, group: str, **labels: str) -> None:
        """`name` without what all begin with."""
        self.add(f"{_GROUP}{name}", value, groupname=group, **labels)

    def add(self, name: str, value: float, /, **labels: str) -> None:
        self._found[name].samples.append(Sample(name, tuple(sorted(labels.items())), value))

    def families(self) -> list[Family]:
        return [family for family in self._found.values() if family.samples]
