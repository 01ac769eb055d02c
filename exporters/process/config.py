"""The file of process-exporter: a list of rules by which processes are grouped."""

from __future__ import annotations

from pathlib import Path
from typing import Self

import msgspec

from engine.foundation.decode import Decoded, Report, decode
from engine.foundation.errors import ConfigError
from engine.foundation.regexes import Regex
from exporters.process.groups import Rule


class Pattern(Regex):
    """One that searches, as process-exporter's do."""

    __slots__ = ()

    @classmethod
    def from_text(cls, text: str) -> Self:
        return cls(text, anchored=False)


class Entry(msgspec.Struct, frozen=True):
    """`comm` and `exe` are alternatives, of `cmdline` all must be found; what is given must fit together."""

    name: str = "{{.ExeBase}}"
    comm: tuple[str, ...] = ()
    exe: tuple[str, ...] = ()
    cmdline: tuple[Pattern, ...] = ()

    def check(self, report: Report) -> None:
        if not (self.comm or self.exe or self.cmdline):
            report.error("says of no process that it belongs here: add comm, exe or cmdline")

    @property
    def rule(self) -> Rule:
        return Rule(name=self.name, comm=self.comm, exe=self.exe, cmdline=self.cmdline)


class ProcessConfig(msgspec.Struct, frozen=True):
    """The whole file."""

    process_names: tuple[Entry, ...] = ()

    def check(self, report: Report) -> None:
        if not self.process_names:
            report.error("names no processes: add process_names")


def rules(path: Path) -> list[Rule]:
    """Raises ConfigError with every mistake, one a line."""
    try:
        source = path.read_bytes()
    except OSError as error:
        raise ConfigError(f"{path}: {error.strerror}") from None
    found: Decoded[ProcessConfig] = decode(source, ProcessConfig, str(path))
    if found.fatal:
        raise ConfigError("\n".join(map(str, found.findings)))
    return [entry.rule for entry in found.value.process_names]
