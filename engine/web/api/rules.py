"""`/api/v1/rules`, `/alerts`."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Final

from aiohttp import web

from engine.rules.manager import RuleManager
from engine.rules.views import AlertingView, AlertView, GroupView, RuleView
from engine.web.api import form
from engine.web.api.envelope import answering, success
from engine.web.api.rule_filters import Wish
from promql.model import numbers
from promql.model.instants import rfc3339
from promql.model.labels import Labels

_NEVER: Final = "0001-01-01T00:00:00Z"


def routes(rules: RuleManager) -> list[web.RouteDef]:
    async def groups(request: web.Request) -> web.Response:
        wish = Wish.of(form.query(request))
        shown = [(group, _group(group, wish)) for group in rules.groups() if wish.wants_group(group)]
        if wish.filters:
            shown = [(group, told) for group, told in shown if told["rules"]]
        return success(wish.page(shown))

    async def alerts(_: web.Request) -> web.Response:
        return success({"alerts": [told_alert(a) for a in rules.alerts()]})

    return [web.get("/rules", answering(groups)), web.get("/alerts", answering(alerts))]


def _group(group: GroupView, wish: Wish) -> dict[str, Any]:
    return {
        "name": group.name,
        "file": group.file,
        "rules": [_rule(rule, alerts=wish.alerts) for rule in group.rules if wish.wants(rule)],
        "interval": seconds(group.interval_seconds),
        "limit": group.limit,
        "evaluationTime": group.evaluation_seconds,
        "lastEvaluation": instant(group.last_evaluation),
    }


def _rule(rule: RuleView, *, alerts: bool) -> dict[str, Any]:
    tail = {
        "health": rule.health,
        **({"lastError": rule.last_error} if rule.last_error else {}),
        "evaluationTime": rule.evaluation_seconds,
        "lastEvaluation": instant(rule.last_evaluation),
    }
    if isinstance(rule, AlertingView):
        return {
            "state": rule.state,
            "name": rule.name,
            "query": rule.query,
            "duration": seconds(rule.hold_seconds),
            "keepFiringFor": seconds(rule.keep_firing_seconds),
            "labels": _sorted(rule.labels),
            "annotations": _sorted(rule.annotations),
            "alerts": [told_alert(a) for a in rule.alerts] if alerts else None,
            **tail,
            "type": "alerting",
        }
    labels = {"labels": _sorted(rule.labels)} if rule.labels else {}
    return {"name": rule.name, "query": rule.query, **labels, **tail, "type": "recording"}


def told_alert(alert: AlertView) -> dict[str, Any]:
    kept = {"keepFiringSince": rfc3339(alert.keep_firing_since)} if alert.keep_firing_since is not None else {}
    return {
        "labels": alert.labels.as_dict(),
        "annotations": dict(sorted(alert.annotations)),
        "state": alert.state,
        "activeAt": rfc3339(alert.active_at),
        **kept,
        "value": numbers.exponential(alert.value),
    }


def seconds(value: float) -> float:
    """Whole seconds are written without a point."""
    return int(value) if value == int(value) else value


def _sorted(texts: Mapping[str, str]) -> dict[str, str]:
    return Labels.of(texts).as_dict()


def instant(ms: int | None) -> str:
    return _NEVER if ms is None else rfc3339(ms)
