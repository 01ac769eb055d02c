"""Webhooks: the notification as JSON, posted to a URL."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Annotated, ClassVar

import msgspec
from msgspec.structs import replace

from engine.alerting.alert import Alert
from engine.alerting.notify.notice import Notice, alert_status, common, end_time
from engine.alerting.notify.outgoing import HttpMessage, Rendering
from engine.foundation.decode import Report
from engine.foundation.delivery import masked_url
from engine.foundation.gojson import encode_line
from engine.foundation.http_config import AlertmanagerHTTPClientConfig
from engine.foundation.values import HttpUrl
from engine.gotemplate.layout import RFC3339_NANO
from engine.gotemplate.values import GoTime


class WebhookUrl(HttpUrl):
    """Prints without password and query, but as a URL: the tools of 0.25 could not read `<secret>` back here."""

    __slots__ = ()

    def __str__(self) -> str:
        return masked_url(self.reveal()) if self else ""


class WebhookConfig(msgspec.Struct, frozen=True, kw_only=True):
    """`max_alerts` 0 sends all."""

    LATER: ClassVar[Mapping[str, str]] = {
        "url_file": "Alertmanager 0.26",
        "timeout": "Alertmanager 0.28",
        "payload": "Alertmanager 0.32",
    }

    send_resolved: bool = True
    http_config: AlertmanagerHTTPClientConfig | None = None
    url: WebhookUrl = WebhookUrl()
    max_alerts: Annotated[int, msgspec.Meta(ge=0)] = 0

    def check(self, report: Report) -> None:
        if not self.url:
            report.error("missing URL in webhook config", "url")


def render(config: WebhookConfig, rendering: Rendering) -> HttpMessage:
    """The body of version 4. Alerts beyond `max_alerts` are left out before anything else is looked at."""
    notice, truncated = rendering.notice, 0
    if config.max_alerts and len(notice.alerts) > config.max_alerts:
        truncated = len(notice.alerts) - config.max_alerts
        notice = replace(notice, alerts=notice.alerts[: config.max_alerts])
    return HttpMessage(
        url=config.url.reveal(),
        body=encode_line(_body(notice, truncated)),
        client=config.http_config or AlertmanagerHTTPClientConfig(),
        explain=lambda status, answer: f"unexpected status code {status}: {config.url}: {answer}",
    )


def _body(notice: Notice, truncated: int) -> dict[str, object]:
    return {
        "receiver": notice.receiver,
        "status": notice.status,
        "alerts": [_alert(alert) for alert in notice.alerts],
        "groupLabels": notice.group_labels.as_dict(),
        "commonLabels": common(alert.labels for alert in notice.alerts),
        "commonAnnotations": common(alert.annotations for alert in notice.alerts),
        "externalURL": notice.external_url,
        "version": "4",
        "groupKey": notice.group_key,
        "truncatedAlerts": truncated,
    }


def _alert(alert: Alert) -> dict[str, object]:
    return {
        "status": alert_status(alert),
        "labels": alert.labels.as_dict(),
        "annotations": dict(alert.annotations),
        "startsAt": GoTime(alert.starts_at).format(RFC3339_NANO),
        "endsAt": end_time(alert).format(RFC3339_NANO),
        "generatorURL": alert.generator_url,
        "fingerprint": alert.fingerprint,
    }
