"""Pushover's settings; nothing is delivered there yet."""

from __future__ import annotations

import msgspec

from engine.foundation.decode import Report
from engine.foundation.http_config import AlertmanagerHTTPClientConfig
from engine.foundation.values import GoDuration, Secret


class PushoverConfig(msgspec.Struct, frozen=True, kw_only=True):
    send_resolved: bool = True
    http_config: AlertmanagerHTTPClientConfig | None = None
    user_key: Secret = Secret()
    token: Secret = Secret()
    title: str = '{{ template "pushover.default.title" . }}'
    message: str = '{{ template "pushover.default.message" . }}'
    url: str = '{{ template "pushover.default.url" . }}'
    url_title: str = ""
    sound: str = ""
    priority: str = '{{ if eq .Status "firing" }}2{{ else }}0{{ end }}'
    retry: GoDuration = GoDuration(60_000)
    expire: GoDuration = GoDuration(3_600_000)
    html: bool = False

    def check(self, report: Report) -> None:
        if not self.user_key:
            report.error("missing user key in Pushover config", "user_key")
        if not self.token:
            report.error("missing token in Pushover config", "token")
