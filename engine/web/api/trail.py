"""Trails of alerts as JSON, under `/api/v2/alerts/`: `trails` lists them, `FINGERPRINT/trail` has all of one.

    {"fingerprint", "labels", "state": active | suppressed | resolved | forgotten, "inhibitedBy", "silencedBy",
     "next": [{"receiver", "groupKey", "turn", "told": [{"integration", "at", "again"}]}],
     "steps": [{"first", "last", "count", "what", "why", "receiver", "groupKey", "integration"}]}

`next` are the groups that hold the alert: when their next turn is, who was told of them last, and when they are told
again if nothing changes. A step that has no receiver or integration yet has none here.
"""

from __future__ import annotations

from typing import Any

from engine.alerting.explain import Explained, Stand
from engine.alerting.kept.trail import Step, TrailRecord
from engine.gotemplate.layout import RFC3339_MILLI
from engine.gotemplate.values import GoTime


def listed(record: TrailRecord) -> dict[str, Any]:
    """One alert of the list."""
    last = max((step.last for step in record.steps), default=0)
    return {"fingerprint": record.fingerprint, "labels": record.labels, "last": _time(last), "steps": len(record.steps)}


def told(found: Explained, now: int) -> dict[str, Any]:
    """All of one alert."""
    record, alert, status = found.record, found.alert, found.status
    if alert is None or status is None:
        state = "forgotten"
    else:
        state = "resolved" if alert.resolved_at(now) else status.state
    return {
        "fingerprint": record.fingerprint,
        "labels": record.labels,
        "state": state,
        "inhibitedBy": list(status.inhibited_by) if status else [],
        "silencedBy": list(status.silenced_by) if status else [],
        "next": [_stand(stand) for stand in found.stands],
        "steps": [_step(step) for step in record.steps],
    }


def _stand(stand: Stand) -> dict[str, Any]:
    spoken = [{"integration": one.integration, "at": _time(one.at), "again": _time(one.again)} for one in stand.told]
    return {"receiver": stand.receiver, "groupKey": stand.group_key, "turn": _time(stand.due), "told": spoken}


def _step(step: Step) -> dict[str, Any]:
    where = {
        "receiver": step.where.receiver,
        "groupKey": step.where.group_key,
        "integration": step.where.integration,
    }
    return {
        "first": _time(step.first),
        "last": _time(step.last),
        "count": step.count,
        "what": step.what.value,
        "why": step.why,
        **{name: value for name, value in where.items() if value},
    }


def _time(ns: int) -> str:
    return GoTime(ns).format(RFC3339_MILLI)
