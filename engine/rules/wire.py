"""Alerts as Prometheus sends them: a JSON array for `POST {prefix}/api/v2/alerts`."""

from __future__ import annotations

import posixpath
from collections.abc import Iterable
from datetime import UTC, datetime

import msgspec

from engine.alerting.alert import Alert
from engine.foundation.clock import MILLISECOND


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
        "endsAt": _rfc3339(alert.ends_at),
        "startsAt": _rfc3339(alert.starts_at),
        "generatorURL": alert.generator_url,
        "labels": alert.labels.as_dict(),
    }


def _rfc3339(unix_ns: int) -> str:
    seconds, ms = divmod(unix_ns // MILLISECOND, 1000)
    return f"{datetime.fromtimestamp(seconds, UTC):%Y-%m-%dT%H:%M:%S}.{ms:03d}Z"
