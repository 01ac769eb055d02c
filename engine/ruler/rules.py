"""What the ruler is to evaluate: its configuration, and the files of rules by tenant."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import TypeAlias

from msgspec import Struct, field

from engine.logql.syntax.parser import parse
from engine.logql.syntax.printer import printed
from engine.ruler.config import RulerConfig
from engine.rules.config import RuleFile
from engine.rules.load import group_specs
from engine.rules.spec import GroupSpec

Signature: TypeAlias = tuple[tuple[str, int, int], ...]
"""Paths of files, with when they were written (ns) and their sizes."""


class LogRules(Struct, frozen=True):
    """`folder` holds a folder for each tenant, which holds files; None where there are no rules any more. `files` is by
    tenant and path, `seen` is what was there before they were read.
    """

    config: RulerConfig
    folder: Path | None
    files: Mapping[str, Mapping[str, RuleFile]] = field(default_factory=dict)
    seen: Signature = ()

    def groups(self, tenant: str) -> list[GroupSpec]:
        """What is evaluated for the tenant. The files have been checked before."""
        files = self.files.get(tenant, {}) if self.config.wants(tenant) else {}
        return group_specs(files, self.config.evaluation_interval, read=_read)


def _read(text: str) -> tuple[None, str]:
    return None, printed(parse(text))
