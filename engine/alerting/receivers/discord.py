"""Discord's settings; nothing is delivered there yet."""

from __future__ import annotations

from collections.abc import Mapping
from typing import ClassVar

import msgspec

from engine.foundation.decode import Report
from engine.foundation.http_config import AlertmanagerHTTPClientConfig
from engine.foundation.values import SecretUrl


class DiscordConfig(msgspec.Struct, frozen=True, kw_only=True):
    LATER: ClassVar[Mapping[str, str]] = {
        "webhook_url_file": "Alertmanager 0.27",
        "content": "Alertmanager 0.28",
        "username": "Alertmanager 0.28",
        "avatar_url": "Alertmanager 0.28",
    }

    send_resolved: bool = True
    http_config: AlertmanagerHTTPClientConfig | None = None
    webhook_url: SecretUrl = SecretUrl()
    title: str = '{{ template "discord.default.title" . }}'
    message: str = '{{ template "discord.default.message" . }}'

    def check(self, report: Report) -> None:
        if not self.webhook_url:
            report.error("no discord webhook URL provided", "webhook_url")
