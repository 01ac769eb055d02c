"""Rule files that are not part of a configuration: a text in, groups that can be run out, or all its mistakes."""

from __future__ import annotations

from engine.config.prometheus import GlobalConfig
from engine.config.rules import parse_rules
from engine.foundation.errors import ConfigError
from engine.rules.load import group_specs
from engine.rules.spec import GroupSpec


def groups_of(source: bytes, file: str, settings: GlobalConfig) -> list[GroupSpec]:
    """The settings are those of groups that have none of their own. Raises ConfigError, a mistake a line."""
    found = parse_rules(source, file)
    if found.fatal:
        raise ConfigError("\n".join(str(finding) for finding in found.findings if finding.fatal))
    return group_specs({file: found.value}, settings.evaluation_interval, settings.rule_query_offset)
