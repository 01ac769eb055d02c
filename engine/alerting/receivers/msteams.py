"""Microsoft Teams' settings, which came after 0.25; nothing is delivered there yet."""

from __future__ import annotations

import msgspec

from engine.foundation.decode import Report
from engine.foundation.http_config import AlertmanagerHTTPClientConfig
from engine.foundation.values import FilePath, SecretUrl


class MSTeamsConfig(msgspec.Struct, frozen=True, kw_only=True):
    send_resolved: bool = True
    http_config: AlertmanagerHTTPClientConfig | None = None
    webhook_url: SecretUrl = SecretUrl()
    webhook_url_file: FilePath = FilePath()
    title: str = '{{ template "msteams.default.title" . }}'
    summary: str = '{{ template "msteams.default.summary" . }}'
    text: str = '{{ template "msteams.default.text" . }}'

    def check(self, report: Report) -> None:
        if not self.webhook_url and not self.webhook_url_file:
            report.error("one of webhook_url or webhook_url_file must be configured", "webhook_url")
        if self.webhook_url and self.webhook_url_file:
            report.error("at most one of webhook_url & webhook_url_file must be configured", "webhook_url_file")
