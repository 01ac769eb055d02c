"""The exporter of processes: what groups of them use, under the names of process-exporter."""

from __future__ import annotations

import logging
import os
from collections import Counter
from collections.abc import Collection, Sequence
from pathlib import Path
from typing import Final

from msgspec import Struct, field

from engine.foundation.errors import EngineError
from exporters.exposition.families import Family
from exporters.kernel import Tree
from exporters.process import reading
from exporters.process.groups import Rule, assign
from exporters.process.itself import Itself, booted
from exporters.process.reading import OTHER, STATES, Counts, Process, Stat
from exporters.process.table import Page
from exporters.process.totals import Totals

log = logging.getLogger(__name__)

Identity = tuple[int, int]  # number of the process, and when it began
_GONE: Final = (FileNotFoundError, ProcessLookupError)


class ProcessOptions(Struct, frozen=True, kw_only=True):
    """`rules` in order. `recheck` looks at names at each scrape, since programs may change them."""

    rules: Sequence[Rule]
    procfs: Path = Path("/proc")
    children: bool = True
    threads: bool = True
    proportional: bool = True
    recheck: bool = False
    remove_empty: bool = False


class _Group(Struct):
    """What the processes of one group hold now."""

    processes: int = 0
    threads: int = 0
    resident: float = 0.0
    virtual: float = 0.0
    swapped: float = 0.0
    proportional: float = 0.0
    proportional_swapped: float = 0.0
    files: int = 0
    worst_ratio: float = 0.0
    oldest: float = 0.0
    states: Counter[str] = field(default_factory=Counter)


class _Scrape(Struct):
    """What was found this time: what groups hold; counts by process and by thread, with the names of their groups."""

    groups: dict[str, _Group] = field(default_factory=dict)
    counts: dict[Identity, tuple[str, Counts]] = field(default_factory=dict)
    threads: dict[tuple[Identity, int], tuple[tuple[str, str], Counts]] = field(default_factory=dict)


class ProcessExporter:
    """`collect` blocks on small file reads: call it from a worker thread, one call at a time."""

    def __init__(self, options: ProcessOptions) -> None:
        """Raises EngineError where there is no procfs, as on all systems but Linux."""
        self._options = options
        self._proc = Tree(options.procfs, keep=False)
        if not self._proc.has("stat"):
            raise EngineError(f"the process exporter reads Linux's procfs, and there is none at {options.procfs}")
        self._itself = Itself()
        self._known: dict[Identity, Process] = {}
        self._totals: Totals[Identity, str] = Totals()
        self._thread_totals: Totals[tuple[Identity, int], tuple[str, str]] = Totals()
        self._page_size = os.sysconf("SC_PAGE_SIZE")
        self._boot = booted(self._proc)
        self._errors = {"scrape_errors": 0, "scrape_procread_errors": 0, "scrape_partial_errors": 0}

    def collect(self, only: Collection[str] | None = None) -> list[Family]:
        """The families now. Raises EngineError where parts are asked for: there are none."""
        if only:
            raise EngineError("the process exporter has no parts to choose from: leave out collect[]\n")
        stats = self._stats()
        members = assign(self._processes(stats), self._options.rules, children=self._options.children)
        scrape = _Scrape()
        for pid, name in members.items():
            try:
                self._add(pid, stats[pid], name, scrape)
            except _GONE:
                continue
            except (OSError, ValueError, IndexError) as error:
                log.debug("the process %d could not be read: %s", pid, error)
                self._errors["scrape_procread_errors"] += 1
        page = Page()
        self._show(page, scrape)
        return sorted((*page.families(), *self._itself.read()), key=lambda family: family.name)

    def _stats(self) -> dict[int, Stat]:
        found: dict[int, Stat] = {}
        for pid in reading.processes(self._proc):
            try:
                found[pid] = reading.stat(self._proc, str(pid), self._page_size)
            except OSError:
                continue  # it has gone meanwhile
            except (ValueError, IndexError):
                self._errors["scrape_procread_errors"] += 1
        self._errors["scrape_errors"] += not found
        return found

    def _processes(self, stats: dict[int, Stat]) -> list[Process]:
        known: dict[Identity, Process] = {}
        for pid, stat in stats.items():
            identity = (pid, stat.started)
            before = None if self._options.recheck else self._known.get(identity)
            try:
                known[identity] = before or reading.known(self._proc, pid, stat)
            except OSError:
                continue
        self._known = known
        return list(known.values())

    def _add(self, pid: int, stat: Stat, name: str, scrape: _Scrape) -> None:
        """All of one process; the counts are noted last, so that one that goes meanwhile is not half counted."""
        identity = (pid, stat.started)
        more, whole = reading.further(self._proc, str(pid), stat.counts)
        group = scrape.groups.setdefault(name, _Group())
        group.processes += 1
        group.threads += stat.threads
        group.resident += stat.resident
        group.virtual += stat.virtual
        began = self._boot + stat.started / 100.0
        group.oldest = min(group.oldest, began) if group.oldest else began
        try:
            held = reading.held(self._proc, pid)
            group.swapped += held.swapped
            group.files += held.files
            if held.most_files:
                group.worst_ratio = max(group.worst_ratio, held.files / held.most_files)
            if self._options.proportional:
                resident, swapped = reading.proportional(self._proc, pid)
                group.proportional += resident
                group.proportional_swapped += swapped
        except PermissionError:
            whole = False
        if self._options.threads:
            voluntary, nonvoluntary = self._threads(identity, name, scrape)
            more = more._replace(voluntary=voluntary, nonvoluntary=nonvoluntary)
        else:
            group.states[stat.state] += 1
        self._errors["scrape_partial_errors"] += not whole
        scrape.counts[identity] = (name, more)

    def _threads(self, identity: Identity, name: str, scrape: _Scrape) -> tuple[float, float]:
        """The switches of all of them: what the process's own file tells is its first thread's alone."""
        voluntary = nonvoluntary = 0.0
        for task in self._proc.names(f"{identity[0]}/task"):
            folder = f"{identity[0]}/task/{task}"
            try:
                stat = reading.stat(self._proc, folder, self._page_size)
                counts, _ = reading.further(self._proc, folder, stat.counts)
            except _GONE:
                continue
            scrape.groups[name].states[stat.state] += 1
            voluntary += counts.voluntary
            nonvoluntary += counts.nonvoluntary
            scrape.threads[identity, int(task)] = ((name, stat.comm), counts)
        return voluntary, nonvoluntary

    def _show(self, page: Page, scrape: _Scrape) -> None:
        groups = scrape.groups
        totals = self._totals.update(scrape.counts)
        if self._options.remove_empty:
            self._totals.forget(groups)
            totals = {name: total for name, total in totals.items() if name in groups}
        for name in sorted({*groups, *totals}):
            _show_group(page, name, groups.get(name, _Group()), proportional=self._options.proportional)
            _show_counts(page, name, totals.get(name, Counts()))
        if self._options.threads:
            numbers = Counter(key for key, _ in scrape.threads.values())
            thread_totals = self._thread_totals.update(scrape.threads)
            self._thread_totals.forget(numbers)  # names of threads that have ended are told no more
            for (name, thread), number in sorted(numbers.items()):
                _show_threads(page, name, thread, number, thread_totals[name, thread])
        for error, number in self._errors.items():
            page.add(f"namedprocess_{error}", float(number))


def _show_group(page: Page, name: str, group: _Group, *, proportional: bool) -> None:
    memory = {"resident": group.resident, "virtual": group.virtual, "swapped": group.swapped}
    if proportional:
        memory |= {"proportionalResident": group.proportional, "proportionalSwapped": group.proportional_swapped}
    page.of_group("num_procs", float(group.processes), name)
    page.of_group("num_threads", float(group.threads), name)
    page.of_group("open_filedesc", float(group.files), name)
    page.of_group("worst_fd_ratio", group.worst_ratio, name)
    page.of_group("oldest_start_time_seconds", float(int(group.oldest)), name)
    for kind, size in memory.items():
        page.of_group("memory_bytes", size, name, memtype=kind)
    for state in (*STATES.values(), OTHER):
        page.of_group("states", float(group.states[state]), name, state=state)


def _show_counts(page: Page, name: str, counts: Counts) -> None:
    page.of_group("cpu_seconds_total", counts.user, name, mode="user")
    page.of_group("cpu_seconds_total", counts.system, name, mode="system")
    page.of_group("read_bytes_total", counts.read_bytes, name)
    page.of_group("write_bytes_total", counts.write_bytes, name)
    page.of_group("major_page_faults_total", counts.major_faults, name)
    page.of_group("minor_page_faults_total", counts.minor_faults, name)
    page.of_group("context_switches_total", counts.voluntary, name, ctxswitchtype="voluntary")
    page.of_group("context_switches_total", counts.nonvoluntary, name, ctxswitchtype="nonvoluntary")


def _show_threads(page: Page, name: str, thread: str, number: int, counts: Counts) -> None:
    page.of_group("thread_count", float(number), name, threadname=thread)
    for mode, seconds in (("user", counts.user), ("system", counts.system)):
        page.of_group("thread_cpu_seconds_total", seconds, name, threadname=thread, mode=mode)
    for mode, size in (("read", counts.read_bytes), ("write", counts.write_bytes)):
        page.of_group("thread_io_bytes_total", size, name, threadname=thread, iomode=mode)
    page.of_group("thread_major_page_faults_total", counts.major_faults, name, threadname=thread)
    page.of_group("thread_minor_page_faults_total", counts.minor_faults, name, threadname=thread)
    for kind, switches in (("voluntary", counts.voluntary), ("nonvoluntary", counts.nonvoluntary)):
        page.of_group("thread_context_switches_total", switches, name, threadname=thread, ctxswitchtype=kind)
