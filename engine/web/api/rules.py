"""`/api/v1/rules`, `/alerts`."""

from __future__ import annotations

from collections.abc import Mapping
from types import MappingProxyType
from typing import Any, Final

from aiohttp import web

from engine.rules.manager import RuleManager
from engine.rules.views import AlertingView, AlertView, GroupView, RuleView
from engine.web.api import form, params
from engine.web.api.envelope import answering, success
from promql.model import numbers
from promql.model.instants import rfc3339
from promql.model.labels import Labels

_NEVER: Final = "0001-01-01T00:00:00Z"
_KINDS: Final[Mapping[str, tuple[bool, bool]]] = MappingProxyType(  # what is shown: (alerting, recording)
    {"": (True, True), "alert": (True, False), "record": (False, True)}
)


def routes(rules: RuleManager) -> list[web.RouteDef]:
    async def groups(request: web.Request) -> web.Response:
        kind = form.query(request).get("type", "").lower()
        if kind not in _KINDS:
            raise params.invalid("type", f'not supported value "{kind}"')
        alerting, recording = _KINDS[kind]
        return success({"groups": [_group(g, alerting=alerting, recording=recording) for g in rules.groups()]})

    async def alerts(_: web.Request) -> web.Response:
        return success({"alerts": [_alert(a) for a in rules.alerts()]})

    return [web.get("/rules", answering(groups)), web.get("/alerts", answering(alerts))]


def _group(group: GroupView, *, alerting: bool, recording: bool) -> dict[str, Any]:
    shown = [r for r in group.rules if (alerting if isinstance(r, AlertingView) else recording)]
    return {
        "name": group.name,
        "file": group.file,
        "rules": [_rule(r) for r in shown],
        "interval": _seconds(group.interval_seconds),
        "limit": group.limit,
        "evaluationTime": group.evaluation_seconds,
        "lastEvaluation": _instant(group.last_evaluation),
    }


def _rule(rule: RuleView) -> dict[str, Any]:
    tail = {
        "health": rule.health,
        **({"lastError": rule.last_error} if rule.last_error else {}),
        "evaluationTime": rule.evaluation_seconds,
        "lastEvaluation": _instant(rule.last_evaluation),
    }
    if isinstance(rule, AlertingView):
        return {
            "state": rule.state,
            "name": rule.name,
            "query": rule.query,
            "duration": _seconds(rule.hold_seconds),
            "keepFiringFor": _seconds(rule.keep_firing_seconds),
            "labels": _sorted(rule.labels),
            "annotations": _sorted(rule.annotations),
            "alerts": [_alert(a) for a in rule.alerts],
            **tail,
            "type": "alerting",
        }
    labels = {"labels": _sorted(rule.labels)} if rule.labels else {}
    return {"name": rule.name, "query": rule.query, **labels, **tail, "type": "recording"}


def _alert(alert: AlertView) -> dict[str, Any]:
    kept = {"keepFiringSince": rfc3339(alert.keep_firing_since)} if alert.keep_firing_since is not None else {}
    return {
        "labels": alert.labels.as_dict(),
        "annotations": dict(sorted(alert.annotations)),
        "state": alert.state,
        "activeAt": rfc3339(alert.active_at),
        **kept,
        "value": numbers.exponential(alert.value),
    }


def _seconds(value: float) -> float:
    """Whole seconds are written without a point."""
    return int(value) if value == int(value) else value


def _sorted(texts: Mapping[str, str]) -> dict[str, str]:
    return Labels.of(texts).as_dict()


def _instant(ms: int | None) -> str:
    return _NEVER if ms is None else rfc3339(ms)
