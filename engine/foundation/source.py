"""Where something stands in a file, and what was found there.

Law: whatever reads a file of the user's gives back *findings*, all of them at once, and no exception. A finding
says where, what and, if it can, what to do; its text is one line.
"""

from __future__ import annotations

from collections.abc import Iterable
from enum import Enum

from msgspec import Struct

Path = tuple[str | int, ...]
"""Keys and indices from the root of a document."""


class Severity(Enum):
    """What follows from a finding, the worst first. From what is ours on, a file passes."""

    ERROR = "error"  # the original refuses it too
    UNUSABLE = "unusable"  # the original loads it, and fails when it comes to use it
    UNSUPPORTED = "unsupported"  # right, but this engine can't do it
    OURS = "ours"  # works here, and the original refuses it
    WARNING = "warning"
    IDLE = "idle"  # fine, and without effect in this engine
    LINT = "lint"  # fine, but hardly meant


class Position(Struct, frozen=True, order=True):
    """Line and column, both from 1."""

    line: int = 1
    column: int = 1


class Finding(Struct, frozen=True):
    """One thing about one place; prints as `prometheus.yml:12:5: scrape_configs[0]: unknown key ...`."""

    severity: Severity
    file: str
    line: int
    column: int
    path: str
    message: str

    def __str__(self) -> str:
        where = f"{self.file}:{self.line}:{self.column}: "
        return where + (f"{self.path}: {self.message}" if self.path else self.message)

    @property
    def fatal(self) -> bool:
        return self.severity in (Severity.ERROR, Severity.UNUSABLE, Severity.UNSUPPORTED)


def format_path(path: Path) -> str:
    """`scrape_configs[0].static_configs[1].labels`."""
    pieces = [f"[{step}]" if isinstance(step, int) else f".{step}" for step in path]
    return "".join(pieces).removeprefix(".")


def in_order(findings: Iterable[Finding]) -> tuple[Finding, ...]:
    """By file and place, each once, as what is worst: what an alias repeats is still one mistake."""
    ranks = list(Severity)
    seen: dict[tuple[str, int, int, str], Finding] = {}
    for finding in sorted(findings, key=lambda f: ranks.index(f.severity)):
        seen.setdefault((finding.file, finding.line, finding.column, finding.message), finding)
    return tuple(sorted(seen.values(), key=lambda f: (f.file, f.line, f.column)))


def settled(findings: Iterable[Finding]) -> tuple[Finding, ...]:
    """In order; a file with mistakes is refused for its mistakes alone, so what is unsupported is left out there."""
    found = in_order(findings)
    mistaken = {f.file for f in found if f.severity in (Severity.ERROR, Severity.UNUSABLE)}
    return tuple(f for f in found if f.severity is not Severity.UNSUPPORTED or f.file not in mistaken)
