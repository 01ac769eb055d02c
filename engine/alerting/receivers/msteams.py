"""Microsoft Teams, through an incoming webhook; Alertmanager knows it from 0.26 on."""

from __future__ import annotations

from typing import Final

import msgspec

from engine.alerting.notify.notice import FIRING
from engine.alerting.notify.outgoing import HttpMessage, Rendering, secrets_of, unexpected
from engine.foundation.decode import Report
from engine.foundation.gojson import encode_line
from engine.foundation.http_config import AlertmanagerHTTPClientConfig
from engine.foundation.values import FilePath, SecretUrl

RED: Final = "8C1A1A"
GREEN: Final = "2DC72D"


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


def render(config: MSTeamsConfig, rendering: Rendering) -> HttpMessage:
    """A message card, red while something fires."""
    body = {
        "@context": "http://schema.org/extensions",
        "@type": "MessageCard",
        "title": rendering.text(config.title),
        "summary": rendering.text(config.summary),
        "text": rendering.text(config.text),
        "themeColor": RED if rendering.notice.status == FIRING else GREEN,
    }
    url = rendering.url(config.webhook_url, config.webhook_url_file)
    return HttpMessage(
        url=url,
        body=encode_line(body),
        client=config.http_config or AlertmanagerHTTPClientConfig(),
        explain=unexpected,
        secrets=secrets_of(url),
    )
