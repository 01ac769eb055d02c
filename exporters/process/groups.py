"""Which processes are watched, and what their groups are called.

A rule names a group; the first rule that fits a process takes it. A process that no rule takes belongs to the group of
its parent, if that has one: what a server starts is counted with it.
"""

from __future__ import annotations

import os
from collections.abc import Iterable, Mapping, Sequence

from msgspec import Struct

from engine.foundation.regexes import Regex
from exporters.process.reading import Process


class Rule(Struct, frozen=True, kw_only=True):
    """Whatever of `pids`, `comm`, `exe` and `cmdline` is given must fit: one of a list, but all of `cmdline`.

    `exe` is compared with the first word of the command line, whole where it bears a slash and else with its last part.
    `never` are processes that it does not fit.
    `name` may hold `{{.Comm}}`, `{{.ExeBase}}`, `{{.ExeFull}}`, `{{.Username}}`, `{{.PID}}` and `{{.Matches.NAME}}`.
    """

    name: str = "{{.ExeBase}}"
    pids: frozenset[int] = frozenset()
    never: frozenset[int] = frozenset()
    comm: Sequence[str] = ()
    exe: Sequence[str] = ()
    cmdline: Sequence[Regex] = ()

    def group(self, process: Process) -> str | None:
        """The name of the process's group, or None where the rule does not fit."""
        if process.pid in self.never or (self.pids and process.pid not in self.pids):
            return None
        if self.comm and process.comm not in self.comm:
            return None
        if self.exe and not any(_is_exe(exe, process) for exe in self.exe):
            return None
        line = " ".join(process.argv) or process.comm
        matches: dict[str, str] = {}
        for pattern in self.cmdline:
            found = pattern.searcher()(line)
            if found is None:
                return None
            matches |= {name: found.group(number) or "" for name, number in pattern.groups.items()}
        return _filled(self.name, process, matches)


def assign(processes: Iterable[Process], rules: Sequence[Rule], *, children: bool = True) -> dict[int, str]:
    """Process -> group, of those that belong to one."""
    known = {process.pid: process for process in processes}
    groups: dict[int, str | None] = {pid: _first(process, rules) for pid, process in known.items()}
    if children:
        for pid in known:
            groups[pid] = _inherited(pid, known, groups)
    return {pid: group for pid, group in groups.items() if group is not None}


def _first(process: Process, rules: Sequence[Rule]) -> str | None:
    return next((group for rule in rules if (group := rule.group(process)) is not None), None)


def _inherited(pid: int, known: Mapping[int, Process], groups: Mapping[int, str | None]) -> str | None:
    seen: set[int] = set()
    while pid in known and pid not in seen:
        if groups[pid] is not None:
            return groups[pid]
        seen.add(pid)
        pid = known[pid].parent
    return None


def _is_exe(exe: str, process: Process) -> bool:
    first = process.argv[0] if process.argv else ""
    return first == exe if "/" in exe else os.path.basename(first) == exe  # noqa: PTH119 - texts


def _filled(name: str, process: Process, matches: Mapping[str, str]) -> str:
    if "{{" not in name:
        return name
    first = process.argv[0] if process.argv else process.comm
    values = {
        ".Comm": process.comm,
        ".ExeBase": os.path.basename(first),  # noqa: PTH119 - texts
        ".ExeFull": first,
        ".Username": process.user,
        ".PID": str(process.pid),
        **{f".Matches.{key}": value for key, value in matches.items()},
    }
    for key, value in values.items():
        name = name.replace("{{" + key + "}}", value)
    return name
