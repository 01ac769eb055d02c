"""A replay as JSON has it: what `GET /api/v1/rules/preview` answers and `engine rules preview --json` prints.

    {"start": RFC 3339, "end": ..., "groups": [{"name", "file", "interval": seconds, "rules": [
        {"type": "alerting", "name", "query", "duration", "keepFiringFor", "error"?, "alerts": [
            {"labels", "annotations", "value", "activeAt", "firedAt"?, "endedAt"?}]},
        {"type": "recording", "name", "query", "error"?}]}]}

`firedAt` is missing where the alert was only ever pending, `endedAt` where it was still active at the end.
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from engine.gotemplate.layout import RFC3339_MILLI
from engine.gotemplate.values import GoTime
from engine.rules.preview.replay import GroupReplay, Life, RuleReplay
from engine.rules.spec import AlertingRule
from promql.model import numbers


def document(groups: Iterable[GroupReplay], start: int, end: int) -> dict[str, Any]:
    """`start` and `end` in Unix ms."""
    return {"start": _instant(start), "end": _instant(end), "groups": [_group(group) for group in groups]}


def _group(group: GroupReplay) -> dict[str, Any]:
    spec = group.spec
    rules = [_rule(rule) for rule in group.rules]
    return {"name": spec.name, "file": spec.file, "interval": spec.interval / 1000, "rules": rules}


def _rule(replay: RuleReplay) -> dict[str, Any]:
    rule = replay.rule
    head = {"name": rule.name, "query": rule.query, **({"error": replay.error} if replay.error else {})}
    if not isinstance(rule, AlertingRule):
        return {"type": "recording", **head}
    times = {"duration": rule.hold / 1000, "keepFiringFor": rule.keep_firing / 1000}
    return {"type": "alerting", **head, **times, "alerts": [_life(life) for life in replay.lives]}


def _life(life: Life) -> dict[str, Any]:
    return {
        "labels": life.labels.as_dict(),
        "annotations": dict(life.annotations),
        "value": numbers.exponential(life.value),
        "activeAt": _instant(life.active_at),
        **({} if life.fired_at is None else {"firedAt": _instant(life.fired_at)}),
        **({} if life.ended_at is None else {"endedAt": _instant(life.ended_at)}),
    }


def _instant(ms: int) -> str:
    return GoTime(ms * 1_000_000).format(RFC3339_MILLI)
