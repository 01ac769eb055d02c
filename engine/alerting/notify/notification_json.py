"""What templates see, from a notification as webhooks are sent it."""

from __future__ import annotations

import re
from datetime import datetime, timedelta
from typing import Any, Final

import msgspec

from engine.alerting.notify.notice import ALERT_TYPE, ALERTS_TYPE, DATA_TYPE, FIRING, RESOLVED, common
from engine.foundation.clock import SECOND
from engine.foundation.errors import ConfigError
from engine.gotemplate.values import KV, GoList, GoPointer, GoStruct, GoTime


class _Alert(msgspec.Struct, rename="camel"):
    labels: dict[str, str] = {}
    annotations: dict[str, str] = {}
    status: str = FIRING
    starts_at: str = ""
    ends_at: str = ""
    generator_url: str = msgspec.field(name="generatorURL", default="")
    fingerprint: str = ""


class _Notification(msgspec.Struct, rename="camel"):
    alerts: list[_Alert] = []
    receiver: str = ""
    status: str = ""
    group_labels: dict[str, str] = {}
    common_labels: dict[str, str] | None = None
    common_annotations: dict[str, str] | None = None
    external_url: str = msgspec.field(name="externalURL", default="")


def read(document: Any) -> GoPointer:
    """What is common is worked out where it is missing, and so is the status. Raises ConfigError."""
    try:
        found = msgspec.convert(document, _Notification)
    except msgspec.ValidationError as error:
        raise ConfigError(f"this is no notification as webhooks are sent it: {error}") from None
    shared = common(one.labels.items() for one in found.alerts) if found.common_labels is None else found.common_labels
    notes = found.common_annotations
    if notes is None:
        notes = dict(common(one.annotations.items() for one in found.alerts))
    firing = any(one.status == FIRING for one in found.alerts)
    fields = {
        "Receiver": found.receiver,
        "Status": found.status or (FIRING if firing else RESOLVED),
        "Alerts": GoList(ALERTS_TYPE, [_alert(one) for one in found.alerts]),
        "GroupLabels": KV(found.group_labels),
        "CommonLabels": KV(shared),
        "CommonAnnotations": KV(notes),
        "ExternalURL": found.external_url,
    }
    return GoPointer(GoStruct(DATA_TYPE, fields))


def _alert(one: _Alert) -> GoStruct:
    return GoStruct(
        ALERT_TYPE,
        {
            "Status": one.status,
            "Labels": KV(one.labels),
            "Annotations": KV(one.annotations),
            "StartsAt": _time(one.starts_at),
            "EndsAt": _time(one.ends_at),
            "GeneratorURL": one.generator_url,
            "Fingerprint": one.fingerprint,
        },
    )


_TIME: Final = re.compile(  # noqa: TID251 - ours, linear
    r"(\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d)(?:\.(\d{1,9}))?(Z|[+-]\d\d:\d\d)", re.ASCII
)


def _time(text: str) -> GoTime:
    """RFC 3339, with up to nine digits behind the second; nothing is Go's zero time."""
    if not text or text.startswith("0001-01-01"):
        return GoTime.zero()
    found = _TIME.fullmatch(text)
    try:
        moment = datetime.fromisoformat(found[1] + found[3]) if found is not None else None
    except ValueError:
        moment = None
    if found is None or moment is None:
        raise ConfigError(f'"{text}" is no time: want RFC 3339, such as 2024-01-02T03:04:05Z')
    offset = moment.utcoffset() or timedelta()
    ns = round(moment.timestamp()) * SECOND + int((found[2] or "0").ljust(9, "0"))
    return GoTime(ns, round(offset.total_seconds()))
