"""Webhooks: the notification as JSON, posted to a URL."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Annotated, ClassVar

import msgspec

from engine.foundation.decode import Report
from engine.foundation.http_config import AlertmanagerHTTPClientConfig
from engine.foundation.values import SecretUrl


class WebhookConfig(msgspec.Struct, frozen=True, kw_only=True):
    """`max_alerts` 0 sends all."""

    LATER: ClassVar[Mapping[str, str]] = {
        "url_file": "Alertmanager 0.26",
        "timeout": "Alertmanager 0.28",
        "payload": "Alertmanager 0.32",
    }

    send_resolved: bool = True
    http_config: AlertmanagerHTTPClientConfig | None = None
    url: SecretUrl = SecretUrl()
    max_alerts: Annotated[int, msgspec.Meta(ge=0)] = 0

    def check(self, report: Report) -> None:
        if not self.url:
            report.error("missing URL in webhook config", "url")
