"""Alerts as Prometheus sends them: a JSON array for `POST {prefix}/api/v2/alerts`."""

from __future__ import annotations

import posixpath
from collections.abc import Iterable

import msgspec

from engine.alerting.alert import Alert
from engine.gotemplate.layout import RFC3339_MILLI
from engine.gotemplate.values import GoTime


def encode(alerts: Iterable[Alert]) -> bytes:
    """The request's body."""
    return msgspec.json.encode([_fields(alert) for alert in alerts])


def push_url(scheme: str, address: str, path_prefix: str = "", api_version: str = "v2") -> str:
    """Where an Alertmanager takes alerts; `address` is `host:port`."""
    path = posixpath.normpath(f"/{path_prefix}/api/{api_version}/alerts").replace("//", "/")
    return f"{scheme}://{address}{path}"


def _fields(alert: Alert) -> dict[str, object]:
    return {
        "annotations": dict(alert.annotations),
        "endsAt": GoTime(alert.ends_at).format(RFC3339_MILLI),
        "startsAt": GoTime(alert.starts_at).format(RFC3339_MILLI),
        "generatorURL": alert.generator_url,
        "labels": alert.labels.as_dict(),
    }
