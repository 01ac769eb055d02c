"""How many processes and threads there are, in which states, and how many there may be."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator

from exporters.exposition.families import Family, MetricType
from exporters.kernel import Tree
from exporters.node.machine import Machine
from exporters.node.reading import gauge


def state(stat: str) -> str:
    """The letter behind the name, which stands in parentheses and may have some itself."""
    return stat.rpartition(")")[2].split()[0]


def _states(name: str, help_: str, label: str, counts: Counter[str]) -> Family:
    family = Family(name, MetricType.GAUGE, help_)
    for letter, count in sorted(counts.items()):
        family.add(float(count), ((label, letter),))
    return family


def _stats(proc: Tree, pids: list[str]) -> Iterator[tuple[str, list[str]]]:
    """The state of each process, and those of its threads; one that ends meanwhile is none."""
    for pid in pids:
        try:
            own = state(proc.text(f"{pid}/stat"))
            threads = [state(proc.text(f"{pid}/task/{one}/stat")) for one in proc.names(f"{pid}/task")]
        except (FileNotFoundError, ProcessLookupError):
            continue
        yield own, threads


def read(machine: Machine) -> list[Family]:
    proc = Tree(machine.options.procfs, keep=False)  # what is kept open is there for long, unlike most processes
    found = list(_stats(proc, [name for name in proc.names("") if name.isdigit()]))
    threads = Counter(letter for _, letters in found for letter in letters)
    return [
        gauge("node_processes_threads", "Allocated threads in system", threads.total()),
        gauge(
            "node_processes_max_threads",
            "Limit of threads in the system",
            float(proc.text("sys/kernel/threads-max")),
        ),
        _states(
            "node_processes_state", "Number of processes in each state.", "state", Counter(own for own, _ in found)
        ),
        _states("node_processes_threads_state", "Number of threads in each state.", "thread_state", threads),
        gauge("node_processes_pids", "Number of PIDs", len(found)),
        gauge("node_processes_max_processes", "Number of max PIDs limit", float(proc.text("sys/kernel/pid_max"))),
    ]
