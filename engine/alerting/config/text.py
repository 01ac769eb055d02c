"""A config in force as YAML, with its defaults and without its secrets: what `amtool config show` prints.

Keys that only this engine knows are left out, so that the original's tools can read the text.
"""

from __future__ import annotations

from typing import Any

from engine.alerting.config.document import AlertmanagerConfig
from engine.alerting.matching.conditions import in_order
from engine.alerting.matching.grammar import Grammar
from engine.alerting.matching.text import format_matcher
from engine.alerting.routing.config import MatchersText
from engine.alerting.routing.interval_config import MonthRange
from engine.foundation.encode import encode


def config_text(config: AlertmanagerConfig, grammar: Grammar) -> str:
    def shown(value: Any) -> Any:
        """Matchers one by one, however many a text holds; months by number."""
        if isinstance(value, MonthRange):
            return str(value.begin) if value.begin == value.end else f"{value.begin}:{value.end}"
        if isinstance(value, tuple) and value and all(isinstance(part, MatchersText) for part in value):
            return tuple(map(format_matcher, in_order(one for part in value for one in grammar.matchers(part))))
        return value

    return encode(config, shown, with_ours=False)
